from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.plugins import readers
from tests.plugins.readers import read_by_grafana, read_by_infinity

NOON: Final = 1_704_110_400_000
"""2024-01-01T12:00:00Z in milliseconds."""

NOTICED: Final = {"notices": [{"severity": "warning", "text": "only every tenth point"}]}


def series(target: str = "temperature", **members: Any) -> dict[str, Any]:
    """A series of one point and a gap."""
    return {"refId": "A", "target": target, "datapoints": [[21.5, NOON], [None, NOON + 1]], **members}


def table(columns: list[Any], *rows: list[Any], **members: Any) -> dict[str, Any]:
    """A table whose columns are given by their texts, or as they are written."""
    written = [{"text": column} if isinstance(column, str) else column for column in columns]
    return {"type": "table", "refId": "A", "columns": written, "rows": rows, **members}


def of_sensor(sensor: str, **members: Any) -> dict[str, Any]:
    """A series with two labels."""
    return series(tags={"sensor": sensor, "attribute": "temperature"}, **members)


TIME: Final = {"text": "time", "type": "time"}
TIME_END: Final = {"text": "timeEnd", "type": "time"}
EVENTS: Final = [TIME, TIME_END, "Title", "text", "tags", "id"]

GRAFANA: Final[dict[tuple[str, str], Any]] = {
    ("query", "series"): [series(title="Hall", unit="celsius", tags={"sensor": "s1"}, meta=NOTICED)],
    ("query", "bare series"): [series()],
    ("query", "one label"): [series(tags={"sensor": "s1"}), series(tags={"sensor": "s2"})],
    ("query", "two labels"): [of_sensor("s1"), of_sensor("s2")],
    ("query", "titles"): [of_sensor("s1", title="Hall"), of_sensor("s2", title="Roof")],
    ("query", "targets"): [series("a"), series("b")],
    ("query", "texts"): [series(datapoints=[["on", NOON], [True, NOON + 1]])],
    ("query", "ISO times"): [series(datapoints=[[21.5, "2024-01-01T12:00:00Z"]])],
    ("query", "no points"): [series(datapoints=[])],
    ("query", "nothing"): [],
    ("query", "table"): [
        table(
            [{"text": "ts", "type": "time"}, "state", {"text": "value", "type": "number", "unit": "celsius"}],
            [NOON, "on", 21.5],
            meta=NOTICED,
        )
    ],
    ("query", "untyped table"): [table(["ts", "time", "n", "count"], [NOON, NOON, None, "7"])],
    ("query", "no rows"): [{"type": "table", "columns": [{"text": "ts"}]}],
    ("query", "frame"): [
        {
            "refId": "A",
            "name": "s1",
            "meta": NOTICED,
            "fields": [
                {"name": "time", "type": "time", "values": [NOON]},
                {
                    "name": "value",
                    "type": "number",
                    "labels": {"sensor": "s1"},
                    "config": {"unit": "celsius", "displayNameFromDS": "Hall"},
                    "values": [21.5],
                },
            ],
        }
    ],
    ("query", "only meta"): [{"refId": "A", "meta": NOTICED, "fields": []}],
    ("query", "schema and data"): [
        {
            "schema": {"refId": "A", "fields": [{"name": "time", "type": "time"}, {"name": "v", "type": "number"}]},
            "data": {"values": [[NOON], [21.5]]},
        }
    ],
    ("query", "rows"): [[{"time": NOON, "text": "x"}, {"time": NOON, "text": "y", "more": 1}]],
    ("query", "bare row"): [{"time": NOON, "text": "x"}],
    ("query", "null"): [None],
    ("query", "text"): ["s1"],
    ("query", "object"): {"data": []},
    ("variable", "pairs"): [{"__text": "Hall", "__value": 1}, {"__text": "Roof", "__value": "s2"}],
    ("variable", "same texts"): [{"__text": "Hall", "__value": "s1"}, {"__text": "Hall", "__value": "s2"}],
    ("variable", "text and value"): [{"text": "Hall", "value": 1}],
    ("variable", "strings"): ["s1", "s2"],
    ("variable", "nothing"): [],
    ("annotations", "regions"): [
        table(EVENTS, [NOON, NOON + 9, "wind", "storm", "a,b", "1"], [NOON, NOON, "wind", "gust", None, "2"])
    ],
    ("annotations", "null end first"): [
        table([TIME, TIME_END, "text"], [NOON, None, "gust"], [NOON, NOON + 9, "storm"])
    ],
    ("annotations", "other names"): [table([{"text": "ts", "type": "time"}, "Message"], [NOON, "storm"])],
    ("annotations", "two frames"): [table([TIME, "text"], [NOON, "a"]), table([TIME, "text"], [NOON + 9, "b"])],
    ("annotations", "no time"): [table(["ts", "text"], [NOON, "storm"])],
    ("annotations", "no text"): [series()],
    ("annotations", "nothing"): [],
    ("simple-json search", "both"): ["a", {"text": "A", "value": 1}],
    ("simple-json search", "zero"): ["a", {"text": "A", "value": 0}],
    ("simple-json annotations", "regions"): [
        {"time": NOON, "timeEnd": NOON, "title": "gust", "tags": ["a"]},
        {"time": NOON, "timeEnd": NOON + 9, "title": "storm"},
    ],
    ("simple-json annotations", "no end first"): [
        {"time": NOON, "title": "gust"},
        {"time": NOON, "timeEnd": NOON + 9, "title": "storm"},
    ],
    ("simple-json annotations", "no title"): [{"time": NOON, "text": "storm"}],
}


