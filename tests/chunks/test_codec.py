"""Columns as bytes come back to the bit."""

import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.chunks import codec
from grafana_sensor.domain.columns import Column, Ids

INT64 = st.integers(-(2**63), 2**63 - 1)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
DECIMALS = st.integers(-(10**6), 10**6).map(lambda n: n / 100)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


def bits(values: Any) -> Any:
    """The values as their bytes, so that -0.0 differs from 0.0."""
    return [struct.pack("<d", value) for value in values]


@given(st.lists(INT64, min_size=1, max_size=40))
def test_integers_come_back(values: Any) -> None:
    """Any int64, the extremes side by side too, comes back as it was."""
    array = np.array(values, np.int64)
    assert values == codec.decode_ints(codec.encode_ints(array)).tolist()


@given(st.lists(st.one_of(FINITE, DECIMALS, st.just(math.nan)), min_size=1, max_size=40))
def test_numbers_come_back_to_the_bit(values: Any) -> None:
    """Decimals, any other floats, -0.0 and gaps come back bit for bit."""
    if all(map(math.isnan, values)):
        values.append(1.5)
    assert bits(values) == bits(codec.decode_floats(codec.encode_floats(np.array(values))).tolist())


def test_decimals_are_small() -> None:
    """Readings with two digits take less than two bytes each; the same bits as floats would take eight."""
    walk = np.round(20 + np.cumsum(np.random.default_rng(1).normal(0, 0.05, 4096)), 2)
    assert len(codec.encode_floats(walk)) < 2 * len(walk)


def test_an_even_beat_costs_nothing() -> None:
    """The times of a sensor that reports each second take a few bytes, however many they are."""
    assert len(codec.encode_ints(np.arange(4096) * 1_000_000)) < 64


@given(st.lists(st.one_of(st.none(), FINITE, TEXTS), min_size=1, max_size=30).filter(lambda v: v.count(None) < len(v)))
def test_columns_come_back(values: Any) -> None:
    """Numbers, texts and gaps under one attribute come back, each as what it was."""
    column = codec.decode_column(codec.encode_column(Column.of(values)))
    assert values == column.values(len(values))


def test_unused_texts_are_left_out() -> None:
    """A part of a column stores only the texts that occur in it."""
    column = Column.of(["a", "b", "c"]).take(slice(1, 2))
    assert ("b",) == codec.decode_column(codec.encode_column(column)).texts


@given(st.lists(st.tuples(st.one_of(st.uuids().map(lambda u: u.hex), TEXTS), st.integers(-1, 2**40)), min_size=1))
def test_record_ids_come_back(ids: Any) -> None:
    """Generated and given record ids come back in their order."""
    back = codec.decode_ids(codec.encode_ids(Ids.of(ids)))
    assert ids == [back[i] for i in range(len(ids))]


@given(st.integers(-(2**2200), 2**2200), st.integers(0, 2000))
def test_totals_come_back(total: int, zeros: int) -> None:
    """A scaled sum of any size and sign comes back."""
    assert total << zeros == codec.decode_total(codec.encode_total(total << zeros))


def test_a_typical_total_is_small() -> None:
    """The sum of 4,096 decimals takes less than 20 bytes, not the 135 of its digits."""
    assert len(codec.encode_total(int(82_431.17 * 2**40) << 1034)) < 20


@pytest.mark.parametrize("blob", [b"\1damaged", b"\1"])
def test_a_damaged_blob_is_told(blob: bytes) -> None:
    """Bytes that zstd can't read raise ValueError."""
    with pytest.raises(ValueError, match="damaged"):
        codec.decompress(blob)
