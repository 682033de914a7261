"""Options that several commands have: the store, the user, the settings, and the format of what is printed.

Law: every setting comes from its row in the table of settings, which says its flag, its variable and what it takes;
a command has the flags that matter to it, and the environment sets the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from grafana_sensor.cli.terminal import known_password
from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.settings import PREFIX, SETTINGS, Setting, Settings

if TYPE_CHECKING:
    from grafana_sensor.service.database import Database
    from grafana_sensor.service.session import Session

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Row(click.ParamType[Any]):
    """What a setting takes, by its own row."""

    def __init__(self, row: Setting) -> None:
        self._row = row
        self.name = {str: "text", int: "integer", float: "number"}[row.type]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The setting's value; called wrongly where it can't be one."""
        named = ctx is not None and param is not None and ctx.get_parameter_source(param.name or "")
        source = self._row.variable if named is ParameterSource.ENVIRONMENT else self._row.flag
        try:
            return self._row.read(value, source)
        except BadRequest as error:
            raise click.UsageError(error.message, ctx) from None


def settings_options(*names: str, store: str | None = None) -> Callable[[Decorated], Decorated]:
    """The flags of these settings, of all without a name; the command gets them as keyword arguments, by name.

    What isn't given is None. `store` is told as the default of that, where the command has one of its own.
    """
    rows = dict(SETTINGS)
    if store is not None:
        rows["store"] = replace(rows["store"], default=store)

    def decorate(function: Decorated) -> Decorated:
        for name in reversed(names or tuple(rows)):
            function = _option(rows[name])(function)
        return function

    return decorate


def _option(row: Setting) -> Callable[[Decorated], Decorated]:
    text = f"{row.help[0].upper()}{row.help[1:]}."
    if row.type is bool:
        flags = f"{row.flag}/--no-{row.flag.removeprefix('--')}"
        return click.option(
            flags, row.name, default=None, envvar=row.variable, show_envvar=True,
            help=f"{text}  [default: {'yes' if row.default else 'no'}]",
        )  # fmt: skip
    shown = f"{row.default:,.10g}" if row.unit else f"{row.default}"
    default = f"  [default: {shown}{f' {row.unit}' if row.unit else ''}]" if shown else ""
    return click.option(
        row.flag, row.name, type=Row(row), envvar=row.variable, show_envvar=True, help=f"{text}{default}"
    )


def user_options(function: Decorated) -> Decorated:
    """`--store`, `--user` and `--password` of a command that acts for a user."""
    for decorate in (
        click.option(
            "--password", envvar=PREFIX + "PASSWORD", show_envvar=True, help="Their password; asked for on a terminal."
        ),
        click.option("--user", envvar=PREFIX + "USER", show_envvar=True, required=True, help="The user to act for."),
        settings_options("store"),
    ):
        function = decorate(function)
    return function


def format_option(function: Decorated) -> Decorated:
    """`--format` of a command that prints a table."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["table", "csv", "json"]),
        help="A table to look at, CSV, or the JSON of the HTTP routes.  [default: table on a terminal, else csv]",
    )(function)


def read_settings(given: Mapping[str, object]) -> Settings:
    """The settings of the environment, but for those given. Called wrongly where one can't be."""
    try:
        return Settings.read(os.environ, {name: value for name, value in given.items() if name in SETTINGS})
    except BadRequest as error:
        raise click.UsageError(error.message) from None


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database of the settings, closed at the end."""
    from grafana_sensor import bootstrap

    with closing(bootstrap.connect(settings.store, settings)) as database:
        yield database


@contextmanager
def logged_in(settings: Settings, user: str, password: str | None) -> Iterator[Session]:
    """The user's session, closed at the end."""
    password = known_password(user) if password is None else password
    with opened(settings) as database, database.session_login(user, password) as session:
        yield session
