"""The figures as Markdown: ratios first, then the tables, then the targets beside what was measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from benchmarks.data import ATTRIBUTES, BUCKETS
from benchmarks.ingest import THREADS, Rate
from benchmarks.nodes import Asked, Stored
from benchmarks.questions import CONDITIONS, PANEL, WHOLE, Kept, Measured, Timed
from benchmarks.timing import Spread

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BEGIN: Final = "<!-- figures: written by `python -m benchmarks --write` -->"
END: Final = "<!-- end of figures -->"


@dataclass(frozen=True, slots=True)
class Figures:
    """All that was measured; each list ascends in size. `asked`, `stored`: on Cassandra, where there is one."""

    rates: Sequence[Rate]
    histories: Sequence[Measured]
    asked: Sequence[Asked] = ()
    stored: Sequence[Stored] = ()

    @property
    def timed(self) -> list[Timed]:
        """The questions, over all histories."""
        return [timed for history in self.histories for timed in history.timed]

    @property
    def kept(self) -> list[Kept]:
        """What the histories take on disk."""
        return [history.kept for history in self.histories]


@dataclass(frozen=True, slots=True)
class _Target:
    """A line of the targets: what is wanted, what was measured, and whether that reaches it."""

    metric: str
    wanted: str
    measured: str
    met: bool


def markdown(figures: Figures) -> str:
    """The whole report."""
    parts = [
        _machine(),
        _ratios(figures),
        _ingest(figures.rates),
        _questions(figures.timed),
        _doors(figures.histories),
        _together(figures.histories),
        _kept(figures.kept),
    ]
    if figures.asked:
        parts += [nodes(figures.asked, figures.stored)]
    return "\n\n".join([*parts, _targets(figures)])


def write(text: str, page: Path = PAGE) -> None:
    """Put the report between the marks of the page. Raises ValueError where it has none."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page.name} lacks the marks {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _machine() -> str:
    return (
        f"Measured on {os.cpu_count()} cores of {platform.machine()}, shared by the server and its clients, with Python"
        f" {platform.python_version()} and SQLite {apsw.sqlite_lib_version()}, on {platform.system()}."
    )


def _ratios(figures: Figures) -> str:
    last = max(each.records for each in figures.timed)
    first = min(each.records for each in figures.timed)
    lines = [
        f"- {each.name}, {last:,} records: **{_times(each.table.p50 / each.process.p50)}** the plain table's speed in"
        f" process, {_times(each.table.p50 / each.http.p50)} by HTTP; {_times(_growth(figures, each.name))} the time of"
        f" {first:,} records (the table: {_times(_growth(figures, each.name, of_table=True))})"
        for each in figures.timed
        if each.records == last
    ]
    lines += [
        f"- stored at {each.size:,} a post{_form(each)}: {_times(each.best / each.table)} the plain table's rate, which"
        " parses nothing and has no HTTP"
        for each in figures.rates
    ]
    kept = figures.kept[-1]
    return "\n".join([*lines, f"- on disk: **{_times(kept.here / kept.table)}** the plain table's bytes"])


def _growth(figures: Figures, name: str, *, of_table: bool = False) -> float:
    asked = [each.table if of_table else each.process for each in figures.timed if each.name == name]
    return asked[-1].p50 / asked[0].p50


def _ingest(rates: Iterable[Rate]) -> str:
    threads = [f"{n} client{'s' if n > 1 else ''}" for n in THREADS]
    rows = [
        (f"{each.size:,}{_form(each)}", *(f"{each.by_threads[n]:,.0f}" for n in THREADS), f"{each.table:,.0f}")
        for each in rates
    ]
    return "Records stored in a second, on disk before each answer:\n\n" + _table(
        ("records a post", *threads, "plain table, one writer"), rows
    )


def _questions(timed: Iterable[Timed]) -> str:
    rows = [(each.name, f"{each.records:,}", str(each.process), str(each.http), str(each.table)) for each in timed]
    return "Milliseconds of an answer, median / 99th percentile:\n\n" + _table(
        ("question", "records", "in process", "by HTTP", "plain table"), rows
    )


def _doors(histories: Iterable[Measured]) -> str:
    rows = [
        (
            each.name,
            f"{each.records:,}",
            str(each.http),
            _times(each.http.p50 / history.panel[0].http.p50),
            f"{each.bytes / 1_000:,.0f}",
        )
        for history in histories
        for each in history.panel
    ]
    return f"Milliseconds of a panel of {BUCKETS:,} buckets by each door, median / 99th percentile:\n\n" + _table(
        ("door", "records", "by HTTP", "beside REST", "kB"), rows
    )


