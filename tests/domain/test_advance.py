"""The steps of a scan."""

from __future__ import annotations

import pytest

from grafana_sensor.domain.advance import advanced
from grafana_sensor.domain.errors import StateError
from grafana_sensor.domain.scan import Scan, ScanState


@pytest.mark.parametrize(
    ("state", "to", "message"),
    [
        (ScanState.CREATED, ScanState.STARTED, "is CREATED: it can't be STARTED next; PREPARED is, or CLOSED"),
        (ScanState.STOPPED, ScanState.STARTED, "is STOPPED: it can't be STARTED next; CLOSED is"),
        (ScanState.CLOSED, ScanState.STOPPED, "is CLOSED: it can't be STOPPED next; nothing is"),
    ],
)
def test_a_step_that_is_not_allowed_says_which_is(state: ScanState, to: ScanState, message: str) -> None:
    """The message names the state, the one wanted, and what may come next."""
    with pytest.raises(StateError, match=message):
        advanced(Scan("K", {}, {}, state, {}, {}), to, 0, {}, ())
