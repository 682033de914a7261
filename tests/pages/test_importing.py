"""Importing on the page: files and pasted texts, cut into posts, with what is left out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import requests
from selenium.webdriver import Chrome

from tests.pages.browser import log_in, one, text, until

SLICES = """
const [text, name, most, done] = arguments;
import(document.querySelector("script[type=module]").src.replace("main.js", "slices.js")).then(({ formOf, slices, digest }) => {
  const form = formOf(text, name);
  done([form, slices(text, form, most), digest(text)]);
}, (error) => done([String(error)]));
"""
DROP = """
const [text, name] = arguments;
const data = new DataTransfer();
data.items.add(new File([text], name));
document.getElementById("drop").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
"""


@pytest.fixture
def own(browser: Chrome, address: str, dora: tuple[str, str]) -> Chrome:
    """A browser in which the user who imports is logged in."""
    log_in(browser, address, *dora)
    return browser


def counted(address: str, auth: tuple[str, str], sensor: str) -> int:
    """How many records a sensor of that user has."""
    rows = requests.get(f"{address}/api/v1/sensors", auth=auth, timeout=30).json()
    return next((row["records"] for row in rows if row["sensor"] == sensor), 0)


def imported(own: Chrome) -> str:
    """Import, and what is told of it."""
    own.execute_script("document.getElementById('import-result').replaceChildren()")
    one(own, "#importing [type=submit]").click()
    until(own, lambda: text(own, "#importing [type=submit]") == "Import" and text(own, "#import-result"))
    return text(own, "#import-result p")


def test_a_pasted_csv_with_a_bad_row(own: Chrome, address: str, dora: tuple[str, str]) -> None:
    """Of a pasted CSV the good rows are stored, and the bad one is listed with its index and what is wrong."""
    one(own, "#paste").send_keys("time,t\n2026-01-01,1\n1700-01-01,2\n2026-01-03,3\n")
    one(own, "#import-sensor").send_keys("pasted")
    assert "2 records stored, 1 record left out." == imported(own)
    (row,) = own.find_elements("css selector", ".rejected tbody tr")
    assert "1" == row.find_element("css selector", "td").text
    assert "1700" in row.text
    assert 2 == counted(address, dora, "pasted")
    until(own, lambda: "pasted" in [each.text for each in own.find_elements("css selector", ".tile h3")])


def test_a_dropped_file_goes_in_several_posts(own: Chrome, address: str, dora: tuple[str, str]) -> None:
    """A file of 12,000 records is posted in slices; dropped again it stores nothing twice, and says so."""
    lines = [json.dumps({"sensor": "dropped", "time": 1_767_225_600 + place, "t": place}) for place in range(12_000)]
    lines[11_000] = '{"sensor": "dropped", "time": "2026-01-01", "t": 1e999}'
    own.execute_script(DROP, "\n".join(lines), "many.ndjson")
    assert "many.ndjson" in text(own, "#taken")
    assert "11,999 records stored, 1 record left out." == imported(own)
    assert "11000" == one(own, ".rejected td").text
    sent = [
        json.loads(entry["message"])["message"]["params"]["request"]
        for entry in own.get_log("performance")
        if '"Network.requestWillBeSent"' in entry["message"] and "/api/v1/records" in entry["message"]
    ]
    posts = [each["headers"]["Idempotency-Key"] for each in sent if each["method"] == "POST"]
    assert 3 == len(set(posts)) == len(posts)
    assert 11_999 == counted(address, dora, "dropped")
    assert "0 records stored, 11,999 had been stored before" in imported(own)
    assert 11_999 == counted(address, dora, "dropped")


def test_a_chosen_file_may_be_packed(own: Chrome, address: str, dora: tuple[str, str], tmp_path: Path) -> None:
    """A gzipped file that is chosen is unpacked by the browser, and its records name their sensor by a field."""
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(b'station,when,t,note\nx,2026-01-01,1,"a, b"\nx,2026-01-02,2,"two\nlines"\n'))
    one(own, "#file").send_keys(str(path))
    one(own, "#import-sensor-field").send_keys("station")
    one(own, "#import-time-field").send_keys("when")
    assert "2 records stored." == imported(own)
    assert 2 == counted(address, dora, "x")


@pytest.mark.parametrize(
    ("pasted", "told"),
    [
        ("", "there is nothing to import yet"),
        ('{"t": ', "line 1"),
        ('[{"t": 1}, {"t": ', "line 1"),
        ('{"t": 1}', "sensor"),
    ],
)
def test_what_can_not_be_imported_is_told(pasted: str, told: str, own: Chrome) -> None:
    """An empty text, broken JSON, and records that name no sensor, are told as what they are."""
    one(own, "#paste").send_keys(pasted)
    assert imported(own)
    assert told in text(own, "#import-result")


def sliced(page: Chrome, whole: str, name: str = "", records: int = 2, length: int = 1_000) -> Any:
    """The form and the slices of a text."""
    return page.execute_async_script(SLICES, whole, name, {"records": records, "length": length})


@pytest.mark.parametrize(
    ("whole", "name", "form", "slices"),
    [
        ('[{"a": 1}, {"a": [1, {"b": 2}]},\n {"a": "],{"}]', "", "json", ['[{"a": 1}, {"a": [1, {"b": 2}]}]', '[\n {"a": "],{"}]']),
        ('[{"a": 9007199254740993}]', "", "json", ['[{"a": 9007199254740993}]']),
        (r'[{"a": "\\\""}, {"a": "\\"}, {"b": 1}]', "", "json", [r'[{"a": "\\\""}, {"a": "\\"}]', '[ {"b": 1}]']),
        ('{"a": {"b": [1]}}', "", "json", ['{"a": {"b": [1]}}']),
        ("[]", "", "json", ["[]"]),
        ('[{"a": 1},]', "", "json", ['[{"a": 1},]']),
        ('[{"a": 1}, {', "", "json", ['[{"a": 1}, {']),
        ('[{"a": "x}]', "", "json", ['[{"a": "x}]']),
        ('{"a": 1}\n\n{"a": 2}\r\n{"a": 3}', "", "ndjson", ['{"a": 1}\n{"a": 2}\r', '{"a": 3}']),
        ('{"a": 1}', "x.ndjson", "ndjson", ['{"a": 1}']),
        ("t,a\n1,2\n3,4\n5,6\n", "", "csv", ["t,a\n1,2\n3,4", "t,a\n5,6"]),
        ('t,a\r\n1,"x\r\ny"\r\n\r\n2,"q""q"\r\n3,z', "", "csv", ['t,a\n1,"x\r\ny"\n2,"q""q"', "t,a\n3,z"]),
        ("t,a\n", "", "csv", ["t,a\n"]),
        ('1,"open\n2,3', "x.csv", "csv", ['1,"open\n2,3']),
    ],
)  # fmt: skip
def test_a_text_is_cut_between_records(whole: str, name: str, form: str, slices: list[str], page: Chrome) -> None:
    """A text is cut between whole records, whose every character stays; what can't be told apart is one piece."""
    found = sliced(page, whole, name)
    assert (form, slices) == (found[0], [each["text"] for each in found[1]])


def test_a_slice_knows_its_place(page: Chrome) -> None:
    """A slice ends after so many records or characters, holds one at least, and knows the index of its first."""
    _, found, name = sliced(page, "\n".join(["x" * 10, "y" * 90, "z", "z", "z"]), "a.ndjson", records=3, length=20)
    assert [(0, 1), (1, 1), (2, 3)] == [(each["first"], each["count"]) for each in found]
    names = {sliced(page, each)[2] for each in ("", "a", "b", "ab", "ba", "a" * 99_999, "a" * 100_000)}
    assert {26} == {len(each) for each in {*names, name}}
    assert 7 == len(names)