def _together(histories: Iterable[Measured]) -> str:
    rows = [
        (each.name, f"{each.records:,}", str(each.http), _times(each.http.p50 / history.targets[1].http.p50))
        for history in histories
        for each in history.targets
    ]
    return "Milliseconds of a dashboard's targets, 100 buckets each, median / 99th percentile:\n\n" + _table(
        ("asked", "records", "by HTTP", "beside many requests"), rows
    )


def _kept(kept: Iterable[Kept]) -> str:
    rows = [(f"{each.records:,}", f"{each.here:.2f}", f"{each.table:.2f}") for each in kept]
    text = f"Bytes on disk for each of the {len(ATTRIBUTES)} values of a record, times, ids, indexes and rollups among them:"
    return f"{text}\n\n" + _table(("records", "here", "plain table"), rows)


def nodes(asked: Sequence[Asked], stored: Sequence[Stored]) -> str:
    """What was measured on Cassandra."""
    rows = [(each.name, f"{each.records:,}", str(each.process), f"{each.statements}") for each in asked]
    kept = [(f"{each.records:,}", f"{each.rate:,.0f}", f"{each.bytes:.2f}") for each in stored]
    return "\n\n".join(
        [
            "On one node of Cassandra, milliseconds of an answer in process, median / 99th percentile, and its statements:",
            _table(("question", "records", "in process", "statements"), rows),
            "Records stored and sealed there in a second, by one client in columns, and bytes on disk for each value:",
            _table(("records there", "in a second", "bytes"), kept),
        ]
    )


def _targets(figures: Figures) -> str:
    rows = [(each.metric, each.wanted, each.measured, "yes" if each.met else "**no**") for each in _lines(figures)]
    return "The targets of the design, and whether these figures reach them:\n\n" + _table(
        ("metric", "target", "measured", "reached"), rows
    )


def _lines(figures: Figures) -> Iterator[_Target]:
    by_name = {each.name: each for each in figures.timed}
    whole, panel, some = by_name[WHOLE], by_name[PANEL], by_name[CONDITIONS]
    yield _below("an aggregate over all of it, in process, p50; target at 1e8 points", whole, whole.process.p50, 0.5)
    growth = _growth(figures, WHOLE)
    yield _Target("growth of that over the history; target from 1e5 to 1e8", "≤ 2", f"{growth:.1f}", growth <= 2)
    yield _below("the same by HTTP, p50", whole, whole.http.p50, 3)
    yield _below("the same by HTTP, p99", whole, whole.http.p99, 15)
    yield _below(f"a panel of {BUCKETS:,} buckets, in process, p50; target at 1e7 points", panel, panel.process.p50, 5)
    yield _below("two conditions, an aggregate, in process, p50; target at 1e7 records", some, some.process.p50, 80)
    for each in figures.rates:
        if each.form == "json" and (wanted := {1: 3_100, 100: 150_000, 10_000: 1_000_000}.get(each.size)):
            yield _above(f"records stored in a second, {each.size:,} a post", each.best, wanted)
        if each.size == max(rate.size for rate in figures.rates):
            wanted = 5_000_000 if each.form == "columns" else 900_000
            yield _above(f"values stored in a second, {each.form}", each.values, wanted)
    if figures.asked:
        yield from _lines_of_nodes([each for each in figures.asked if each.name == WHOLE])
    kept = figures.kept[-1].here
    yield _Target("bytes on disk a value", "≤ 2.5", f"{kept:.2f}", kept <= 2.5)


def _lines_of_nodes(asked: Sequence[Asked]) -> Iterator[_Target]:
    last, growth = asked[-1], asked[-1].process.p50 / asked[0].process.p50
    yield _below("an aggregate on Cassandra, one node, in process, p50", last, last.process.p50, 5)
    yield _Target("statements of that", "≤ 8", f"{last.statements}", last.statements <= 8)
    yield _Target("growth of that over the history", "≤ 2", f"{growth:.1f}", growth <= 2)


def _below(metric: str, timed: Timed | Asked, seconds: float, wanted: float) -> _Target:
    measured = f"{Spread.milliseconds(seconds)} ms at {timed.records:,}"
    return _Target(metric, f"≤ {wanted:g} ms", measured, seconds * 1_000 <= wanted)


def _above(metric: str, figure: float, wanted: float) -> _Target:
    return _Target(metric, f"≥ {wanted:,}", f"{figure:,.0f}", figure >= wanted)


def _form(rate: Rate) -> str:
    return " in columns" if rate.form == "columns" else ""


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}×" if ratio >= 20 else f"{ratio:.1f}×" if ratio >= 1 else f"{ratio:.2f}×"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, [":--", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
