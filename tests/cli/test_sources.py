from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from grafana_sensor.cli.sources import opened, size
from grafana_sensor.domain.errors import BadRequest, Forbidden, NotFound


@pytest.mark.parametrize("text", [b"a\n1\n", b"", b"\x1f", b'{"a": 1}\n' * 100_000])
@pytest.mark.parametrize("packed", [False, True])
def test_the_stream_has_every_byte(tmp_path: Path, text: bytes, packed: bool) -> None:
    """What was looked at to tell the format is still in the stream, and the bytes of the file are counted."""
    path = tmp_path / "data"
    path.write_bytes(gzip.compress(text) if packed else text)
    with opened(str(path), None) as source:
        assert text == source.stream.read(len(text) + 1)
        assert b"" == source.stream.read(1)
        assert path.stat().st_size == source.read() == size((str(path),))


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.JSON", "json"), ("a.csv.gz", "csv"), ("a.jsonl", "ndjson"), ("a.b.ndjson", "ndjson"), ("a.gz", "ndjson")],
)
def test_the_name_says_the_format(tmp_path: Path, name: str, form: str) -> None:
    """The end of the name, .gz aside, says the format; without one that does, the first characters."""
    path = tmp_path / name
    path.write_bytes(b'{"a": 1}\n')
    with opened(str(path), None) as source:
        assert form == source.format
    with opened(str(path), "csv") as source:
        assert "csv" == source.format


def test_several_members_of_gzip_are_one_file(tmp_path: Path) -> None:
    """Packed files that were put together are read to the end."""
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"a\n") + gzip.compress(b"1\n"))
    with opened(str(path), None) as source:
        assert b"a\n1\n" == source.stream.read(100)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """What can't be read is told by its name."""
    with pytest.raises(BadRequest, match="can't be read: Is a directory"), opened(str(tmp_path), None):
        pass
    with pytest.raises(NotFound, match="there is no file"), opened(str(tmp_path / "none"), None):
        pass


def test_other_errors_pass(tmp_path: Path) -> None:
    """An error of ours that comes while the file is read is not taken for the file's."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n")
    with pytest.raises(Forbidden, match="no"), opened(str(path), None):
        raise Forbidden("no")


def test_the_size_of_all_files(tmp_path: Path) -> None:
    """Sizes add up; that of a pipe is not known."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n")
    assert 4 == size((str(path), str(path)))
    assert size((str(path), "-")) is None
    assert size((str(path), str(tmp_path))) is None
