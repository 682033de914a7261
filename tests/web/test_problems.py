"""Errors as JSON answers with a message in the reason phrase."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain import errors
from grafana_sensor.web.problems import LONGEST_REASON, install, problem_of, reason


@given(st.text(max_size=3_000))
def test_a_reason_is_printable_ascii_of_bounded_length(message: str) -> None:
    """Whatever the message, its reason phrase is one line of printable ASCII, at most 200 characters long."""
    phrase = reason(message)
    assert len(phrase) <= LONGEST_REASON
    assert "" == "".join(c for c in phrase if not " " <= c <= "~")


def test_a_plain_message_is_the_reason() -> None:
    """A short message in ASCII is its own reason phrase."""
    assert "unknown attribute 'tempertaure'" == reason("unknown attribute 'tempertaure'")


def test_a_reason_can_not_smuggle_a_header() -> None:
    """Line ends in a message do not reach the reason phrase."""
    assert "a b: c" == reason("a\r\nb: c")


def test_typographic_characters_are_written_plainly() -> None:
    """The µ, dashes and ellipses of our own messages stay readable in a reason phrase."""
    assert "us - ..." == reason("µs – …")


ALL_ERRORS = [
    cls
    for cls in vars(errors).values()
    if isinstance(cls, type) and issubclass(cls, errors.Error) and cls is not errors.Error
]


@pytest.mark.parametrize("cls", ALL_ERRORS, ids=lambda cls: cls.__name__)
def test_every_error_of_the_domain_has_its_own_status(cls: type[errors.Error]) -> None:
    """Each error a user can meet is answered by its own status and code, and never as a defect."""
    error = cls([errors.Rejected(3, "why")]) if cls is errors.RejectedRecords else cls("why")
    problem = problem_of(error)
    assert (cls.status, cls.code) == (problem.status, problem.code)
    assert 400 <= problem.status < 600
    assert problem.status != 500


def test_the_body_tells_message_code_and_position() -> None:
    """An error's answer is JSON with message, code and the offset in the text."""
    with Flask("t").app_context():
        answer = problem_of(errors.QuerySyntaxError("expected a name", position=4)).answer()
    error = {"code": "syntax_error", "message": "expected a name", "position": 4}
    assert {"message": "expected a name", "error": error} == answer.get_json()
    assert "400 expected a name" == answer.status


def test_rejected_records_are_listed() -> None:
    """A refused post lists each bad record's index and why."""
    problem = problem_of(errors.RejectedRecords([errors.Rejected(1, "no time"), errors.Rejected(4, "too deep")]))
    assert {"rejected": [{"index": 1, "message": "no time"}, {"index": 4, "message": "too deep"}]} == problem.extra


def test_wrong_credentials_are_challenged() -> None:
    """A 401 says that Basic authentication is wanted."""
    challenge = problem_of(errors.WrongCredentials("no")).headers["WWW-Authenticate"]
    assert challenge.startswith("Basic ")


def test_a_lone_surrogate_in_a_message_is_answered() -> None:
    """A message with a lone surrogate is answered, the surrogate replaced."""
    answer = problem_of(errors.BadRequest("a\ud800b")).answer()
    assert "a?b" == answer.get_json()["message"]


def test_a_defect_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected exception is a 500 in JSON that tells nothing of it, and stands in the log."""
    app = Flask("t")
    install(app)

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("a detail inside")

    with caplog.at_level(logging.ERROR):
        answer = app.test_client().get("/broken")
    assert 500 == answer.status_code
    assert "internal_error" == answer.get_json()["error"]["code"]
    assert b"detail" not in answer.data
    assert "a detail inside" in caplog.text


def test_http_errors_are_json_too() -> None:
    """What the framework itself refuses is JSON: an unknown path, a wrong method with what is allowed."""
    app = Flask("t")
    install(app)
    app.add_url_rule("/there", "there", lambda: "")
    client = app.test_client()
    missing, wrong = client.get("/nowhere"), client.delete("/there")
    assert (404, "not_found") == (missing.status_code, missing.get_json()["error"]["code"])
    assert (405, "method_not_allowed") == (wrong.status_code, wrong.get_json()["error"]["code"])
    assert {"GET", "HEAD", "OPTIONS"} == set(wrong.headers["Allow"].split(", "))
