from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from grafana_sensor.cli import blocks, terminal
from tests.cli.conftest import Run

RECORDS = [{"time": f"2026-01-0{day}", "sensor": "roof", "air": {"t": day}} for day in (1, 2, 3)]
ARRAY = json.dumps(RECORDS)
LINES = "".join(json.dumps(record) + "\n" for record in RECORDS)
CSV = "time,sensor,air_t\n" + "".join(f"2026-01-0{day},roof,{day}\n" for day in (1, 2, 3))


def rows(run: Run, query: str = "air_t") -> list[Any]:
    answer = run("query", query, "--format", "json")
    assert 0 == answer.exit_code, answer.output
    found: list[Any] = json.loads(answer.stdout)
    return found


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", ARRAY),
        ("a.ndjson", LINES),
        ("a.jsonl", LINES),
        ("a.csv", CSV),
        ("a.txt", ARRAY),
        ("a.log", LINES),
        ("data", CSV),
        ("a.json", json.dumps(RECORDS, indent=2)),
        ("a", "".join(json.dumps(record, indent=2) for record in RECORDS)),
    ],
)
def test_every_form_gives_the_same(alice: Run, tmp_path: Path, name: str, text: str, packed: bool) -> None:
    """JSON, NDJSON and CSV, packed or not, under any name, store the same records."""
    data = gzip.compress(text.encode()) if packed else text.encode()
    (tmp_path / name).write_bytes(data)
    stored = alice("ingest", name)
    assert (0, "3 records stored\n", "") == (stored.exit_code, stored.stdout, stored.stderr)
    expected = [{"time": f"2026-01-0{day}T00:00:00Z", "sensor": "roof", "air_t": float(day)} for day in (1, 2, 3)]
    assert expected == rows(alice)


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_standard_input_is_read(alice: Run, arguments: tuple[str, ...]) -> None:
    """Records come from standard input where it is named, or nothing is."""
    assert "3 records stored\n" == alice("ingest", *arguments, stdin=LINES).stdout
    assert 3 == len(rows(alice))