Seen = dict[tuple[str, str], Any]


@pytest.fixture(scope="module")
def grafana() -> Seen:
    """What is read of GRAFANA: the frames, options or events, or the text of the error."""
    cases = [{"mode": mode, "name": name, "answer": json.dumps(body)} for (mode, name), body in GRAFANA.items()]
    found = read_by_grafana(cases)
    assert [name for _, name in GRAFANA] == [one.pop("name") for one in found]
    for one in found:
        assert len(one) == 1
    return dict(zip(GRAFANA, (next(iter(one.values())) for one in found), strict=True))


def field(name: str, kind: str, values: list[Any], **members: Any) -> dict[str, Any]:
    """A field as @grafana/data has it, displayed by its name where nothing else is said."""
    return {"name": name, "type": kind, "values": values, "labels": {}, "config": {}, "display": name, **members}


def displays(frames: list[Any]) -> list[str]:
    """The names in the legend: those of the frames' last fields."""
    return [frame["fields"][-1]["display"] for frame in frames]


def test_a_series_is_time_and_value(grafana: Seen) -> None:
    """A series becomes Time and Value; its title, unit, tags, notices and null are kept."""
    config = {"unit": "celsius", "displayNameFromDS": "Hall"}
    value = field("Value", "number", [21.5, None], labels={"sensor": "s1"}, config=config, display="Hall")
    fields = [field("Time", "time", [NOON, NOON + 1]), value]
    frame = {"refId": "A", "name": "temperature", "meta": NOTICED, "length": 2, "fields": fields}
    assert [frame] == grafana["query", "series"]


def test_display_names_of_series(grafana: Seen) -> None:
    """A legend shows the title, else all labels, or the value of the only label, else the target."""
    assert ["temperature"] == displays(grafana["query", "bare series"])
    assert ["a", "b"] == displays(grafana["query", "targets"])
    assert ["s1", "s2"] == displays(grafana["query", "one label"])
    labels = ['{attribute="temperature", sensor="s1"}', '{attribute="temperature", sensor="s2"}']
    assert labels == displays(grafana["query", "two labels"])
    assert ["Hall", "Roof"] == displays(grafana["query", "titles"])


def test_the_values_of_a_series_are_numbers_by_name_only(grafana: Seen) -> None:
    """Texts and booleans in datapoints stay what they are, in a field that says it is of numbers."""
    assert field("Value", "number", ["on", True], display="temperature") == grafana["query", "texts"][0]["fields"][1]


def test_times_in_text_are_not_parsed(grafana: Seen) -> None:
    """An ISO time in datapoints is a text in a field of times."""
    assert field("Time", "time", ["2024-01-01T12:00:00Z"]) == grafana["query", "ISO times"][0]["fields"][0]


def test_nothing_is_no_error(grafana: Seen) -> None:
    """An empty list is no frame, empty datapoints are a frame of no length."""
    assert [] == grafana["query", "nothing"]
    assert [0] == [frame["length"] for frame in grafana["query", "no points"]]


def test_a_table_has_typed_fields(grafana: Seen) -> None:
    """A column has its declared type, or that of its values; its other members become the field's config."""
    fields = [
        field("ts", "time", [NOON]),
        field("state", "string", ["on"]),
        field("value", "number", [21.5], config={"unit": "celsius"}),
    ]
    frame = {"refId": "A", "name": None, "meta": NOTICED, "length": 1, "fields": fields}
    assert [frame] == grafana["query", "table"]


