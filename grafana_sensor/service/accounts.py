"""What a user name and a password may be.

Law: a name is 1 to 64 printable characters without `:` (Basic authentication ends it there) and `/`; a password
is 1 to 1,024 characters that UTF-8 can write, without U+0000. Messages never show a password.
"""

from __future__ import annotations

from typing import Final

from grafana_sensor.domain.errors import Unprocessable
from grafana_sensor.domain.shown import named_kind, shown

LONGEST_USER: Final = 64
LONGEST_PASSWORD: Final = 1_024


def check_user(user: object) -> str:
    """The user name. Raises Unprocessable, which names the rule, when it can't be one.

    >>> check_user("alice")
    'alice'
    """
    if not isinstance(user, str):
        raise Unprocessable(f"a user name is a text, not {named_kind(user)}")
    if not 1 <= len(user) <= LONGEST_USER:
        raise Unprocessable(f"a user name has 1 to {LONGEST_USER} characters, not {len(user):,}")
    if not user.isprintable():
        raise Unprocessable(f"the user name {shown(user)} holds a character that can't be printed")
    for character in ":/":
        if character in user:
            raise Unprocessable(f"the user name {shown(user)} holds {character!r}, which no user name may")
    return user


def check_password(password: object) -> str:
    """The password. Raises Unprocessable, which names the rule, when it can't be one.

    >>> check_password("secret")
    'secret'
    """
    if not isinstance(password, str):
        raise Unprocessable(f"a password is a text, not {named_kind(password)}")
    if not 1 <= len(password) <= LONGEST_PASSWORD:
        raise Unprocessable(f"a password has 1 to {LONGEST_PASSWORD:,} characters, not {len(password):,}")
    if "\0" in password:
        raise Unprocessable("the password holds the character U+0000, which no password may")
    try:
        password.encode()
    except UnicodeEncodeError:
        raise Unprocessable("the password holds a lone surrogate, which is no character") from None
    return password
