from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.columns import Value
from grafana_sensor.domain.errors import BadRequest, LimitError
from grafana_sensor.domain.plans import BEGINNING, FOREVER
from grafana_sensor.domain.series import Table
from grafana_sensor.query.engine import Ask, table
from grafana_sensor.query.parse import parse_query
from tests.query.plainstore import PlainReading, Record

MS = 1000
SECOND = 1000 * MS


def ask(text: str, start: int = 0, end: int = 1000 * SECOND) -> Ask:
    return Ask(parse_query(text), start, end, end)


def record(time: int, sensor: str, position: int, **attributes: Value) -> Record:
    return Record(time, sensor, ("b", position), attributes)


def pages(reading: PlainReading, asked: Ask, limit: int) -> list[Table]:
    """All the pages, one after the other."""
    found = [table(reading, asked, Budget(), limit=limit)]
    while found[-1].next is not None:
        assert len(found) < 1000
        found.append(table(reading, asked, Budget(), limit=limit, cursor=found[-1].next))
    return found


def rows(answers: list[Table]) -> list[dict[str, object]]:
    return [row for answer in answers for row in answer.rows()]


records = st.builds(
    lambda times, sensors, texts: [
        Record(time * MS, sensor, ("b" if n % 2 else "a", n), {"u": "x", "t": float(n)} if text else {"u": "y"})
        for n, (time, sensor, text) in enumerate(zip(times, sensors, texts, strict=False))
    ],
    st.lists(st.integers(0, 6), min_size=1, max_size=25),
    st.lists(st.sampled_from(["a", "b", ""]), min_size=25, max_size=25),
    st.lists(st.booleans(), min_size=25, max_size=25),
)


@given(records, st.integers(1, 7), st.integers(1, 4), st.sampled_from(["u", "*", "u WHERE u = 'x'"]))
def test_raw_pages_are_the_whole_answer(stored: list[Record], limit: int, block: int, text: str) -> None:
    """Pages put together are the answer without pages, each full but the last, and none empty."""
    reading = PlainReading(stored, block=block)
    found = pages(reading, ask(text), limit)
    assert table(reading, ask(text), Budget()).rows() == rows(found)
    assert all(len(page) == limit for page in found[:-1])
    assert len(found[-1]) or len(found) == 1


@given(records, st.integers(1, 7), st.sampled_from(["u", "CNT(*) BY sensor EVERY 2ms", "CNT(u) EVERY 1ms"]))
def test_late_records_give_nothing_twice(stored: list[Record], limit: int, text: str) -> None:
    """Whatever is stored between two pages, the second has exactly the rows of the new answer after its place."""
    asked = ask(text, 0, 7 * MS)
    half = len(stored) // 2
    early = PlainReading([*stored[:half], record(0, "a", 98, u="first"), record(0, "b", 99, u="first")])
    page = table(early, asked, Budget(), limit=limit)
    if page.next is None:
        return
    late = PlainReading([*early.all, *stored[half:]])
    rest = table(late, asked, Budget(), cursor=page.next)

    def place(row: dict[str, object]) -> tuple[object, object]:
        return row["time"], row.get("sensor", "")

    last = place(page.rows()[-1])
    whole = table(late, asked, Budget()).rows()
    after = [row for row in whole if place(row) > last]
    same = [row for row in whole if place(row) == last] if text == "u" else []
    assert after == rest.rows()[len(rest) - len(after) :]
    assert len(rest) - len(after) <= len(same)


@given(records, st.integers(1, 7), st.sampled_from(["EVERY 2ms", "EVERY all", "EVERY auto", ""]))
def test_aggregate_pages_are_the_whole_answer(stored: list[Record], limit: int, every: str) -> None:
    """Pages of buckets and sensors put together are the answer without pages."""
    asked = ask(f"CNT(*), LAST(u) BY sensor {every}", 0, 7 * MS)
    reading = PlainReading(stored)
    found = pages(reading, asked, limit)
    assert table(reading, asked, Budget()).rows() == rows(found)
    assert all(len(page) == limit for page in found[:-1])


def test_a_page_of_buckets_reads_only_its_own() -> None:
    """A page far into a fine EVERY asks the store for its own buckets alone."""
    reading = PlainReading([record(5, "a", 0, t=1.0)])
    asked = ask("AVG(t) EVERY 1ms", 0, 1000 * SECOND)
    first = table(reading, asked, Budget(points=10), limit=10)
    second = table(reading, asked, Budget(points=10), limit=10, cursor=first.next)
    assert [11, 11] == [len(request.edges) for request in reading.summarised]
    assert list(range(10_000, 20_000, 1000)) == list(second.columns[0].values)


def test_a_raw_page_does_not_read_the_history() -> None:
    """A page reads a few blocks of each sensor, however many records there are."""
    stored = [record(n, sensor, n, t=1.0) for n in range(500) for sensor in ("a", "b", "c")]
    reading = PlainReading(stored, block=10)
    table(reading, ask("t"), Budget(), limit=30)
    assert reading.given <= 3 * 20


