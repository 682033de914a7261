"""`python -m benchmarks`: measure, print the figures, and with --write put them in docs/performance.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks import ingest, nodes, questions, report
from benchmarks.ingest import Form
from benchmarks.timing import Effort


@dataclass(frozen=True, slots=True)
class _Plan:
    """How much is measured: histories, seconds for each rate, the effort for each question, and the posts' sizes.

    `nodes`: histories on Cassandra.
    """

    records: Sequence[int]
    seconds: float
    effort: Effort
    posts: Sequence[tuple[int, Form]]
    share: float = 1.0
    nodes: Sequence[int] = ()


_WHOLE: Final = _Plan(
    (100_000, 1_000_000),
    3.0,
    Effort(3.0, 300),
    ((1, "json"), (100, "json"), (10_000, "json"), (10_000, "columns")),
    nodes=(100_000, 1_000_000, 10_000_000),
)
_QUICK: Final = _Plan((2_000, 4_000), 0.1, Effort(0.05, 5), ((1, "json"), (100, "columns")), 0.01)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the figures in docs/performance.md")
    parser.add_argument(
        "--quick", action="store_true", help="see in seconds that everything runs; the figures are none"
    )
    given = parser.parse_args(arguments)
    if given.quick and given.write:
        parser.error("the figures of --quick are none to write")
    plan = _QUICK if given.quick else _WHOLE
    print("storing ...", file=sys.stderr)
    rates = ingest.rates(plan.seconds, plan.posts, plan.share)
    print("asking ...", file=sys.stderr)
    histories = questions.measured(plan.records, plan.effort)
    print("asking Cassandra ...", file=sys.stderr)
    asked, stored = nodes.measured(plan.nodes, plan.effort)
    text = report.markdown(report.Figures(rates, histories, asked, stored))
    print(text)
    if given.write:
        report.write(text)


if __name__ == "__main__":
    main()
