from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grafana_sensor.domain.errors import RangeError
from grafana_sensor.domain.shown import shown
from grafana_sensor.domain.timestamps import (
    DAY,
    EARLIEST,
    END,
    HOUR,
    MINUTE,
    SECOND,
    from_datetime,
    parse,
    parse_duration,
    parse_moment,
    to_datetime,
    to_iso,
    to_iso_many,
)

NEW_YEAR = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001  # that it has no zone is the point
times = st.integers(EARLIEST, END - 1)
zones = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def oracle(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("2026-01-01", NEW_YEAR),
        ("2026-01-01T00:00", NEW_YEAR),
        ("2026-01-01 00:00", NEW_YEAR),
        ("2026-01-01T00:00:00", NEW_YEAR),
        ("2026-01-01T00:00:00Z", NEW_YEAR),
        ("2026-01-01t00:00:00z", NEW_YEAR),
        ("2026-01-01T00:00Z", NEW_YEAR),
        ("2026-01-01T01:00:00+01:00", NEW_YEAR),
        ("2026-01-01T01:00:00+0100", NEW_YEAR),
        ("2026-01-01T01:00:00+01", NEW_YEAR),
        ("2025-12-31 19:30:00-04:30", NEW_YEAR),
        ("2026-01-01T00:00:00-00:00", NEW_YEAR),
        ("2026-01-01T00:00:00.5Z", NEW_YEAR + 500_000),
        ("2026-01-01T00:00:00.123456", NEW_YEAR + 123_456),
        ("2026-01-01T00:00:00.123456999Z", NEW_YEAR + 123_456),
        ("2026-01-01T00:00:00." + "9" * 5_000, NEW_YEAR + 999_999),
        ("1969-12-31T23:59:59.9999999Z", -1),
        ("1900-01-01", EARLIEST),
        ("2199-12-31T23:59:59.999999Z", END - 1),
        ("2200-01-01T00:30+01:00", END - HOUR // 2),
        ("2024-02-29", 1_709_164_800 * SECOND),
    ],
)
def test_iso_texts_are_times(text: str, us: int) -> None:
    """Every form of the ISO grammar is read, UTC where no zone stands, digits below the microsecond cut."""
    assert us == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2026-02-30", "2026-13-01", "2026-00-10", "2026-01-00", "2025-02-29", "0000-00-00 00:00:00"),
        *("2026-01-01T25:00", "2026-01-01T24:00", "2026-01-01T00:60", "2026-01-01T23:59:60Z", "25:00"),
        *("2026-01-01T00", "2026-01-01T", "2026-1-1", "2026-01", "20260101T000000", "2026-W01-1", "2026-001"),
        *("2026-01-01Z", "2026-01-01+01:00", "2026-01-01T00:00:00+1", "2026-01-01T00:00:00+24:00"),
        *("2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00.", "2026-01-01T00:00:00,5", "2026-01-01  00:00"),
        *(" 2026-01-01", "2026-01-01 ", "2026-01-01\n", "2026-01-01_00:00", "２０２６-01-01", "2026-01-01T00:00:00 Z"),
        *("+2026-01-01", "12026-01-01", "-2026-01-01", "2026/01/01", "2026-01-01T00:00:00+01:00:00"),
        *("007", "+3", "nan", "0x1F", "1e400", "١", "1_000", " 5"),
    ],
)
def test_other_texts_are_no_times(text: str) -> None:
    """Impossible dates and hours and texts beside the grammar are no times."""
    assert parse(text) is None


@pytest.mark.parametrize("value", [None, True, False, [], {}, b"2026-01-01", float("nan"), float("inf"), -float("inf")])
def test_other_values_are_no_times(value: object) -> None:
    """Booleans, null, containers and what is no finite number are no times."""
    assert parse(value) is None


@pytest.mark.parametrize(
    ("epoch", "us"),
    [
        (0, 0),
        (1_767_225_600, NEW_YEAR),
        (1_767_225_600_000, NEW_YEAR),
        (NEW_YEAR, NEW_YEAR),
        (NEW_YEAR * 1_000, NEW_YEAR),
        (NEW_YEAR * 1_000 + 999, NEW_YEAR),
        (-NEW_YEAR * 1_000 - 1, -NEW_YEAR - 1),
        (7_258_118_399, END - SECOND),
        (-2_208_988_800, EARLIEST),
        (10**11, 10**11 * 1_000),
        (10**14, 10**14),
        (10**17, 10**14),
        (-(10**11), -(10**14)),
        (1_767_225_600.5, NEW_YEAR + 500_000),
        (1_767_225_600.123456, NEW_YEAR + 123_456),
        (1_767_225_600_123.456, NEW_YEAR + 123_456),
        (-0.25, -250_000),
        (0.0000005, 0),
        (1_767_225_600_000.0625, NEW_YEAR + 62),
        (1_767_225_600_000.1875, NEW_YEAR + 188),
        (-0.0000005, 0),
        (1.7672256e18, NEW_YEAR),
        (1e17 + 512, 10**14),
    ],
)
def test_epochs_are_told_apart_by_size(epoch: float, us: int) -> None:
    """An epoch is in s below 1e11, ms below 1e14, µs below 1e17, else ns, as a number or as its text."""
    assert us == parse(epoch)
    assert us == parse(repr(epoch))


