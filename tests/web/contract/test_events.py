"""From annotations to simple-json's objects and simPod's frame."""

from __future__ import annotations

import re
from html import unescape

import orjson
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.timestamps import EARLIEST, END
from grafana_sensor.service.annotations import Annotation
from grafana_sensor.web.contract.events import frame, items
from grafana_sensor.web.contract.replies import Event, Frame

TEXT = st.text(st.characters(codec="utf-8"), max_size=8) | st.text("<>&\"';a", max_size=8)
TIMES = st.integers(EARLIEST, END - 1)
ANNOTATIONS = st.builds(
    lambda time, length, *said: Annotation(time, min(time + length, END - 1), *said),
    TIMES,
    st.sampled_from([0, 1, 999, 60_000_000]),
    TEXT,
    TEXT,
    st.lists(TEXT, max_size=3).map(tuple),
)
DEPLOY = Annotation(1_704_067_200_000_999, 1_704_067_500_000_000, "Deploy <b>", 'R&D said: it\'s "on"', ("a,b", "c"))
POINT = Annotation(-1, -1, "hall", "", ())


def test_an_annotation_is_an_object() -> None:
    """An item has time and end in epoch ms, cut to the earlier one, its title and text without markup, and its tags."""
    assert [
        {
            "time": 1_704_067_200_000,
            "timeEnd": 1_704_067_500_000,
            "title": "Deploy &lt;b&gt;",
            "text": 'R&amp;D said: it\'s "on"',
            "tags": ["a,b", "c"],
        },
        {"time": -1, "timeEnd": -1, "title": "hall", "text": "", "tags": []},
    ] == items([DEPLOY, POINT])


def test_a_frame_has_a_field_for_each_member() -> None:
    """simPod's frame has times and texts in typed fields; tags are one text, in which commas part them."""
    assert [
        {
            "refId": "Anno",
            "name": "annotations",
            "fields": [
                {"name": "time", "type": "time", "config": {}, "values": [1_704_067_200_000, -1]},
                {"name": "timeEnd", "type": "time", "config": {}, "values": [1_704_067_500_000, -1]},
                {"name": "title", "type": "string", "config": {}, "values": ["Deploy &lt;b&gt;", "hall"]},
                {"name": "text", "type": "string", "config": {}, "values": ['R&amp;D said: it\'s "on"', ""]},
                {"name": "tags", "type": "string", "config": {}, "values": ["a b,c", ""]},
            ],
        }
    ] == frame([DEPLOY, POINT], "Anno")


def test_no_annotations_are_an_empty_list() -> None:
    """Of no annotation there are no items and no frame."""
    assert ([], []) == (items([]), frame([], "Anno"))


@given(st.lists(ANNOTATIONS, max_size=4))
def test_every_item_ends(annotations: list[Annotation]) -> None:
    """Each item is one as described, with an end that is not before its beginning, and survives JSON."""
    found = items(annotations)
    assert found == [Event.model_validate(each, strict=True).model_dump() for each in orjson.loads(orjson.dumps(found))]
    assert [] == [each for each in found if each["timeEnd"] < each["time"]]


@given(ANNOTATIONS)
def test_no_markup_comes_through(annotation: Annotation) -> None:
    """Title and text have no character that begins a tag or an entity of the device's own, and read as they were."""
    (one,) = items([annotation])
    for name, text in (("title", annotation.title), ("text", annotation.text)):
        assert None is re.search(r"[<>]|&(?!(?:amp|lt|gt);)", one[name])
        assert text == unescape(one[name])


@given(st.lists(ANNOTATIONS, min_size=1, max_size=4))
def test_a_frame_holds_what_the_items_hold(annotations: list[Annotation]) -> None:
    """The frame is one as described, all of its fields have a value for each item, and tags part into as many."""
    (one,) = orjson.loads(orjson.dumps(frame(annotations, "Anno")))
    assert one == Frame.model_validate(one, strict=True).model_dump(exclude_unset=True)
    columns = {field["name"]: field["values"] for field in one["fields"]}
    for name in ("time", "timeEnd", "title", "text"):
        assert [each[name] for each in items(annotations)] == columns[name]
    assert [max(1, len(each.tags)) for each in annotations] == [text.count(",") + 1 for text in columns["tags"]]