def test_a_column_of_times_wants_its_type(grafana: Seen) -> None:
    """Without a type, milliseconds are numbers unless the column is named time, and a text of digits is a number too."""
    types = [(found["name"], found["type"]) for found in grafana["query", "untyped table"][0]["fields"]]
    assert [("ts", "number"), ("time", "time"), ("n", "other"), ("count", "number")] == types


def test_a_table_wants_rows(grafana: Seen) -> None:
    """A table without rows is an error."""
    assert "Error: Expected table rows to be array, got undefined." == grafana["query", "no rows"]


def test_a_frame_is_taken_as_it_is(grafana: Seen) -> None:
    """A frame keeps its name, meta, labels and config, and displayNameFromDS goes before its labels."""
    config = {"unit": "celsius", "displayNameFromDS": "Hall"}
    value = field("value", "number", [21.5], labels={"sensor": "s1"}, config=config, display="Hall")
    frame = {"refId": "A", "name": "s1", "meta": NOTICED, "length": 1, "fields": [field("time", "time", [NOON]), value]}
    assert [frame] == grafana["query", "frame"]


def test_a_frame_of_no_fields_keeps_its_notices(grafana: Seen) -> None:
    """A frame that has no fields brings its notices."""
    assert [{"refId": "A", "name": None, "meta": NOTICED, "length": 0, "fields": []}] == grafana["query", "only meta"]


def test_schema_and_data_are_a_frame(grafana: Seen) -> None:
    """A frame in two parts, schema and data, is read as well."""
    assert [field("time", "time", [NOON]), field("v", "number", [21.5])] == grafana["query", "schema and data"][0][
        "fields"
    ]


def test_a_list_of_rows_has_the_members_of_the_first(grafana: Seen) -> None:
    """A list in the list is a frame of rows, with no more fields than the first row has members."""
    assert [field("time", "time", [NOON, NOON]), field("text", "string", ["x", "y"])] == grafana["query", "rows"][0][
        "fields"
    ]


def test_other_elements_fail_the_whole_panel(grafana: Seen) -> None:
    """A bare row, null or a text as an element is an error, and so is an object in place of the list."""
    assert "Error: Unsupported data format" == grafana["query", "bare row"]
    assert "TypeError: Cannot use 'in' operator to search for 'fields' in null" == grafana["query", "null"]
    assert "TypeError: Cannot use 'in' operator to search for 'fields' in s1" == grafana["query", "text"]
    assert "TypeError: response.data.map is not a function" == grafana["query", "object"]


@pytest.mark.parametrize("body", ["[NaN]", "[Infinity]", "", "<html>", "[1,]"])
def test_a_body_is_json(body: str) -> None:
    """A body that JSON.parse refuses is an error: NaN, an infinity, nothing, a page."""
    (found,) = read_by_grafana([{"name": "body", "answer": body}])
    assert "body" == found["name"]
    assert found["error"].startswith("SyntaxError: ")


def test_a_number_too_large_is_an_infinity() -> None:
    """JSON.parse makes an infinity of a number that no double holds; the reader tells it as a text."""
    (found,) = read_by_grafana([{"name": "large", "answer": '[{"target": "a", "datapoints": [[1e999, 1]]}]'}])
    assert ["Infinity"] == found["frames"][0]["fields"][1]["values"]


def test_variable_pairs(grafana: Seen) -> None:
    """__text and __value pair up, as texts; of two options with one text the first is left."""
    assert [{"text": "Hall", "value": "1"}, {"text": "Roof", "value": "s2"}] == grafana["variable", "pairs"]
    assert [{"text": "Hall", "value": "s1"}] == grafana["variable", "same texts"]
    assert [] == grafana["variable", "nothing"]


def test_text_and_value_are_two_options(grafana: Seen) -> None:
    """Only __text and __value pair up: text and value are an option each."""
    assert [{"text": "Hall", "value": "Hall"}, {"text": 1, "value": 1}] == grafana["variable", "text and value"]


def test_variable_strings_are_refused(grafana: Seen) -> None:
    """Plain strings as options are an error here, since Grafana 9.3.2 offers their letters."""
    assert "Error: plain strings as options: Grafana 9.3.2 takes them apart by index" == grafana["variable", "strings"]


