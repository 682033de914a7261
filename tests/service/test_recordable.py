"""What of a scan can be recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grafana_sensor.domain.errors import Error, LimitError, Unprocessable
from grafana_sensor.service.recordable import check_identity, check_info, definition

FULL: dict[str, Any] = {"name": "ascan", "number": 2, "data_policy": "none"}


@pytest.mark.parametrize(
    ("identity", "message"),
    [
        ({**FULL, "title": "x"}, "not by 'title'; put it in info"),
        ({"name": "ascan", "number": 2}, "the scan has no data_policy"),
        ({**FULL, "number": None}, "the scan has no number"),
        ({**FULL, "number": "2"}, "the number of a scan is a whole number, not '2'"),
        ({**FULL, "number": True}, "is a whole number"),
        ({**FULL, "number": 2**60}, "is a whole number"),
        ({**FULL, "session": ""}, "a session has 1 to 255 characters"),
        ({**FULL, "dataset": 5}, "a dataset is a text, not a number"),
    ],
)
def test_what_identifies_no_scan_is_named(identity: dict[str, Any], message: str) -> None:
    """Unknown fields, missing ones, and values of other types."""
    with pytest.raises(Unprocessable, match=message):
        check_identity(identity)


def test_info_is_json() -> None:
    """Numbers that are none are null, NumPy's are lists and numbers; what JSON has not is refused, as is too much."""
    info = {"a": [np.float32(0.5), float("inf")], "b": {"c": np.arange(4)[::2]}, "d": (1, None)}
    assert {"a": [0.5, None], "b": {"c": [0, 2]}, "d": [1, None]} == check_info(info)
    for wrong, message in (({"a": object()}, "can't be JSON: .*object"), ({1: 2}, "can't be JSON"), ([], "is a list")):
        with pytest.raises(Unprocessable, match=message):
            check_info(wrong)  # type: ignore[arg-type]  # that is what is tested
    with pytest.raises(LimitError, match="the info has 1,000,010 bytes as JSON, more than the limit of 1,000,000"):
        check_info({"a": "x" * 1_000_002})


def test_a_definition_is_by_numpys_names() -> None:
    """Whatever NumPy takes for a dtype of numbers; json and scan are no arrays."""
    made = [definition("t", dtype) for dtype in (float, "<f8", np.dtype("float64"), "f8")]
    assert {("array", "float64", ())} == {(each.kind, each.dtype, each.shape) for each in made}
    assert [("json", ""), ("scan", "")] == [(each.kind, each.dtype) for each in map(definition, "ab", ("json", "scan"))]
    assert (2, -1) == definition("t", "int8", [2, -1]).shape


@pytest.mark.parametrize(
    ("name", "dtype", "shape", "message"),
    [
        ("", "float64", (), "stream's name has 1 to 255"),
        ("t", "text", (), "the dtype of stream 't' is 'text'; it must be one of numbers"),
        ("t", str, (), "it must be one of numbers"),
        ("t", "datetime64", (), "it must be one of numbers"),
        ("t", None, (), "it must be one of numbers"),
        ("t", "i4,f8", (), "it must be one of numbers"),
        ("t", "float64", (0,), "each 1 or more, or -1"),
        ("t", "float64", ("a",), "each 1 or more, or -1"),
        ("t", "float64", 5, "must be a list"),
        ("t", "float64", [1] * 9, "at most 8 whole numbers"),
        ("t", "json", (2,), "it has no shape"),
        ("t", "float64", (1024, 1024), "has 8,388,608 bytes, more than the limit of 4,194,304: keep images in files"),
        ("t", "float64", (2**40, 2**40), "more than the limit"),
    ],
)
def test_a_stream_that_can_not_be_made_is_named(name: str, dtype: Any, shape: Any, message: str) -> None:
    """By what is wrong with its name, dtype or shape."""
    with pytest.raises(Error, match=message):
        definition(name, dtype, shape)
