"""Errors of Cassandra and of its driver, in our words.

Law: every exception of the driver stands in one table. What the surroundings can cause (nodes that are down, a right
that is missing) is Unavailable; what only a defect of ours can cause stays as it is. No message shows a password.
"""

from __future__ import annotations

import ssl
from typing import Final

import cassandra
from cassandra import cluster, connection, pool, protocol

from grafana_sensor.domain.errors import Unavailable


class Unsure(connection.ConnectionException):  # type: ignore[misc]  # the driver comes without types
    """A node can't look a login up, since it can't ask enough others: no word against the login."""


DEFECT: Final = ""
"""Stands for an exception that no surroundings can cause."""

_DOWN: Final = "none of its nodes can be reached; are they up, and is the address right?"
_GONE: Final = "too few of its nodes are up, or none; try again when they are back"
_FEW: Final = "too few of its nodes are up to be sure of an answer; try again when they are back"
_SLOW: Final = "its nodes don't answer in time; try again"
_FAILED: Final = "its nodes failed at it; see their logs"
_REFUSED: Final = "it refuses the user and the password that this server logs in with"
_RIGHT: Final = "its role lacks a right, or was given it a moment ago"
_STRANGER: Final = "what answers there speaks another protocol; Cassandra 4 or newer is wanted"
_TLS: Final = "TLS with its nodes fails; does each side trust the certificate of the other?"

MEANINGS: Final[dict[type[BaseException], str]] = {
    cassandra.Unavailable: _FEW,
    cassandra.ReadTimeout: _SLOW,
    cassandra.WriteTimeout: _SLOW,
    cassandra.Timeout: _SLOW,
    cassandra.OperationTimedOut: _SLOW,
    cassandra.ReadFailure: _FAILED,
    cassandra.WriteFailure: _FAILED,
    cassandra.CDCWriteFailure: _FAILED,
    cassandra.CoordinationFailure: _FAILED,
    cassandra.FunctionFailure: DEFECT,
    cassandra.Unauthorized: _RIGHT,
    cassandra.AuthenticationFailed: _REFUSED,
    cassandra.UnresolvableContactPoints: "the name of its host is unknown",
    cassandra.AlreadyExists: DEFECT,
    cassandra.InvalidRequest: DEFECT,
    cassandra.ConfigurationException: DEFECT,
    cassandra.RequestValidationException: DEFECT,
    cassandra.RequestExecutionException: _FAILED,
    cassandra.UnsupportedOperation: DEFECT,
    cassandra.DependencyException: DEFECT,
    cassandra.DriverException: DEFECT,
    cluster.NoHostAvailable: _DOWN,
    cluster.UserTypeDoesNotExist: DEFECT,
    cluster.QueryExhausted: DEFECT,
    connection.ConnectionShutdown: _DOWN,
    connection.ProtocolVersionUnsupported: _STRANGER,
    connection.CrcMismatchException: _FAILED,
    connection.ConnectionException: _DOWN,
    connection.ConnectionBusy: _SLOW,
    connection.ProtocolError: _STRANGER,
    pool.NoConnectionsAvailable: _SLOW,
    protocol.OverloadedErrorMessage: _SLOW,
    protocol.IsBootstrappingErrorMessage: _SLOW,
    protocol.TruncateError: _FAILED,
    protocol.ServerError: _FAILED,
    protocol.BadCredentials: _REFUSED,
    protocol.UnauthorizedErrorMessage: _RIGHT,
    protocol.RequestExecutionException: _FAILED,
    protocol.ClientWriteError: _FAILED,
    protocol.RequestValidationException: DEFECT,
    protocol.ProtocolException: DEFECT,
    protocol.NotSupportedError: DEFECT,
    protocol.InternalError: DEFECT,
    protocol.ErrorMessage: _FAILED,
}

# Where too few nodes answer to look a login or a right up, it comes as one that is wrong or missing, with these words.
_UNSURE: Final = "Unable to perform auth"


def is_unsure(error: BaseException) -> bool:
    """Whether a login or a right is refused only since it can't be looked up."""
    return _UNSURE in str(error)


def own(error: BaseException) -> BaseException:
    """The error to raise for `error`: Unavailable, or `error` itself."""
    meaning = _meaning(error)
    if isinstance(error, cluster.NoHostAvailable):
        reasons = error.errors.values() if isinstance(error.errors, dict) else ()
        meanings = [_of_node(reason) for reason in reasons]
        # Without reasons it was reached before, and the driver still tries to reach it.
        none = _DOWN if meanings else _GONE
        meaning = next((each for each in (_REFUSED, _TLS, _STRANGER, _FEW) if each in meanings), none)
    return unavailable(meaning) if meaning else error


def _of_node(error: BaseException) -> str:
    """Why one node can't be used."""
    # The driver passes some errors of TLS on as others, with their text.
    if isinstance(error, ssl.SSLError) or (isinstance(error, OSError) and "[SSL" in str(error)):
        return _TLS
    return _meaning(error)


def _meaning(error: BaseException) -> str:
    if is_unsure(error):
        return _FEW
    return next((MEANINGS[kind] for kind in type(error).__mro__ if kind in MEANINGS), DEFECT)


def unavailable(meaning: str) -> Unavailable:
    """The error that the cluster can't serve, and why."""
    return Unavailable(f"the store on Cassandra: {meaning}")


class OwnErrors:
    """A context whose errors are raised as `own` says. It has no state: one serves all threads."""

    def __enter__(self) -> None:
        """Nothing to begin."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None and (known := own(error)) is not error:
            raise known from error