def test_annotations_are_found_by_name(grafana: Seen) -> None:
    """Columns are found by their lower-case names, tags are split, null is left out, and two times are a region."""
    assert [
        {
            "time": NOON,
            "timeEnd": NOON + 9,
            "title": "wind",
            "text": "storm",
            "tags": ["a", "b"],
            "id": "1",
            "region": True,
        },
        {"time": NOON, "timeEnd": NOON, "title": "wind", "text": "gust", "id": "2", "region": False},
    ] == grafana["annotations", "regions"]


def test_the_first_time_and_text_stand_in(grafana: Seen) -> None:
    """Where no column is named time or text, the first of times and the first of texts are taken."""
    assert [{"time": NOON, "text": "storm", "region": False}] == grafana["annotations", "other names"]


def test_a_first_null_end_breaks_all_regions(grafana: Seen) -> None:
    """If the first row's timeEnd is null, no row is a region."""
    assert [
        {"time": NOON, "text": "gust", "region": False},
        {"time": NOON, "text": "storm", "region": False},
    ] == grafana["annotations", "null end first"]


def test_annotations_of_all_frames_are_drawn(grafana: Seen) -> None:
    """The events of several frames are drawn together."""
    assert [(NOON, "a"), (NOON + 9, "b")] == [
        (event["time"], event["text"]) for event in grafana["annotations", "two frames"]
    ]
    assert [] == grafana["annotations", "nothing"]


def test_annotations_want_time_and_text(grafana: Seen) -> None:
    """Without a column of times, or one of texts, all events are dropped: an error here."""
    assert "Error: no column for time: Grafana drops all events" == grafana["annotations", "no time"]
    assert "Error: no column for text: Grafana drops all events" == grafana["annotations", "no text"]


def test_simple_json_search_wants_true_values(grafana: Seen) -> None:
    """simple-json's options are texts or pairs; a value that counts as false spoils the pair."""
    options = [{"text": "a", "value": "a"}, {"text": "A", "value": 1}]
    assert options == grafana["simple-json search", "both"]
    assert "Error: option 1 " in grafana["simple-json search", "zero"]


def test_simple_json_annotations_follow_the_first(grafana: Seen) -> None:
    """simple-json's events have the members of the first: without its timeEnd there are no regions. A title is wanted."""
    first, second = grafana["simple-json annotations", "regions"]
    assert {"time": NOON, "timeEnd": NOON, "title": "gust", "tags": ["a"], "region": False} == first
    assert {"time": NOON, "timeEnd": NOON + 9, "title": "storm", "region": True} == second
    assert [False, False] == [event["region"] for event in grafana["simple-json annotations", "no end first"]]
    assert "Error: event 0 has no title" == grafana["simple-json annotations", "no title"]


def infinity(answer: Any, *columns: str, **options: Any) -> dict[str, Any]:
    """What Infinity reads of an answer, a text or what becomes JSON; a column is written name:type."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    declared = [dict(zip(("selector", "type"), column.split(":"), strict=False)) for column in columns]
    (found,) = read_by_infinity([{"name": "one", "answer": text, "columns": declared, **options}])
    assert "one" == found.pop("name")
    return found


def values(found: dict[str, Any]) -> dict[str, tuple[str, list[Any]]]:
    """The fields' types and values by their names, in order."""
    return {one["name"]: (one["type"], one["values"]) for one in found["fields"]}


def test_rows_are_fields_in_alphabetical_order() -> None:
    """Fields are in alphabetical order, of the type of their first value; a missing member is null."""
    found = infinity([{"sensor": "s1", "on": True, "mean": 1}, {"mean": 2.5, "alarm": None}])
    assert "not" == found["schema"]
    expected = {
        "alarm": ("string", [None, None]),
        "mean": ("number", [1, 2.5]),
        "on": ("boolean", [True, None]),
        "sensor": ("string", ["s1", None]),
    }
    assert list(expected.items()) == list(values(found).items())


def test_nested_values_are_texts() -> None:
    """A nested value is a text of JSON, whatever is declared, and null beside it the text null."""
    expected = {"tags": ("string", ['{"room":"hall"}', "null"])}
    assert expected == values(infinity([{"tags": {"room": "hall"}}, {}]))
    assert expected == values(infinity([{"tags": {"room": "hall"}}, {}], "tags:number"))


