"""Scans in the lists of the doors: variables, metrics, annotations."""

from __future__ import annotations

from typing import Any

import pytest

from grafana_sensor.domain.errors import BadRequest, UnknownScan
from grafana_sensor.query.variables import parse_variable
from grafana_sensor.service import variables
from grafana_sensor.service.annotations import find_annotations
from grafana_sensor.service.answers import Question
from grafana_sensor.service.session import Session
from tests.service.fakes import NOW, MicroClock
from tests.service.scans import CHAIN, SECOND, Recorder, ascan, definition


@pytest.fixture
def scans(session: Session) -> Any:
    return session.store.scans()


def listed(session: Session, text: str) -> list[tuple[str, str | None]]:
    """The options of a variable, with their titles."""
    return [(option.value, option.title) for option in variables.options(session, parse_variable(text))]


def test_variables_list_scans_and_streams(session: Session, scans: Any) -> None:
    """Scans by key, titled, the newest first and `last` before them; streams that can be shown, titled by their channel."""
    assert [] == listed(session, "scans")
    ascan(scans, dataset="abc")
    ascan(scans, "K2", 2, dataset="xyz")
    assert [("last", None), ("K2", "ascan 2"), ("K1", "ascan 1")] == listed(session, "scans")
    assert [("K1", "ascan 1")] == listed(session, "scans(dataset=ab*)")
    assert [("K2", "ascan 2"), ("K1", "ascan 1")] == listed(session, "scans(dataset=(abc|xyz))")
    names = ("timer:epoch", "mot:x", "diode:current", "mca:spec", "shutter")
    streams = [(name, "current" if name == "diode:current" else None) for name in names]
    for which in ("last", "K1", "scan:K2", "dataset=ab*", "{K1}"):
        assert streams == listed(session, f"streams({which})")


def test_what_lists_no_scan_is_told(session: Session) -> None:
    """An unknown scan, none at all, and several where one should be."""
    for text in ("streams(K9)", "streams(last)", "streams(dataset=a)"):
        with pytest.raises(UnknownScan):
            listed(session, text)
    for text in ("streams", "streams(K1,K2,K3)x", "scans(K1)"):
        with pytest.raises(BadRequest):
            listed(session, text)


def test_metrics_are_those_of_the_last_scan(session: Session, scans: Any) -> None:
    """Streams that can be shown, and the state; none without a scan."""
    assert [] == variables.scan_metrics(session)
    Recorder(scans, info=CHAIN).start(definition("diode:current"), definition("img", shape=(2, 2)))
    found = [(option.value, option.title) for option in variables.scan_metrics(session)]
    assert [("scan:last/diode:current", "current"), ("scan:last/@state", None)] == found


def test_scans_are_regions(session: Session, scans: Any, micros: MicroClock) -> None:
    """From start to end, those that touch the range, with the end's reason; an open one ends now."""
    Recorder(scans, "K1", 1, {"title": "ascan x 0 1", "type": "ascan"}, dataset="abc", session="s").start().end(
        "FAILURE"
    )
    Recorder(scans, "K2", 2, {}, now=NOW + 3_600 * SECOND).start()
    Recorder(scans, "K3", 3, {}, now=NOW - 9_000 * SECOND).start().end()
    micros.now = NOW + 4_000 * SECOND
    question = Question(q="scans", start="2026-01-01", end="2026-01-02")
    first, second = find_annotations(session, question)
    assert (NOW, NOW + 60 * SECOND, "ascan 1", "ascan x 0 1: FAILURE") == (
        first.time,
        first.end,
        first.title,
        first.text,
    )
    assert ("ascan", "FAILURE", "abc", "s") == first.tags
    assert (NOW + 3_600 * SECOND, micros.now, "ascan 2: STARTED", ()) == (
        second.time,
        second.end,
        second.text,
        second.tags,
    )
    (only,) = find_annotations(session, Question(q="scans(dataset=ab*)", start="2026-01-01", end="2026-01-02"))
    assert first == only


def test_points_of_a_scan_are_annotations_too(session: Session, scans: Any) -> None:
    """A query text about a scan gives one for each record that passes."""
    ascan(scans)
    question = Question(
        q="shutter AS text FROM scan:last WHERE shutter = 'closed'", start="2026-01-01", end="2026-01-02"
    )
    assert [(NOW + 2 * SECOND, "closed")] == [(each.time, each.text) for each in find_annotations(session, question)]
