"""What the library and the Redis raise, in the words of ours.

Law: nothing of theirs goes further up. Whatever the Redis does is Unavailable, and says which Redis, what it did and
what would help.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from grafana_sensor.domain.errors import NoScanAvailable, ScanNotFoundError, StreamUnreadable, Unavailable

MISSING: Final = (
    "scans in a Redis are read by blissdata, which isn't installed: pip install 'grafana_sensor[blissdata]'"
)


@contextmanager
def ours(place: str, key: str = "") -> Iterator[None]:
    """Raises our errors for theirs; `place`: the Redis, `key`: the scan, where there is one."""
    import redis.exceptions as theirs
    from blissdata import exceptions as bliss

    try:
        yield
    except bliss.NoScanAvailable:
        raise NoScanAvailable(f"there is no scan in the Redis {place} yet") from None
    except bliss.ScanNotFoundError:
        raise no_scan(place, key) from None
    except bliss.ScanValidationError:
        raise StreamUnreadable(
            f"scan {key} in the Redis {place} was recorded with another identity than this blissdata knows"
        ) from None
    except theirs.MaxConnectionsError:
        raise Unavailable(
            f"too many are waiting for the Redis {place}: try again, or add max_connections=… to its URL"
        ) from None
    except (theirs.AuthenticationError, theirs.AuthorizationError, theirs.NoPermissionError) as error:
        raise Unavailable(f"the Redis {place} refuses: {error}; scans are read with the rights of docs/scans") from None
    except (theirs.ConnectionError, theirs.TimeoutError) as error:
        raise Unavailable(f"the Redis {place} does not answer: {error}") from None
    except theirs.ResponseError as error:
        raise Unavailable(_refused(place, str(error))) from None


def no_scan(place: str, key: str) -> ScanNotFoundError:
    """The error for a scan that isn't there."""
    return ScanNotFoundError(f"there is no scan {key!r} in the Redis {place}; it may have been deleted, or expired")


def uninitialised(place: str) -> Unavailable:
    """The error for a Redis that blissdata was never set up in."""
    return Unavailable(
        f"the Redis {place} isn't set up for blissdata: who records does that once,"
        " by blissdata.DataStore(url, init_db=True) on an empty Redis"
    )


def without_modules(place: str, modules: list[str]) -> Unavailable:
    """The error for a Redis that lacks modules."""
    names = " and ".join(modules)
    return Unavailable(
        f"the Redis {place} lacks the module{'s' if len(modules) > 1 else ''} {names},"
        " which blissdata keeps scans by: run Redis 8, or Redis Stack"
    )


def _refused(place: str, error: str) -> str:
    text = error.lower()
    if "no such index" in text:
        return uninitialised(place).message
    for command, module in (("json.", "ReJSON"), ("ft.", "search")):
        if "unknown command" in text and command in text:
            return without_modules(place, [module]).message
    return f"the Redis {place} refuses: {error}"
