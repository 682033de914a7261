"""Points as bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as drawn
from numpy.typing import NDArray

from grafana_sensor.chunks import points as bytes_of
from grafana_sensor.domain.scan import Points, StreamDefinition

DTYPES = ("bool", "int8", "uint16", "int64", "uint64", "float16", "float32", "float64", "complex64", "complex128")


def definition(dtype: str = "float64", shape: tuple[int, ...] = ()) -> StreamDefinition:
    """A stream of arrays."""
    return StreamDefinition("s", "array", dtype, shape, {})


@given(st.data(), st.sampled_from(DTYPES), st.sampled_from([(), (3,), (2, 2)]))
@settings(max_examples=150, deadline=None)
def test_arrays_come_back_to_the_bit(data: st.DataObject, dtype: str, shape: tuple[int, ...]) -> None:
    """Whatever numbers they hold, NaNs of any bits too: plain, packed, and piece by piece."""
    stream = definition(dtype, shape)
    count = data.draw(st.integers(0, 60))
    values = data.draw(drawn.arrays(np.dtype(dtype), (count, *shape)))
    raw = bytes_of.encode(stream, values)
    back = bytes_of.decode(stream, raw)
    assert (values.dtype, values.shape, values.tobytes()) == (back.dtype, back.shape, back.tobytes())
    assert raw == b"".join(bytes_of.encode(stream, each) for each in bytes_of.pieces(stream, values, 40))
    if count:
        assert raw == bytes_of.unpack(stream, bytes_of.pack(stream, raw))


@given(st.lists(drawn.arrays(np.dtype("int16"), drawn.array_shapes(min_dims=2, max_dims=2, min_side=0)), max_size=9))
@settings(max_examples=50, deadline=None)
def test_arrays_of_any_shape_come_back(values: list[NDArray[np.int16]]) -> None:
    """Where shapes differ, each array has its own; joined bytes are the joined arrays."""
    stream = definition("int16", (-1, -1))
    raw = b"".join(bytes_of.encode(stream, each) for each in bytes_of.pieces(stream, values, 40))
    back = bytes_of.decode(stream, bytes_of.unpack(stream, bytes_of.pack(stream, raw)))
    assert [(each.shape, each.tolist()) for each in values] == [(each.shape, each.tolist()) for each in back]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=9))
@settings(max_examples=100, deadline=None)
def test_json_comes_back(values: list[object]) -> None:
    """Long integers, line breaks and characters beyond ASCII too."""
    stream = StreamDefinition("s", "json", "", (), {})
    raw = b"".join(bytes_of.encode(stream, each) for each in bytes_of.pieces(stream, values, 40))
    assert values == bytes_of.decode(stream, raw)
    assert raw == bytes_of.unpack(stream, bytes_of.pack(stream, raw))


@given(
    st.lists(st.integers(0, 5), max_size=8), st.integers(0, 50), st.integers(0, 50), st.sampled_from([(), (2,), (-1,)])
)
def test_rows_are_joined_to_what_is_asked(counts: list[int], start: int, end: int, shape: tuple[int, ...]) -> None:
    """The points of [start, end) that are there, from whatever rows; where none are, from `start` on."""
    stream = definition("float64", shape)
    total = sum(counts)
    one = [np.full([abs(side) for side in shape], float(number)) for number in range(total)]
    ends = np.cumsum(counts, dtype=int).tolist()
    rows = []
    for stop, count in zip(ends, counts, strict=True):
        part = one[stop - count : stop]
        rows.append(Points(stop - count, part if shape == (-1,) else np.array(part).reshape(-1, *shape)))
    found = bytes_of.joined(stream, rows, start, end)
    assert (start, [each.tolist() for each in one[start:end]]) == (
        found.start,
        [np.asarray(each).tolist() for each in found.values],
    )


def test_like_numbers_are_packed_small() -> None:
    """Even times in 1 byte a point, readings of few digits in 2, repeated images in a hundredth."""
    cases: dict[str, tuple[StreamDefinition, NDArray[Any], float]] = {
        "times": (definition("int64"), np.arange(512) * 1_000_000, 1.0),
        "readings": (definition(), np.round(20 + np.random.default_rng(1).normal(size=512), 2), 2.5),
        "images": (definition("uint16", (64, 64)), np.full((4, 64, 64), 7, np.uint16), 82),
    }
    for stream, values, most in cases.values():
        raw = bytes_of.encode(stream, values)
        assert most * len(values) > len(bytes_of.pack(stream, raw))


def test_bytes_are_little_endian() -> None:
    """Whatever machine wrote them."""
    assert b"\1\0\2\0" == bytes_of.encode(definition("uint16"), np.array([1, 2], np.uint16))
