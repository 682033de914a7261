"""The page docs/cli.md, made from the commands themselves: `python -m tests.docs` writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from grafana_sensor.cli import main
from grafana_sensor.cli.commands import Command, leaves

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"

_HEAD = """\
# The command line

<!-- Made from the commands' own help by `python -m tests.docs`. -->

`grafana-sensor --help` lists the commands, `grafana-sensor COMMAND --help` tells what is told here.
An option with a variable can be set in the environment instead; the option goes first.
"""


def page() -> str:
    """The page as it should be."""
    context = click.Context(main, info_name="grafana-sensor")
    commands = dict(leaves(main))
    listed = "\n".join(
        f"| [{name}](#{name.replace(' ', '-')}) | {each.get_short_help_str(100)} |" for name, each in commands.items()
    )
    codes = (
        "It exits with 0; with 1 where it failed, after `error:` and the message; with 2 where it was called wrongly."
    )
    parts = [_HEAD, f"{codes}\n", f"| command | what it does |\n|---|---|\n{listed}\n"]
    for name, each in commands.items():
        parts.extend(_section(name, each, click.Context(each, parent=context, info_name=name)))
    return "\n".join(parts)


def _section(name: str, command: Command, context: click.Context) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"```\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```\n"
    for paragraph in (command.help or "").split("\n\n"):
        yield f"{' '.join(paragraph.split())}\n"
    rows = [_row(each) for each in command.params if isinstance(each, click.Option) and not each.hidden]
    yield "| option | variable | |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    yield "```sh\n" + "\n".join(command.examples) + "\n```\n"


def _row(option: click.Option) -> str:
    flags = " ".join(f"`{flag}`" for flag in (*option.opts, *option.secondary_opts))
    variable = f"`{option.envvar}`" if option.envvar else ""
    default = f" [default: {option.default}]" if option.show_default else ""
    choices = f" ({', '.join(option.type.choices)})" if isinstance(option.type, click.Choice) else ""
    text = re.sub(r"\s+", " ", (option.help or "") + choices + default).replace("|", "\\|")
    return f"| {flags} | {variable} | {text} |"