@pytest.mark.parametrize(
    "value",
    [
        *("1899-12-31", "2200-01-01", "0001-01-01T00:00:00Z", "0000-01-01", "9999-12-31T23:59:59.999999-23:59"),
        *("1900-01-01T00:59+01:00", "2199-12-31T23:30-01:00", 7_258_118_400, -2_208_988_801, 99_999_999_999, 10**19),
        *(1e30, -1e300, "1e30", "9" * 30, "9" * 70_000, 10**70_000, 7_258_118_399.9999999, NAIVE.replace(year=1899)),
    ],
    ids=shown,
)
def test_times_beyond_the_years_are_refused(value: object) -> None:
    """What reads as a time outside 1900 to 2199 is an error that says so, briefly."""
    with pytest.raises(RangeError, match="beyond the years 1900 to 2199") as caught:
        parse(value)
    assert len(caught.value.message) < 200


@given(times, zones, st.sampled_from(["T", " ", "t"]), st.sampled_from(["auto", "microseconds"]))
def test_iso_texts_agree_with_datetime(us: int, zone: timezone, separator: str, digits: str) -> None:
    """Whatever datetime writes for a time, in any zone, is read as that time."""
    assert us == parse(oracle(us).astimezone(zone).isoformat(separator, digits))


@given(times)
@example(-1)
@example(-SECOND)
@example(1_500)
def test_times_survive_their_text(us: int) -> None:
    """A time is the same after its text, its datetime and its epochs in µs and ns where they are that large."""
    assert us == parse(to_iso(us)) == from_datetime(to_datetime(us))
    assert oracle(us) == to_datetime(us)
    if abs(us) >= 10**14:
        assert us == parse(us) == parse(us * 1_000) == parse(us * 1_000 + 999) == parse(str(us))


@given(st.floats(-2e9, 7e9))
def test_fractional_epochs_are_rounded_exactly(epoch: float) -> None:
    """A fractional epoch goes to the nearest microsecond, a tie to the even one."""
    assert round(Fraction(epoch) * SECOND) == parse(epoch)


