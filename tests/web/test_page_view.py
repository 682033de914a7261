"""What the page opens on."""

from __future__ import annotations

from grafana_sensor.service.overview import Latest, Overview, Tile
from grafana_sensor.web.page_view import Asked, opening

MINUTE = 60_000_000
DAY = 1_440 * MINUTE
NOW = 1_767_225_600_000_000
"""2026-01-01."""


def tile(sensor: str, first: int, last: int, attribute: str = "t", kind: str = "number", points: int = 3) -> Tile:
    """A sensor whose records lie so long before now, in µs."""
    course = tuple(map(float, range(points)))
    return Tile(sensor, points, 1, NOW - first, NOW - last, (Latest(attribute, kind, 1.0),), course)


def opened(*tiles: Tile) -> Asked:
    """What is asked first of these sensors."""
    return opening(Overview(tiles, len(tiles), len(tiles)), NOW)


def test_a_history_that_has_ended_is_shown_whole() -> None:
    """Of data that ended long ago the page shows all, from the first record to the last."""
    expected = Asked("AVG(t) FROM a, b", "2025-12-02T00:00:00Z", "2025-12-22T00:00:01Z")
    assert expected == opened(tile("a", 30 * DAY, 20 * DAY), tile("b", 25 * DAY, 10 * DAY))


def test_live_data_is_shown_up_to_now() -> None:
    """Of data that still comes the page shows the hours that its history fills, a day at most."""
    for minutes, start in ((0, "now-1h"), (60, "now-1h"), (61, "now-2h"), (600, "now-10h"), (99_999, "now-24h")):
        assert Asked("AVG(t) FROM a", start, "now") == opened(tile("a", minutes * MINUTE, 0))


def test_live_sensors_go_before_old_ones() -> None:
    """A live sensor is shown without those that ended, and with the live ones that have the same attribute."""
    tiles = tile("a", 300 * DAY, 200 * DAY), tile("b", DAY, MINUTE), tile("c", DAY, 0), tile("d", DAY, 0, "humidity")
    assert Asked("AVG(t) FROM b, c", "now-24h", "now") == opened(*tiles)


def test_records_of_a_moment_are_shown_with_time_around() -> None:
    """Records that lie close together stand in the middle of an hour or so."""
    assert Asked("AVG(t) FROM a", "2025-12-24T23:30:00Z", "2025-12-25T00:30:01Z") == opened(tile("a", 7 * DAY, 7 * DAY))


def test_texts_are_asked_as_they_are() -> None:
    """Texts have no mean: they are asked for as they are."""
    assert "state FROM a" == opened(tile("a", DAY, 0, "state", "text")).q


def test_names_are_written_as_a_query_reads_them() -> None:
    """Names that are no bare ones are quoted."""
    assert 'AVG("air t") FROM "room 1"' == opened(tile("room 1", DAY, 0, "air t")).q


def test_without_records_nothing_is_asked() -> None:
    """A user without records is asked nothing, over the last day."""
    assert Asked("", "now-24h", "now") == opened()
