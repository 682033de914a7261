"""Points as they come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grafana_sensor.domain.errors import LimitError, PointError
from grafana_sensor.domain.scan import StreamDefinition
from grafana_sensor.service.pointvalues import batch_of, values_of

JSON = StreamDefinition("t", "json", "", (), {})


def stream(dtype: str = "float64", *shape: int) -> StreamDefinition:
    """A stream of arrays."""
    return StreamDefinition("t", "array", dtype, shape, {})


@pytest.mark.parametrize(
    ("definition", "values", "expected"),
    [
        (stream(), [1, 2.5, -0.0], [1.0, 2.5, -0.0]),
        (stream(), [2**70, 1e308], [2.0**70, 1e308]),
        (stream(), [], []),
        (stream("int64"), [2**53 + 1, 4.0, -(2**63)], [2**53 + 1, 4, -(2**63)]),
        (stream("uint64"), [2**64 - 1, 0], [2**64 - 1, 0]),
        (stream("bool"), [True, 0, 1.0], [True, False, True]),
        (stream("float32", 2), [[1, 2], [3, 4.5]], [[1, 2], [3, 4.5]]),
        (stream("complex64"), [1.5], [1.5 + 0j]),
    ],
)
def test_numbers_of_json_are_the_streams(definition: StreamDefinition, values: list[Any], expected: list[Any]) -> None:
    """Whole numbers exactly, whatever stands beside them; of the stream's dtype and shape."""
    found = values_of(definition, values)
    assert (definition.dtype, expected) == (found.dtype.name, found.tolist())
    assert (len(values), *definition.shape) == found.shape


def test_null_is_nan_where_there_is_one() -> None:
    """In floats; elsewhere it is refused."""
    assert [True, False] == np.isnan(values_of(stream(), [None, 1])).tolist()
    assert [[False, True]] == np.isnan(values_of(stream("float32", 2), [[1, None]])).tolist()
    with pytest.raises(PointError, match="takes int8, which has no place for null"):
        values_of(stream("int8"), [None])


@pytest.mark.parametrize(
    ("definition", "values", "message"),
    [
        (stream(), ["1"], "takes float64, which has no place for '1'"),
        (stream(), [1, "x"], "no place for"),
        (stream(), [float("inf")], "no place for inf"),
        (stream("float32"), [1e300], r"takes float32, which has no place for 1e\+300"),
        (stream("int8"), [1, 128], "takes int8, which has no place for 128"),
        (stream("uint8"), [-1], "no place for -1"),
        (stream("int64"), [2**63], "no place for"),
        (stream("int64"), [1.5], "no place for 1.5"),
        (stream("uint64"), [2**70], "a number so large"),
        (stream("bool"), [2], "no place for 2"),
        (stream(), [{"a": 1}], "no place for an object"),
        (stream(), [[1]], r"takes points of shape \[\], not points of shape \[1\]"),
        (stream("float64", 2), [1], r"takes points of shape \[2\], not points of shape \[\]"),
        (stream("float64", 2), [[1, 2], [3]], "points whose shapes differ"),
        (stream(), 5, "are a number; send a list of them"),
        (stream(), "12", "are a text; send a list"),
        (JSON, {"a": 1}, "are an object; send a list"),
        (stream(), b"12345", "a point of stream 't' has 8 bytes; 5 bytes are no whole number"),
        (JSON, b"12345", "send them as JSON"),
        (StreamDefinition("t", "scan", "", (), {}), [1], "point 0 of stream 't' is a number, not a scan's key"),
    ],
)
def test_what_the_stream_can_not_take_is_named(definition: StreamDefinition, values: Any, message: str) -> None:
    """Texts, numbers that have no place in the dtype, other shapes, and bytes of no whole number of points."""
    with pytest.raises(PointError, match=message):
        values_of(definition, values)


def test_points_of_varying_lengths_are_a_list() -> None:
    """Each has its own; what doesn't vary must fit."""
    found = values_of(stream("uint16", -1, 2), [[[1, 2]], [], [[1, 2], [3, 4]]])
    assert [(1, 2), (0, 2), (2, 2)] == [each.shape for each in found]
    with pytest.raises(PointError, match="points of shape"):
        values_of(stream("uint16", -1, 2), [[[1, 2, 3]]])


def test_bytes_are_little_endian_arrays() -> None:
    """In C order, of the stream's dtype and shape."""
    sent = np.arange(6, dtype=">i4").reshape(3, 2)
    found = values_of(stream("int32", 2), sent.astype("<i4").tobytes())
    assert ("int32", sent.tolist()) == (found.dtype.name, found.tolist())


def test_a_producers_data_is_one_point_or_several() -> None:
    """By its dimensions; of JSON a list is several."""
    cases: list[tuple[StreamDefinition, Any, int]] = [
        (stream(), 1.5, 1),
        (stream(), np.float64(1.5), 1),
        (stream(), [1.5, 2.5], 2),
        (stream(), np.arange(3.0), 3),
        (stream("int64"), 7, 1),
        (stream("float64", 2), np.zeros(2), 1),
        (stream("float64", 2), np.zeros((5, 2)), 5),
        (stream("float64", -1), np.zeros(3), 1),
        (stream("float64", -1), np.zeros((5, 3)), 5),
        (stream("float64", -1), [np.zeros(3), np.zeros(1)], 2),
        (JSON, {"a": 1}, 1),
        (JSON, [{"a": 1}, 2], 2),
    ]
    assert [count for _, _, count in cases] == [len(batch_of(definition, data)) for definition, data, _ in cases]


@pytest.mark.parametrize(
    ("definition", "data", "message"),
    [
        (stream(), 1, r"takes float64, not int64: send numpy.asarray\(data, 'float64'\)"),
        (stream("float64", 2), np.zeros(3), "not points of shape"),
        (stream(), np.zeros((2, 2)), "not points of shape"),
        (stream(), np.empty(0), "no point is sent to stream 't'"),
        (stream(), "x", "takes float64, not"),
    ],
)
def test_a_producers_data_is_of_the_streams_dtype(definition: StreamDefinition, data: Any, message: str) -> None:
    """Exactly, as with blissdata: TypeError and ValueError in one."""
    with pytest.raises(PointError, match=message) as caught:
        batch_of(definition, data)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, ValueError)


def test_a_point_has_a_limit() -> None:
    """Of 4 MiB, however it comes."""
    with pytest.raises(LimitError, match="4,194,304"):
        batch_of(stream("float64", -1), [np.zeros(2**20)])
    with pytest.raises(
        LimitError, match=r"point 0 of stream 't' has .* bytes as JSON, more than the limit of 4,194,304"
    ):
        values_of(JSON, ["x" * 2**22])
