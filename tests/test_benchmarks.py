from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from benchmarks import classic, nodes, questions, report, scans
from benchmarks.__main__ import main
from benchmarks.data import readings
from benchmarks.timing import Effort
from tests.cassandra import lent


def test_the_benchmarks_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Every measure runs, each answer is equal to the plain table's, and every table is printed."""
    main(["--quick"])
    text = capsys.readouterr().out
    heads = ("records a post", "question", "door", "asked", "records", "metric")
    assert [1] * len(heads) == [text.count(f"\n| {head} |") for head in heads]
    assert 6 == sum(text.count(f"\n| {name} |") for name in (questions.WHOLE, questions.CONDITIONS, questions.PANEL))


def test_scans_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    """Each reader has every point once and in order, which is asserted there, and a panel is drawn anew."""
    scans.main(["--quick"])
    text = capsys.readouterr().out
    for reader in (scans.OWN, scans.BLISSDATA, scans.THROUGH):
        assert f"| {reader} | 200 |" in text
    assert "\n| 1,000 |" in text


def test_an_aggregate_on_cassandra_takes_few_statements() -> None:
    """The measure runs on a node, its answers are a pass's over all, and no more than 8 statements make one."""
    store = f"{lent.uri()}?prefix=b{secrets.token_hex(4)}"
    asked, rate = nodes.measured_at(store, readings(5_000), Effort(0.1, 3))
    assert rate > 0
    assert [questions.WHOLE, nodes.CUT, questions.CONDITIONS] == [each.name for each in asked]
    assert [] == [each for each in asked if not 2 <= each.statements <= 8]
    assert f"| {nodes.CUT} | 5,000 | {asked[1].process} | {asked[1].statements} |" in report.nodes(asked, [])


def test_a_different_answer_is_found() -> None:
    """An answer that is not the plain table's ends the benchmark, whichever value differs."""
    made = readings(4)
    asked = questions._asked(made)[0]
    right = {"cnt_temperature": 4, "sum_temperature": sum(made.values["temperature"].tolist())}
    questions._compare(asked, [right], [right], made)
    for wrong in ([], [{**right, "cnt_temperature": 5}], [{**right, "sum_temperature": 5.0}]):
        with pytest.raises(AssertionError):
            questions._compare(asked, [right], wrong, made)


def test_the_data_is_the_same_each_time() -> None:
    """Two histories have the same records where they are made alike, with as many buckets as are asked for."""
    assert readings(50).records(0, 50) == readings(50).records(0, 50)
    assert 1_000 * readings(100_000).bucket == 100_000 * 600


def test_figures_are_written_between_the_marks(tmp_path: Path) -> None:
    """The report takes the place of the one before, and leaves the rest of the page; the page has its marks."""
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.write("new", page)
    assert f"before\n{report.BEGIN}\n\nnew\n\n{report.END}\nafter\n" == page.read_text()
    text = report.PAGE.read_text(encoding="utf-8")
    assert 1 == text.count(report.BEGIN) == text.count(report.END)
    page.write_text("no marks")
    with pytest.raises(ValueError, match="lacks the marks"):
        report.write("new", page)


def test_the_layouts_on_cassandra_are_compared() -> None:
    """Both answer alike, which is asserted there; one asks a few times, the other once for each record and condition."""
    of_old, chunked = classic.measured(lent.node(), (60,), Effort(0.01, 1))
    assert ("classic", "chunked") == (of_old.layout, chunked.layout)
    for name, least in ((classic.CONJUNCTIVE, 2 * 60), (classic.UNCONDITIONAL, 60)):
        assert chunked.asked[name].statements <= 8 < least < of_old.asked[name].statements
    assert 0 < chunked.octets < of_old.octets
    assert 2 + 2 == len(classic.markdown([of_old, chunked]).splitlines())
