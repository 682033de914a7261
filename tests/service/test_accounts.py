from __future__ import annotations

import pytest

from grafana_sensor.domain.errors import Unprocessable
from grafana_sensor.service.accounts import check_password, check_user


@pytest.mark.parametrize("user", ["a", "Ärger mit @ und .", "x" * 64, ".."])
def test_printable_names_are_users(user: str) -> None:
    """A name of 1 to 64 printable characters is one."""
    assert user == check_user(user)


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("", "1 to 64"),
        ("x" * 65, "65"),
        ("a:b", "':'"),
        ("a/b", "'/'"),
        ("a\0", "printed"),
        ("a\n", "printed"),
        ("\ud800", "printed"),
        (5, "a number"),
        (None, "null"),
    ],
)
def test_other_names_are_refused(user: object, said: str) -> None:
    """Any other name is refused with its rule."""
    with pytest.raises(Unprocessable, match=said):
        check_user(user)


@pytest.mark.parametrize("password", [" ", "a:b", "x" * 1024, "\n", "pässwörd"])
def test_passwords_may_hold_nearly_anything(password: str) -> None:
    """1 to 1,024 characters are a password."""
    assert password == check_password(password)


@pytest.mark.parametrize(
    ("password", "said"),
    [("", "1 to"), ("x" * 1025, "1,025"), ("hush\0", "0000"), ("hush\ud800", "surrogate"), (["hush"], "a list")],
)
def test_other_passwords_are_refused_unseen(password: object, said: str) -> None:
    """Any other password is refused with its rule, and isn't shown."""
    with pytest.raises(Unprocessable, match=said) as caught:
        check_password(password)
    assert "hush" not in caught.value.message
