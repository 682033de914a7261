"""Ladders of small epochs, for tests."""

from grafana_sensor.chunks.grid import Ladder


def adapting(width: int) -> Ladder:
    """Epochs of `width`, twice and eight times that; two chunks are enough for one, and it is wider by one of many."""
    return Ladder((width, 2 * width, 8 * width), (4 * width, 16 * width), 2 * width, chunks=2, spare=2)