def test_a_column_of_two_types_is_an_error() -> None:
    """A number and a text in one column fail the query, unless it is declared: then what is no number is null."""
    rows = [{"v": 1}, {"v": None}, {"v": "x"}, {"v": "2.5"}]
    assert {"error": 'the column "v" mixes number and string'} == infinity(rows)
    assert {"v": ("number", [1, None, None, 2.5])} == values(infinity(rows, "v:number"))
    assert {"v": ("string", ["1", None, "x", "2.5"])} == values(infinity(rows, "v:string"))


def test_a_column_that_starts_with_null_is_doubtful() -> None:
    """Where the first value is null, Infinity 2.0.0 wants the type declared."""
    rows = [{"v": None}, {"v": 1}]
    assert ["v starts with null: Infinity 2.0.0 finds no number in it"] == infinity(rows)["warnings"]
    assert "warnings" not in infinity(rows, "v:number")


def test_an_empty_list_has_no_fields() -> None:
    """An empty list has no fields, and declaring columns does not help."""
    assert {"schema": "not", "fields": []} == infinity([])
    assert {"schema": "not", "fields": []} == infinity([], "time:time", "v:number", format="timeseries")


@pytest.mark.parametrize("body", ["", " \r\n", "[NaN]", "<html>", "[1]", "null"])
def test_a_body_of_no_rows_is_an_error(body: str) -> None:
    """An empty body is an error, and so is what is no JSON, or no rows."""
    assert ["error"] == list(infinity(body))


def test_only_declared_columns_are_read() -> None:
    """Where columns are declared, others are left out; one that is not in the rows is all null."""
    assert {"v": ("number", [1]), "x": ("string", [None])} == values(infinity([{"v": 1, "w": 2}], "x", "v"))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-01-01T12:00:00Z", "2024-01-01T12:00:00Z"),
        ("2024-01-01T12:00:00.250000Z", "2024-01-01T12:00:00.25Z"),
        ("2024-01-01T12:00:00.000001+00:00", "2024-01-01T12:00:00.000001Z"),
        ("2024-01-01T12:00:00+01:00", "2024-01-01T11:00:00Z"),
        ("2024-01-01T12:00:00", "2024-01-01T12:00:00Z"),
        ("2024-01-01 12:00:00", "2024-01-01T12:00:00Z"),
        ("2024-01-01 12:00:00+0000", None),
        ("2024-01-01T12:00:00+0000", None),
        ("Mon, 01 Jan 2024 12:00:00 GMT", None),
        ("", None),
        (NOON, None),
    ],
)
def test_times_that_are_known(written: Any, read: str | None) -> None:
    """A column of times knows RFC 3339, also with no zone or with a space; +0000, RFC 1123 and milliseconds are null."""
    assert {"time": ("time", [read])} == values(infinity([{"time": written}], "time:timestamp"))


