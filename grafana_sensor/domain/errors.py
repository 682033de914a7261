"""Every error that a user can meet.

Law: an error carries a `code` (stable, for programs), a message that names what is wrong, where and what
would be right, and a `status` as a hint for the edge; the core knows no HTTP server. Whatever is not one of
these is a defect of ours.

    Error
    ├── BadRequest          the request itself is wrong (400)
    │   ├── QuerySyntaxError     with `position` in the text
    │   ├── ProjectionError      raw and aggregate mixed, unknown aggregate
    │   ├── ConditionError       an operator or value that can't be compared, a bad pattern
    │   ├── UnknownAttribute     with a suggestion where a name is near
    │   ├── UnknownSensor
    │   ├── UnknownScan
    │   ├── UnknownStream
    │   ├── LineError            with the `line` of the body
    │   └── RangeError           impossible times, from after to, too fine buckets
    ├── WrongCredentials    401
    ├── Forbidden           403
    ├── NotFound            404: NoScanAvailable, ScanNotFoundError, IndexNotYetThereError, IndexWontBeThereError,
    │                            IndexNoMoreThereError
    ├── EndOfStream         410: ScanInactive
    ├── Conflict            409: UserExists, IdempotencyConflict, DeclarationError, RecordExists, ScanExists,
    │                            StateError, PointConflict
    ├── TooLarge            413: a body beyond its limit
    ├── UnsupportedMedia    415
    ├── Unprocessable       422: RecordError, RejectedRecords, RejectedLine, LimitError, PointError, StreamUnreadable
    ├── Busy                429: as many are served at once as may be
    └── Unavailable         503: the store does not answer
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar, Self


class Error(Exception):
    """The root; never raised itself.

    `position` is the 0-based offset in the query text that the message is about, where there is one.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class BadRequest(Error, ValueError):
    """The request is wrong in itself."""

    code = "bad_request"
    status = 400


class QuerySyntaxError(BadRequest):
    """The query text does not follow the grammar."""

    code = "syntax_error"


class ProjectionError(BadRequest):
    """Raw and aggregate projections mix, or an aggregate is unknown or can't be taken."""

    code = "projection_error"


class ConditionError(BadRequest):
    """A condition whose operator, value or pattern can't be used."""

    code = "condition_error"


class RangeError(BadRequest):
    """Times that are impossible, a range that is reversed, or buckets that don't fit it."""

    code = "range_error"


class _UnknownName(BadRequest):
    """Never raised itself: its code and its message name what is unknown."""

    @classmethod
    def named(cls, name: str, known: Sequence[str], position: int | None = None) -> Self:
        """The error for `name`, with the nearest of the `known` names as a suggestion."""
        near = get_close_matches(name, known, n=1)
        suggestion = f" (did you mean {near[0]!r}?)" if near else ""
        return cls(f"{cls.code.replace('_', ' ')} {name!r}{suggestion}", position=position)


class UnknownAttribute(_UnknownName):
    """None of the user's sensors has the attribute."""

    code = "unknown_attribute"


class UnknownSensor(_UnknownName):
    """The user has no such sensor."""

    code = "unknown_sensor"


class UnknownScan(BadRequest):
    """The user has no such scan."""

    code = "unknown_scan"


class UnknownStream(_UnknownName):
    """The scan has no such stream."""

    code = "unknown_stream"


class LineError(BadRequest):
    """A line of a body in the line protocol can't be read; `line` is its number, from 1."""

    code = "line_error"

    def __init__(self, message: str, *, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


class WrongCredentials(Error):
    """The user or the password is wrong; which of them is not told."""

    code = "wrong_credentials"
    status = 401


class Forbidden(Error, PermissionError):
    """The user may not do this."""

    code = "forbidden"
    status = 403


class NotFound(Error, LookupError):
    """What the address names is not there."""

    code = "not_found"
    status = 404


class NoScanAvailable(NotFound):
    """There is no scan yet, or none came in time."""

    code = "no_scan"


class ScanNotFoundError(NotFound):
    """No scan has the key; one that was there may have been deleted."""

    code = "scan_not_found"


class IndexNotYetThereError(NotFound, IndexError):
    """The stream hasn't come so far, but may."""

    code = "index_not_yet_there"


class IndexWontBeThereError(NotFound, IndexError):
    """The stream is sealed and ended before."""

    code = "index_wont_be_there"


class IndexNoMoreThereError(NotFound, IndexError):
    """The point was there, but was trimmed since."""

    code = "index_no_more_there"


class EndOfStream(Error):
    """All points were read, and there will be no more."""

    code = "end_of_stream"
    status = 410


class ScanInactive(EndOfStream):
    """Nothing came from the scan for so long that whoever recorded it seems to have died."""

    code = "scan_inactive"


class Conflict(Error):
    """What is there already stands against the request."""

    code = "conflict"
    status = 409


class UserExists(Conflict):
    """The user name is taken."""

    code = "user_exists"


class RecordExists(Conflict):
    """The record id given to insert_into is not new."""

    code = "record_exists"


class IdempotencyConflict(Conflict):
    """The idempotency key was used with another path or body."""

    code = "idempotency_conflict"


class DeclarationError(Conflict):
    """The attribute's values contradict the declared kind."""

    code = "declaration_error"


class ScanExists(Conflict):
    """The key is another scan's."""

    code = "scan_exists"


class StateError(Conflict):
    """The scan is not in a state in which this can be done; the message names both."""

    code = "scan_state"


class PointConflict(Conflict):
    """Points that leave a gap, or differ from those at the same indexes."""

    code = "point_conflict"


class TooLarge(Error):
    """A body beyond its limit."""

    code = "too_large"
    status = 413


class UnsupportedMedia(Error):
    """A content encoding or format that is not read here."""

    code = "unsupported_media"
    status = 415


class Unprocessable(Error, ValueError):
    """The request can be read, but what it holds can't be taken."""

    code = "unprocessable"
    status = 422


class RecordError(Unprocessable):
    """One record that can't be stored; the message says which part of it and why."""

    code = "record_error"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that was refused: its 0-based index in the post, and why."""

    index: int
    message: str


class RejectedRecords(Unprocessable):
    """Records of a post that can't be stored; nothing of the post is."""

    code = "rejected_records"

    def __init__(self, rejected: Sequence[Rejected]) -> None:
        first = rejected[0]
        more = f" (and {len(rejected) - 1} more)" if len(rejected) > 1 else ""
        super().__init__(f"record {first.index}: {first.message}{more}")
        self.rejected = tuple(rejected)


class RejectedLine(Unprocessable):
    """Lines of a body in the line protocol can't be stored; `line` is the number of the first, from 1."""

    code = "rejected_line"

    def __init__(self, message: str, *, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


class LimitError(Unprocessable):
    """A limit bites; the message names the limit and a way out."""

    code = "limit_exceeded"


class PointError(Unprocessable, TypeError):
    """Points that the stream can't take: of another dtype or shape, or none."""

    code = "point_error"


class StreamUnreadable(Unprocessable):
    """A stream that only an absent plugin of blissdata reads, or of a kind that can't be shown so."""

    code = "stream_unreadable"


class Busy(Error):
    """As many are served at once as may be; the same request may go through later."""

    code = "busy"
    status = 429


class Unavailable(Error):
    """The store does not answer; the same request may go through later."""

    code = "store_unavailable"
    status = 503