def test_a_sparse_sensor_does_not_pull_the_dense_ones() -> None:
    """Sensors are read on by turns, each only as far as the page could need."""
    stored = [record(n, "dense", n, t=1.0) for n in range(1000)] + [
        record(n, "late", n, t=1.0) for n in range(900, 990)
    ]
    reading = PlainReading(stored, block=10)
    found = table(reading, ask("t"), Budget(), limit=100)
    assert set(range(100)) == set(found.columns[0].values)
    assert reading.given <= 130


def test_a_cursor_remembers_the_range_and_the_instant() -> None:
    """The next page has the range of the first, and `now` in conditions is when the first page was asked."""
    reading = PlainReading([record(n * SECOND, "a", n, t=float(n)) for n in range(20)])
    asked = Ask(parse_query("t WHERE time >= 'now-10s' AND time <= 'now-5s'"), 0, 15 * SECOND, 15 * SECOND)
    first = table(reading, asked, Budget(), limit=4)
    later = replace(asked, start=8 * SECOND, end=18 * SECOND, now=18 * SECOND)
    second = table(reading, later, Budget(), limit=4, cursor=first.next)
    assert [5.0, 6.0, 7.0, 8.0] == list(first.columns[2].values)
    assert [9.0, 10.0] == list(second.columns[2].values)


def test_a_cursor_over_the_whole_history_keeps_its_buckets() -> None:
    """Records that come later do not change the buckets of the pages that follow."""
    reading = PlainReading([record(n * SECOND, "a", n, t=1.0) for n in (0, 3)])
    asked = ask("CNT(*) EVERY auto", BEGINNING, FOREVER)
    first = table(reading, asked, Budget(), limit=2)
    more = PlainReading([*reading.all, record(10**9 * SECOND, "a", 9, t=1.0)])
    second = table(more, asked, Budget(), limit=9, cursor=first.next)
    assert [0, SECOND] == list(first.columns[0].values)
    assert [2 * SECOND, 3 * SECOND] == list(second.columns[0].values)


def test_there_is_no_token_to_an_empty_page() -> None:
    """A page that ends with the last row has no next."""
    reading = PlainReading([record(n, "a", n, t=1.0) for n in range(4)])
    assert table(reading, ask("t"), Budget(), limit=4).next is None
    assert table(reading, ask("t"), Budget(), limit=3).next is not None


def test_a_token_is_opaque_and_fits_into_an_address() -> None:
    """A token has only letters, digits, - and _."""
    reading = PlainReading([record(n, "ä/ +", n, t=1.0) for n in range(4)])
    token = table(reading, ask("t"), Budget(), limit=3).next
    assert token is not None
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


@pytest.mark.parametrize("text", ["u", "t WHERE t > 0", "t FROM a", "CNT(t) EVERY 1s", "t AS x"])
def test_a_token_of_another_question_is_refused(text: str) -> None:
    """A cursor fits the question that it came from, and no other."""
    reading = PlainReading([record(n, "a", n, t=1.0, u=2.0) for n in range(4)])
    token = table(reading, ask("t"), Budget(), limit=3).next
    with pytest.raises(BadRequest, match="cursor"):
        table(reading, ask(text), Budget(), limit=3, cursor=token)


@given(st.data())
def test_a_damaged_token_is_refused(data: st.DataObject) -> None:
    """A token with one character changed, or cut, is a BadRequest."""
    reading = PlainReading([record(n, "a", n, t=1.0) for n in range(4)])
    token = table(reading, ask("t"), Budget(), limit=3).next or ""
    place = data.draw(st.integers(0, len(token) - 2))
    damaged = data.draw(
        st.sampled_from([token[:place], token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]])
    )
    with pytest.raises(BadRequest, match="cursor"):
        table(reading, ask("t"), Budget(), limit=3, cursor=damaged)


@pytest.mark.parametrize(
    "text", ["", "A", "ä", "\ud800", "====", urlsafe_b64encode(b"x" * 12 + b"[" * 100_000).decode(), "W10"]
)
def test_what_is_no_token_is_refused(text: str) -> None:
    """Any other text is a BadRequest."""
    with pytest.raises(BadRequest, match="cursor"):
        table(PlainReading([record(0, "a", 0, t=1.0)]), ask("t"), Budget(), cursor=text)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_has_a_row_at_least(limit: int) -> None:
    """A limit below 1 is refused."""
    with pytest.raises(BadRequest, match="limit"):
        table(PlainReading([record(0, "a", 0, t=1.0)]), ask("t"), Budget(), limit=limit)


def test_a_page_beyond_the_budget_is_refused() -> None:
    """A limit above the budget's points is no way around them, and harmless where the answer is short."""
    reading = PlainReading([record(n, "a", n, t=1.0) for n in range(50)])
    with pytest.raises(LimitError):
        table(reading, ask("t"), Budget(points=10), limit=40)
    assert 10 == len(table(reading, ask("t"), Budget(points=10), limit=10))
    assert 3 == len(table(reading, ask("t", 0, 3), Budget(points=10), limit=40))