def test_epochs_have_types_of_their_own() -> None:
    """Milliseconds are timestamp_epoch, seconds timestamp_epoch_s, as numbers or as texts."""
    for factor, kind in [(1, "timestamp_epoch"), (1000, "timestamp_epoch_s")]:
        rows = [{"time": NOON // factor}, {"time": str(NOON // factor)}, {"time": "noon"}]
        expected = ["2024-01-01T12:00:00Z", "2024-01-01T12:00:00Z", None]
        assert {"time": ("time", expected)} == values(infinity(rows, f"time:{kind}"))


def test_undeclared_times_are_texts() -> None:
    """Without declared columns a time stays a text, and the rows are no time series."""
    rows = [{"time": "2024-01-01T12:00:00Z", "v": 1}]
    assert "not" == infinity(rows)["schema"]
    assert "got not series" in infinity(rows, format="timeseries")["error"]


def test_the_root_is_a_member() -> None:
    """A root selector leads to the rows; where it leads to nothing, that is an error."""
    assert {"v": ("number", [1])} == values(infinity({"data": [{"v": 1}], "next": None}, root="data"))
    assert ["error"] == list(infinity({"rows": []}, root="data"))


def test_a_cursor_is_there_to_the_end() -> None:
    """The cursor's member may be null or empty, which ends the pages; its absence is an error."""
    assert ["c2", "", ""] == [infinity({"next": word}, cursor="next")["next"] for word in ("c2", None, "")]
    assert ["error"] == list(infinity({"data": []}, cursor="next"))


def test_pages_are_merged() -> None:
    """Pages of the same fields are one frame; an empty one among them is an error."""
    full, empty = json.dumps({"data": [{"v": 1}], "next": "c2"}), json.dumps({"data": [], "next": None})
    last = json.dumps({"data": [{"v": 2}], "next": None})
    whole = infinity("", pages=[full, last], root="data", cursor="next")
    assert ({"v": ("number", [1, 2])}, "") == (values(whole), whole["next"])
    assert {"error": "unable to merge fields due to different fields"} == infinity("", pages=[full, empty], root="data")


LONG: Final[list[dict[str, Any]]] = [
    {"time": "2024-01-01T12:00:00Z", "sensor": "s1", "v": 1},
    {"time": "2024-01-01T12:00:00Z", "sensor": "s2", "v": 2},
    {"time": "2024-01-01T13:00:00Z", "sensor": "s2", "v": None},
    {"time": "2024-01-01T14:00:00Z", "sensor": "s1", "v": 3},
]
TYPES: Final = ("time:time", "sensor:string", "v:number")


def test_time_series_are_wide() -> None:
    """As time series, columns of texts become labels, each series a field, and what a series lacks is null."""
    assert "long" == infinity(LONG, *TYPES)["schema"]
    found = infinity(LONG, *TYPES, format="timeseries")
    times = ["2024-01-01T12:00:00Z", "2024-01-01T13:00:00Z", "2024-01-01T14:00:00Z"]
    fields = [
        {"name": "time", "type": "time", "labels": {}, "values": times},
        {"name": "v", "type": "number", "labels": {"sensor": "s1"}, "values": [1, None, 3]},
        {"name": "v", "type": "number", "labels": {"sensor": "s2"}, "values": [2, None, None]},
    ]
    assert {"schema": "wide", "fields": fields} == found


def test_time_series_ascend() -> None:
    """Time that goes down, or is null, is an error of the SDK."""
    assert "not sorted in ascending order" in infinity(LONG[::-1], *TYPES, format="timeseries")["error"]
    rows = [{**LONG[0], "time": None}]
    assert "null" in infinity(rows, *TYPES, format="timeseries")["error"]


def test_time_series_want_a_number() -> None:
    """Rows of times and texts alone are no time series, which is an error of the SDK."""
    assert "got not series" in infinity(LONG, "time:time", "sensor", format="timeseries")["error"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_is_texts_until_typed(end: str) -> None:
    """The columns of CSV are texts until they are declared; an empty cell of a declared one is null."""
    text = end.join(["v,time", "1.5,2024-01-01T12:00:00Z", ",", ""])
    assert {"time": ("string", ["2024-01-01T12:00:00Z", ""]), "v": ("string", ["1.5", ""])} == values(
        infinity(text, kind="csv")
    )
    typed = {"time": ("time", ["2024-01-01T12:00:00Z", None]), "v": ("number", [1.5, None])}
    assert typed == values(infinity(text, "v:number", "time:timestamp", kind="csv"))


def test_csv_of_a_header_has_no_fields() -> None:
    """CSV of a header alone has no fields; an empty body, or a row too short, is an error."""
    assert [] == infinity("v,time\r\n", kind="csv")["fields"]
    assert ["error"] == list(infinity("", kind="csv"))
    assert ["error"] == list(infinity("v,time\r\n1\r\n", kind="csv"))


@pytest.mark.parametrize(
    "options",
    [
        {"root": "0.datapoints"},
        {"columns": [{"selector": "tags.room"}]},
        {"columns": [{"selector": "v", "type": "float"}]},
        {"format": "wide"},
        {"kind": "xml"},
        {"colums": []},
    ],
)
def test_a_case_that_is_none_ends_infinity(options: dict[str, Any]) -> None:
    """What is wrong with the case itself is no reading of the answer: paths, unknown words and members."""
    with pytest.raises(AssertionError, match="the case"):
        read_by_infinity([{"name": "one", "answer": "[]", **options}])


def test_a_case_that_is_none_ends_grafana() -> None:
    """A mode that isn't there is no reading of the answer."""
    with pytest.raises(AssertionError, match="no such mode: graph"):
        read_by_grafana([{"name": "one", "answer": "[]", "mode": "graph"}])


@pytest.mark.parametrize(("ci", "outcome"), [("", "Skipped"), ("true", "Failed")])
def test_what_is_missing_skips_at_a_desk_only(
    ci: str, outcome: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where a program is missing its tests are skipped, but with CI set they fail."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(readers, "INFINITY", tmp_path / "infinity")
    for read in (read_by_grafana, read_by_infinity):
        with pytest.raises(BaseException, match="is missing: `make test` gets it") as caught:
            read([])
        assert outcome == caught.typename
