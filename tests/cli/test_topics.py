"""Patterns of topics."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.cli.topics import Said, pattern, patterns
from grafana_sensor.domain.errors import BadRequest

LEVEL = st.sampled_from(["a", "b", "", "+"])
FILTER = (
    st.lists(LEVEL, min_size=1, max_size=4)
    .flatmap(lambda levels: st.sampled_from(["/".join(levels), "/".join([*levels, "#"])]))
    .filter(bool)
)
TOPIC = st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=5).map("/".join)


@pytest.mark.parametrize(
    ("text", "filter_", "topic", "said"),
    [
        ("zigbee2mqtt/{sensor}", "zigbee2mqtt/+", "zigbee2mqtt/Living room", Said("Living room")),
        ("zigbee2mqtt/{sensor}", "zigbee2mqtt/+", "zigbee2mqtt/bridge/state", None),
        ("{sensor}/status/{attribute#}", "+/status/#", "plug/status/switch:0", Said("plug", "switch:0")),
        ("{sensor}/status/{attribute#}", "+/status/#", "plug/status/a/b", Said("plug", "a/b")),
        ("{sensor}/status/{attribute#}", "+/status/#", "plug/status", Said("plug")),
        ("{sensor}/{sensor}/t", "+/+/t", "site/room/t", Said("site/room")),
        ("site/{sensor#}", "site/#", "site/a/b", Said("a/b")),
        ("+/x", "+/x", "a/x", Said()),
        ("#", "#", "a/b", Said()),
    ],
)
def test_topics_say_sensor_and_attribute(text: str, filter_: str, topic: str, said: Said | None) -> None:
    """The broker is asked for the filter, and a topic of it says what stands in the levels with names."""
    found = pattern(text)
    assert (filter_, said) == (found.filter, found.match(topic))


@pytest.mark.parametrize(
    "text", ["", "a/#/b", "{sensor#}/b", "a+/b", "tele/x_{sensor}", "{room}", "a#", "{attribute}/{attribute}"]
)
def test_wrong_patterns_are_refused(text: str) -> None:
    """What MQTT doesn't allow, and names that are none, are told with the pattern."""
    with pytest.raises(BadRequest, match="the topic "):
        pattern(text)


@given(FILTER, FILTER, TOPIC)
def test_patterns_exclude_each_other(one: str, other: str, topic: str) -> None:
    """Where two patterns are taken no topic is of both; where they are refused there is one."""
    both = [pattern(one), pattern(other)]
    try:
        patterns([one, other])
    except BadRequest:
        assert any(all(each.match(made) for each in both) for made in _topics())
    else:
        assert not all(each.match(topic) for each in both)


def _topics() -> list[str]:
    """All topics of five levels of three kinds."""
    found, last = [], [[]]  # type: ignore[var-annotated]  # lists of levels
    for _ in range(5):
        last = [[*levels, level] for levels in last for level in ("a", "b", "")]
        found += ["/".join(levels) for levels in last]
    return found
