"""What a command looks like: its help ends with examples, and an error of ours is a message.

Law: exit code 1 and `error: ` with the message where a command failed, 2 where it was called wrongly.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from grafana_sensor.domain.errors import Error

FAILED = 1


class Command(click.Command):
    """A command with `examples`, one a line."""

    def __init__(self, *args: Any, examples: str, **others: Any) -> None:
        super().__init__(*args, **others)
        self.examples = examples.strip("\n").split("\n")

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples as they are."""
        with formatter.section("Examples"):
            for line in self.examples:
                formatter.write(f"{' ' * formatter.current_indent}{line.strip()}\n")


class Group(click.Group):
    """Commands of one subject, in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(self.commands)


class Commands(Group):
    """All commands."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Error as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(FAILED)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Tell how to go on."""
        with formatter.section("Exit codes"):
            formatter.write_dl([("0", "done"), ("1", "failed"), ("2", "called wrongly")])


def leaves(group: click.Group, prefix: str = "") -> Iterator[tuple[str, Command]]:
    """The commands of a group and of the groups in it, by their words: `scan record`."""
    for name, each in group.commands.items():
        if isinstance(each, click.Group):
            yield from leaves(each, f"{prefix}{name} ")
        elif isinstance(each, Command):
            yield f"{prefix}{name}", each
