"""Which scans an answer is about: selectors looked up, and what of a scan can be shown.

Law: one answer sees one state of a scan: what is looked up or loaded once stays as it was. How many scans a search may
answer with is bounded, and told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any, Final

from grafana_sensor.domain.columns import NUMBER, TEXT, Ints, Mask
from grafana_sensor.domain.errors import NoScanAvailable, ScanNotFoundError, UnknownScan, Unprocessable
from grafana_sensor.domain.scan import Scan, Stream
from grafana_sensor.ports.scans import ScanStore
from grafana_sensor.query.scannames import INDEX, PREFIX, Selector, alone, parse_selector, reduced
from grafana_sensor.query.streamvalues import numbers, texts
from grafana_sensor.query.timeaxis import TimeAxis, is_numeric, is_scalar
from grafana_sensor.service.source import Source

MOST_SCANS: Final = 20
"""Scans that one search in a query answers with, the newest ones."""


class ScanLooks:
    """The scans of one answer to `source`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.moments: dict[tuple[str, TimeAxis], tuple[int, Ints, Mask]] = {}
        self._loaded: dict[str, Scan] = {}
        self._keys: dict[str, list[str]] = {}

    @property
    def there(self) -> bool:
        """Whether the user may see scans at all."""
        try:
            return self.store is not None
        except Unprocessable:
            return False

    @cached_property
    def store(self) -> ScanStore:
        """Where they are. Raises Unprocessable where the user's store keeps none."""
        return self.source.scans()

    def load(self, key: str) -> Scan:
        """The scan. Raises ScanNotFoundError."""
        if key not in self._loaded:
            self._loaded[key] = self.store.load(key)
        return self._loaded[key]

    def keys(self, selector: Selector) -> list[str]:
        """The keys of the scans that are meant, the newest first; of `last` the newest one."""
        if selector.text not in self._keys:
            self._keys[selector.text] = self._looked_up(selector)
        return self._keys[selector.text]

    def newest(self, text: str) -> Scan:
        """The newest of the scans that a selector's text means. Raises UnknownScan, QuerySyntaxError."""
        selector = parse_selector(alone(text))
        for key in self.keys(selector):
            with suppress(ScanNotFoundError):
                return self.load(key)
        raise unknown(selector)

    def scans(self, text: str, position: int | None, notices: list[str]) -> Iterator[tuple[str, Scan]]:
        """The scans that a selector's text means, the newest first, by the name that is shown as their sensor.

        Beyond MOST_SCANS a notice is added. Raises UnknownScan where there is none.
        """
        selector = parse_selector(text)
        keys = self.keys(selector)
        if selector.searches and len(keys) > MOST_SCANS:
            notices.append(
                f"{len(keys):,} scans meet {selector.text}: the newest {MOST_SCANS} of them answer; search by more fields"
            )
        found = False
        for key in keys[:MOST_SCANS]:
            with suppress(ScanNotFoundError):
                yield (PREFIX + key if selector.searches else selector.text), self.load(key)
                found = True
        if not found:
            raise unknown(selector, position)

    def _looked_up(self, selector: Selector) -> list[str]:
        if selector.key is not None:
            return [selector.key]
        if not selector.identity and selector.last:
            with suppress(NoScanAvailable):
                return [self.store.last()[1]]
            return []
        keys = self.store.search(selector.identity)[::-1]
        if not selector.last:
            return keys
        for key in keys:
            with suppress(ScanNotFoundError):
                return [self.load(key).key]
        return []


def unknown(selector: Selector, position: int | None = None) -> UnknownScan:
    """The error of a selector that means no scan."""
    if selector.key is not None:
        return UnknownScan(f"unknown scan {selector.key!r}", position=position)
    if selector.identity:
        return UnknownScan(f"no scan meets {selector.text}", position=position)
    return UnknownScan("there is no scan yet", position=position)


def scan_title(scan: Scan) -> str:
    """What a scan is called by people: its name and number."""
    return f"{scan.identity.get('name', scan.key)} {scan.identity.get('number', '')}".strip()


def channel(scan: Scan, stream: str) -> Mapping[str, Any]:
    """What is said of a stream: in the scan's `channels`, else with the stream itself."""
    channels = scan.info.get("channels")
    said = channels.get(stream) if isinstance(channels, Mapping) else None
    own = scan.streams[stream].definition.info if stream in scan.streams else {}
    return {**own, **said} if isinstance(said, Mapping) else own


def channel_text(scan: Scan, stream: str, member: str) -> str | None:
    """A text that is said of a stream, None where it is none."""
    found = channel(scan, stream).get(member)
    return found if isinstance(found, str) and found else None


def kinds(scan: Scan, attribute: str) -> int:
    """The bits of the kinds of values that an attribute of a scan has; 0 where it is none that has one a point."""
    stream = scan.streams.get(attribute)
    if stream is not None:
        return NUMBER if is_scalar(stream) else TEXT if stream.definition.kind == "json" else 0
    if attribute == INDEX:
        return NUMBER
    base, reduction = reduced(attribute)
    return NUMBER if reduction is not None and is_spectra(scan.streams.get(base)) else 0


def is_spectra(stream: Stream | None) -> bool:
    """Whether the points of a stream are lists of real numbers."""
    return stream is not None and is_numeric(stream) and len(stream.definition.shape) == 1


def unshown(stream: Stream) -> str | None:
    """Why the points of a stream can't be shown, None where they can."""
    definition = stream.definition
    if definition.kind == "json" or is_scalar(stream) or is_spectra(stream):
        return None
    if definition.kind == "missing":
        return "only a plugin of blissdata reads it, which this server lacks"
    if definition.kind == "scan":
        return "it holds the keys of other scans"
    return "it holds images" if is_numeric(stream) else f"it holds values of the type {definition.dtype}"


def last_value(store: ScanStore, scan: Scan, name: str) -> float | str | None:
    """The last point of a stream that has one value a point; None where there is none, or it is no number."""
    stream = scan.streams[name]
    if stream.length <= stream.first:
        return None
    points = store.points(scan.key, name, stream.length - 1, stream.length)
    if not len(points):
        return None
    if stream.definition.kind == "json":
        return texts(points)[-1]
    value = float(numbers(points)[-1])
    return value if value == value else None