@given(
    st.lists(st.one_of(times, times.map(lambda us: us // 1_000 * 1_000), times.map(lambda us: us // SECOND * SECOND)))
)
def test_many_texts_are_the_same_texts(many: list[int]) -> None:
    """to_iso_many gives what to_iso gives for each."""
    assert [to_iso(us) for us in many] == to_iso_many(np.array(many, np.int64))


def test_to_iso_many_takes_any_layout() -> None:
    """A strided or byte-swapped view gives the texts of its values."""
    many = np.arange(6, dtype=np.int64) * 1_500 + NEW_YEAR
    expected = [to_iso(us) for us in many[::2].tolist()]
    assert expected == to_iso_many(many[::2])
    assert expected == to_iso_many(many.astype(">i8")[::2])


@pytest.mark.parametrize(
    ("us", "text"),
    [
        (NEW_YEAR, "2026-01-01T00:00:00Z"),
        (NEW_YEAR + 250_000, "2026-01-01T00:00:00.250Z"),
        (NEW_YEAR + 1, "2026-01-01T00:00:00.000001Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (EARLIEST, "1900-01-01T00:00:00Z"),
    ],
)
def test_fractions_have_three_or_six_digits(us: int, text: str) -> None:
    """RFC 3339 with Z; a fraction only where there is one, of milliseconds or microseconds."""
    assert text == to_iso(us)


def test_datetimes_are_taken() -> None:
    """An aware datetime is its instant, a naive one is UTC."""
    assert from_datetime(NAIVE) == NEW_YEAR
    assert parse(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == NEW_YEAR
    assert to_datetime(NEW_YEAR).tzinfo is UTC


def test_subclasses_are_read_as_what_they_are() -> None:
    """A numpy float64 or str is read as the float or text that it is."""
    assert parse(np.float64(1.5)) == 1_500_000
    assert parse(np.str_("2026-01-01")) == NEW_YEAR


THURSDAY = NEW_YEAR + 13 * HOUR + 5 * MINUTE + 7 * SECOND + 1_234  # 2026-01-01 was a Thursday


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("now", "2026-01-01T13:05:07.001234Z"),
        ("now-6h", "2026-01-01T07:05:07.001234Z"),
        ("now+1d", "2026-01-02T13:05:07.001234Z"),
        ("now-1ms", "2026-01-01T13:05:07.000234Z"),
        ("now-30s", "2026-01-01T13:04:37.001234Z"),
        ("now-5m", "2026-01-01T13:00:07.001234Z"),
        ("now-2w", "2025-12-18T13:05:07.001234Z"),
        ("now-1M", "2025-12-01T13:05:07.001234Z"),
        ("now-1y", "2025-01-01T13:05:07.001234Z"),
        ("now/ms", "2026-01-01T13:05:07.001Z"),
        ("now/s", "2026-01-01T13:05:07Z"),
        ("now/m", "2026-01-01T13:05:00Z"),
        ("now/h", "2026-01-01T13:00:00Z"),
        ("now/d", "2026-01-01T00:00:00Z"),
        ("now/w", "2025-12-29T00:00:00Z"),
        ("now/M", "2026-01-01T00:00:00Z"),
        ("now/y", "2026-01-01T00:00:00Z"),
        ("now-1d/d", "2025-12-31T00:00:00Z"),
        ("now-1d/M", "2025-12-01T00:00:00Z"),
        ("now-1d/y", "2025-01-01T00:00:00Z"),
        ("now/d+8h", "2026-01-01T08:00:00Z"),
        ("now/M+30d+1M", "2026-02-28T00:00:00Z"),
        ("now/y+26M-1d", "2028-02-29T00:00:00Z"),
        ("2026-01-01", "2026-01-01T00:00:00Z"),
        (1_767_225_600, "2026-01-01T00:00:00Z"),
        ("1767225600000", "2026-01-01T00:00:00Z"),
        (NAIVE, "2026-01-01T00:00:00Z"),
    ],
)
def test_moments(value: object, iso: str) -> None:
    """A moment is a time, or now moved by steps and rounded down in UTC, from left to right."""
    assert iso == to_iso(parse_moment(value, THURSDAY))


@given(times)
def test_rounding_down_agrees_with_the_calendar(now: int) -> None:
    """Rounding to a day, week, month or year gives that one's first instant."""
    day = oracle(now).replace(hour=0, minute=0, second=0, microsecond=0)
    assert day == to_datetime(parse_moment("now/d", now))
    assert day.replace(day=1) == to_datetime(parse_moment("now/M", now))
    assert day.replace(day=1, month=1) == to_datetime(parse_moment("now/y", now))
    if now >= EARLIEST + 7 * DAY:
        assert day - timedelta(days=day.weekday()) == to_datetime(parse_moment("now/w", now))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *(("yesterday", "'yesterday' is no time"), ("now-6", "no time"), ("now-6q", "now-6h"), ("now 6h", "no time")),
        *(("now-6h ", "no time"), ("now/", "no time"), ("now/2d", "no time"), ("NOW", "no time"), ("", "no time")),
        *((None, "no time"), (True, "no time"), ([], "a list is no time"), ("now-" + "9" * 30 + "s", "no time")),
        *(("$from", "'\\$from' was left unexpanded"), ("${__from}", "'\\${__from}' was left unexpanded")),
        *(("now-$range", "'\\$range' was left unexpanded"), ("${from", "'\\${from' was left unexpanded")),
        *(("now-500y", "1900 to 2199"), ("now+999999999999999999y", "1900 to 2199"), ("2300-01-01", "1900 to 2199")),
        *(("now-999999999999999999w", "1900 to 2199"), ("now-126y-1d", "1900 to 2199")),
    ],
)
def test_other_moments_are_refused(value: object, words: str) -> None:
    """What is no moment is an error that names it and tells the right forms."""
    with pytest.raises(RangeError, match=words):
        parse_moment(value, NEW_YEAR)


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("1ms", 1_000),
        ("90s", 90 * SECOND),
        ("5m", 5 * MINUTE),
        ("36h", 36 * HOUR),
        ("1d", DAY),
        ("2w", 14 * DAY),
        ("05m", 5 * MINUTE),
    ],
)
def test_durations(text: str, us: int) -> None:
    """A duration is a whole number of ms, s, m, h, d or w."""
    assert us == parse_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "m",
        "0s",
        "000m",
        "1.5h",
        "-5m",
        "+5m",
        "5 m",
        "5M",
        "5y",
        "5us",
        "5m ",
        "1h30m",
        "٥m",
        "9" * 40 + "s",
        "5000000000w",
    ],
)
def test_other_durations_are_refused(text: str) -> None:
    """Zero, fractions, signs, other units and lengths beyond counting are errors."""
    with pytest.raises(RangeError, match="duration"):
        parse_duration(text)