def test_a_second_run_stores_nothing(alice: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same content again, under another name too, is stored once, also where records have no time."""
    monkeypatch.setattr(blocks, "RECORDS", 2)
    (tmp_path / "a.ndjson").write_text('{"a": 1}\n' * 5)
    (tmp_path / "b.ndjson").write_text('{"a": 1}\n' * 5)
    assert "5 records stored\n" == alice("ingest", "--sensor", "roof", "a.ndjson").stdout
    again = alice("ingest", "--sensor", "roof", "a.ndjson", "b.ndjson")
    assert (0, "0 records stored, 10 were stored before\n") == (again.exit_code, again.stdout)
    assert [{"cnt": 5}] == rows(alice, "CNT(*)")


def test_other_options_are_other_records(alice: Run) -> None:
    """The same content for another sensor, or with another field for the time, is stored too."""
    line = '{"time": "2026-01-01", "at": "2025-01-01", "a": 1}'
    for arguments in (("--sensor", "roof"), ("--sensor", "hall"), ("--sensor", "roof", "--time-field", "at")):
        assert "1 records stored\n" == alice("ingest", *arguments, stdin=line).stdout
    assert [{"sensor": "hall", "cnt": 1}, {"sensor": "roof", "cnt": 2}] == rows(alice, "CNT(*) BY sensor")


def test_fields_say_sensor_and_time(alice: Run) -> None:
    """--sensor-field and --time-field name fields, nested ones by a dotted path; they become no attributes."""
    record = {"dev": {"id": "door"}, "at": 1767225600, "open": True}
    stored = alice("ingest", "--sensor-field", "dev.id", "--time-field", "at", stdin=json.dumps(record))
    assert "1 records stored\n" == stored.stdout
    assert [{"time": "2026-01-01T00:00:00Z", "sensor": "door", "open": 1.0}] == rows(alice, "*")


BAD = "time,sensor,air_t\n2026-01-01,roof,1\n\n2026-01-02,,2\n2026-01-03,roof\n2026-01-04,roof,4\n"


def test_a_bad_record_stops_the_run(alice: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad records are named with file and line; nothing of their block is stored, but the blocks before it are."""
    monkeypatch.setattr(blocks, "RECORDS", 3)
    (tmp_path / "a.csv").write_text("time,sensor,air_t\n" + "2026-02-01,roof,1\n" * 3 + BAD.partition("\n")[2])
    failed = alice("ingest", "a.csv")
    assert (1, "3 records stored\n") == (failed.exit_code, failed.stdout)
    bad, short, error = failed.stderr.splitlines()
    assert bad.startswith("a.csv, line 7: ")
    assert "sensor_field" in bad
    assert "a.csv, line 8: 2 cells, but the header names 3 columns" == short
    assert error.startswith("error: a.csv: 2 of the records from line 5 to 8 can't be stored, so none of these is")
    assert [{"cnt": 3}] == rows(alice, "CNT(*)")


def test_bad_records_are_left_out(alice: Run) -> None:
    """With --on-error skip the good ones are stored, the bad ones named, once, and the run succeeds."""
    skipped = alice("ingest", "--on-error", "skip", stdin=BAD)
    assert (0, "2 records stored, 2 left out\n") == (skipped.exit_code, skipped.stdout)
    assert ["standard input, line 4", "standard input, line 5"] == [
        line.partition(": ")[0] for line in skipped.stderr.splitlines()
    ]
    again = alice("ingest", "--on-error", "skip", stdin=BAD)
    assert ("0 records stored, 2 were stored before, 2 left out\n", "") == (again.stdout, again.stderr)


def test_a_block_without_a_good_record_is_left_out(alice: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --on-error skip a block of bad records only doesn't end the run."""
    monkeypatch.setattr(blocks, "RECORDS", 1)
    skipped = alice("ingest", "--sensor", "roof", "--on-error", "skip", stdin='{"a": 1}\nnone\n[]\n{"a": 2}\n')
    assert (0, "2 records stored, 2 left out\n") == (skipped.exit_code, skipped.stdout)


def test_what_was_skipped_stays_stored_once(alice: Run) -> None:
    """Runs that skip and runs that reject, in any order, store a good record once."""
    for on_error, code in (("reject", 1), ("skip", 0), ("reject", 1), ("skip", 0)):
        assert code == alice("ingest", "--on-error", on_error, stdin=BAD).exit_code
    assert [{"cnt": 2}] == rows(alice, "CNT(*)")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.json", b'[{"a": 1},\n{"a": }]', "error: a.json, line 2: invalid JSON: Expecting value"),
        ("a.csv", b"", "error: a.csv, line 1: there is no header, which names the columns of CSV"),
        ("a.gz", gzip.compress(LINES.encode(), mtime=0)[:40], "error: a.gz: the gzip is damaged, or ends too early: "),
        ("a.gz", b"\x1f\x8bnone", "error: a.gz: the gzip is damaged, or ends too early: "),
    ],
)
def test_a_file_that_cant_be_read(alice: Run, tmp_path: Path, name: str, data: bytes, message: str) -> None:
    """A file that is none of the forms, or damaged, fails with its name, and stores nothing."""
    (tmp_path / name).write_bytes(data)
    failed = alice("ingest", "--sensor", "roof", name)
    assert (1, "0 records stored\n") == (failed.exit_code, failed.stdout)
    assert failed.stderr.startswith(message)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("none.csv",), 1, "error: there is no file 'none.csv'"),
        (("--sensor", "a", "--sensor-field", "b"), 2, "--sensor and --sensor-field are both given"),
        (("-", "-"), 2, "standard input, -, is named more than once"),
        (("--sensor", ""), 1, "error: a sensor's name has 1 to 255 characters, not 0"),
        (("--max-nesting", "0"), 2, "--max-nesting is '0'"),
    ],
)
def test_what_is_wrong_is_told(alice: Run, arguments: tuple[str, ...], code: int, message: str) -> None:
    """A wrong call shows the usage, other errors their message."""
    failed = alice("ingest", *arguments, stdin=LINES)
    assert code == failed.exit_code
    assert message in failed.stderr


def test_nothing_to_read_is_a_wrong_call(alice: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without files, a terminal isn't read from."""
    monkeypatch.setattr(terminal, "is_read_from", lambda: True)
    failed = alice("ingest")
    assert 2 == failed.exit_code
    assert "name files, or pipe records in" in failed.stderr


def test_a_limit_of_records_is_a_setting(alice: Run) -> None:
    """The limits of a record are flags; one that bites names the line."""
    failed = alice("ingest", "--max-nesting", "1", "-", stdin=LINES)
    assert 1 == failed.exit_code
    assert failed.stderr.startswith("standard input, line 1: ")
    assert 0 == alice("ingest", stdin=LINES).exit_code
