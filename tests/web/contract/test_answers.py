"""From answers to series, tables and frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.errors import BadRequest, LimitError, UnknownAttribute
from grafana_sensor.domain.series import ColumnKind, Series, Table, TableColumn
from grafana_sensor.domain.timestamps import EARLIEST, END
from grafana_sensor.service.answers import Question
from grafana_sensor.service.panels import REFUSALS, Found, Target
from grafana_sensor.web.contract.answers import TYPES, elements, milliseconds
from grafana_sensor.web.contract.replies import Frame, PanelTable, Timeserie
from grafana_sensor.web.contract.targets import Asked


def asked(name: str = "A", *, frame: bool = False, lists: dict[str, list[str]] | None = None) -> Asked:
    return Asked(Target(name, Question("t")), frame, lists=lists or {})


def line(*points: tuple[int, Any], kind: ColumnKind = "number", notices: tuple[str, ...] = (), **more: Any) -> Series:
    """A series of points (time in µs, value)."""
    times = np.array([time for time, _ in points], np.int64)
    said = {"name": "hall t", "tags": {"sensor": "hall", "attribute": "t"}, **more}
    return Series(times=times, values=[value for _, value in points], kind=kind, notices=notices, **said)


def written(asking: Asked, answer: Found) -> list[Any]:
    """The elements of one target as a browser reads them."""
    found: list[Any] = orjson.loads(orjson.dumps(elements([asking], [answer])))
    return found


def test_a_series_is_points_of_value_and_time() -> None:
    """A series has its name, the labels, and points of [value, epoch ms], where null is a gap."""
    series = line((1_704_067_200_000_000, 21.5), (1_704_067_260_000_000, None))
    assert [
        {
            "refId": "A",
            "target": "hall t",
            "title": "hall t",
            "tags": {"sensor": "hall", "attribute": "t"},
            "datapoints": [[21.5, 1_704_067_200_000], [None, 1_704_067_260_000]],
        }
    ] == written(asked(), [series])


def test_a_declared_unit_and_title_are_shown() -> None:
    """A series is shown by its title, where it has one, with its unit; the name stays as it is."""
    (one,) = written(asked(), [line(unit="celsius", title="hall Temperature")])
    assert ("hall t", "hall Temperature", "celsius") == (one["target"], one["title"], one["unit"])


def test_notices_go_with_their_series() -> None:
    """What a reader must know of a series is a warning in its meta; another has no meta."""
    first, second = written(asked(), [line(), line(notices=("reduced", "mixed"))])
    assert "meta" not in first
    warnings = [{"severity": "warning", "text": text} for text in ("reduced", "mixed")]
    assert {"notices": warnings} == second["meta"]


def test_a_frame_is_a_series_in_columns() -> None:
    """As a frame a series has a field of times and one of values with labels, unit and title."""
    series = line((1_000, "on"), (2_000, None), kind="text", unit="bool", title="State", notices=("mixed",))
    assert [
        {
            "refId": "A",
            "name": "hall t",
            "fields": [
                {"name": "time", "type": "time", "values": [1, 2]},
                {
                    "name": "value",
                    "type": "string",
                    "labels": {"sensor": "hall", "attribute": "t"},
                    "config": {"displayNameFromDS": "State", "unit": "bool"},
                    "values": ["on", None],
                },
            ],
            "meta": {"notices": [{"severity": "warning", "text": "mixed"}]},
        }
    ] == written(asked(frame=True), [series])
    (plain,) = written(asked(frame=True), [line(kind="integer")])
    assert ("number", {"displayNameFromDS": "hall t"}) == (plain["fields"][1]["type"], plain["fields"][1]["config"])


TABLE = Table(
    (
        TableColumn("time", "time", [1_500, -1]),
        TableColumn("sensor", "text", ["hall", "roof"]),
        TableColumn("t", "number", [21.5, None], "celsius", "Temperature"),
        TableColumn("cnt", "integer", [3, 0]),
    ),
    notices=("too old",),
)


def test_a_table_has_typed_columns_and_rows() -> None:
    """A table has its columns with type, unit and title, and rows whose times are epoch ms."""
    assert [
        {
            "refId": "A",
            "type": "table",
            "columns": [
                {"text": "time", "type": "time"},
                {"text": "sensor", "type": "string"},
                {"text": "t", "type": "number", "unit": "celsius", "displayNameFromDS": "Temperature"},
                {"text": "cnt", "type": "number"},
            ],
            "rows": [[1, "hall", 21.5, 3], [-1, "roof", None, 0]],
            "meta": {"notices": [{"severity": "warning", "text": "too old"}]},
        }
    ] == written(asked(), TABLE)


def test_a_table_as_a_frame_is_its_columns() -> None:
    """As a frame a table is one field for each column, with what is declared of it in its configuration."""
    (one,) = written(asked(frame=True), TABLE)
    assert {"refId", "fields", "meta"} == set(one)
    assert [
        {"name": "time", "type": "time", "config": {}, "values": [1, -1]},
        {"name": "sensor", "type": "string", "config": {}, "values": ["hall", "roof"]},
        {
            "name": "t",
            "type": "number",
            "config": {"unit": "celsius", "displayNameFromDS": "Temperature"},
            "values": [21.5, None],
        },
        {"name": "cnt", "type": "number", "config": {}, "values": [3, 0]},
    ] == one["fields"]


def test_a_table_without_rows_has_rows() -> None:
    """A table of nothing has its columns and an empty list of rows, without which Grafana fails."""
    (one,) = written(asked(), Table((TableColumn("t", "number", []),)))
    assert ([{"text": "t", "type": "number"}], []) == (one["columns"], one["rows"])


@given(st.integers(EARLIEST, END - 1))
def test_times_are_cut_to_the_earlier_millisecond(time: int) -> None:
    """A time is the epoch millisecond that it lies in, before 1970 too."""
    (found,) = milliseconds([time])
    assert 0 <= time - found * 1_000 < 1_000
    assert int is type(found)


def test_elements_stand_in_the_order_of_their_targets() -> None:
    """Elements carry the names of their targets, target by target; one without a name has none."""
    found = elements([asked("B"), asked(""), asked("A")], [[line(), line()], TABLE, [line()]])
    assert ["B", "B", None, "A"] == [element.get("refId") for element in found]
    assert "refId" not in found[2]


LOST = UnknownAttribute("unknown attribute 'x'")


def test_an_error_hangs_on_another_answer() -> None:
    """What is wrong with a target is told, by its name, on the first element that is there."""
    series = line((0, 1.0), notices=("reduced",))
    first, second = elements([asked("A"), asked("B"), asked(""), asked("D")], [LOST, [series], LimitError("no"), TABLE])
    assert [
        {"severity": "warning", "text": "reduced"},
        {"severity": "error", "text": "A: unknown attribute 'x'"},
        {"severity": "error", "text": "no"},
    ] == first["meta"]["notices"]
    assert [{"severity": "warning", "text": "too old"}] == second["meta"]["notices"]


def test_an_error_beside_empty_answers_is_told_too() -> None:
    """Where the other targets have no element, an empty frame carries what is wrong."""
    notices = [{"severity": "error", "text": "A: unknown attribute 'x'"}]
    assert [{"fields": [], "meta": {"notices": notices}}] == elements([asked("A"), asked("B")], [LOST, []])


def test_no_targets_and_no_series_are_an_empty_list() -> None:
    """Of no target, and of targets that find nothing, the answer is `[]`."""
    assert [] == elements([], [])
    assert [] == elements([asked(), asked("B")], [[], []])


def test_a_notice_changes_no_answer() -> None:
    """What is added to an element's meta is in no other element, and not in the answer when it is written again."""
    series = line(notices=("reduced",))
    once = elements([asked("A"), asked("B")], [[series, series], LOST])
    again = elements([asked("A")], [[series, series]])
    assert [2, 1, 1, 1] == [len(element["meta"]["notices"]) for element in (*once, *again)]


# A payload that simPod emptied.


def of(*sensors: str) -> list[Series]:
    return [line(tags={"sensor": sensor, "attribute": "t"}) for sensor in sensors]


def test_a_lost_payload_is_told() -> None:
    """Where a payload came empty and sensors answer that a variable leaves out, the first element says how to write it."""
    first, second, third = elements([asked(lists={"sensor": ["a", "b"]})], [of("a", "b", "c")])
    (notice,) = first["meta"]["notices"]
    assert ("info", True) == (notice["severity"], '{"sensor": $sensor}' in notice["text"])
    assert ("meta" in second, "meta" in third) == (False, False)


@pytest.mark.parametrize(
    ("sensors", "lists"),
    [
        (["a", "b"], {"sensor": ["a", "b"]}),
        (["a"], {"sensor": ["a", "b"]}),
        (["c"], {"sensor": ["a", "b"]}),
        (["a", "c"], {"room": ["kitchen"]}),
        (["a", "c"], {"sensor": []}),
        (["a", "c"], {}),
        ([], {"sensor": ["a"]}),
    ],
)
def test_a_payload_that_may_be_meant_is_not_told(sensors: list[str], lists: dict[str, list[str]]) -> None:
    """Nothing is said where every sensor that answers is chosen, or none is, or no variable is about sensors."""
    assert [] == [each for each in elements([asked(lists=lists)], [of(*sensors)]) if "meta" in each]


def test_series_over_all_sensors_tell_of_no_lost_payload() -> None:
    """A series that is of no one sensor says nothing of what was chosen."""
    (one,) = elements([asked(lists={"sensor": ["a"]})], [[line(tags={"attribute": "t"})]])
    assert "meta" not in one


# Any answer.

TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
CELLS: dict[ColumnKind, st.SearchStrategy[Any]] = {
    "time": st.integers(EARLIEST, END - 1),
    "number": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "integer": st.none() | st.integers(0, 2**53),
    "text": st.none() | TEXT,
}
NOTICES = st.lists(TEXT, max_size=2).map(tuple)


@st.composite
def lines(draw: st.DrawFn) -> Series:
    kind: ColumnKind = draw(st.sampled_from(["number", "integer", "text"]))
    points = draw(st.lists(st.tuples(CELLS["time"], CELLS[kind]), max_size=4))
    said = {name: draw(st.none() | TEXT) for name in ("unit", "title")}
    return line(*points, kind=kind, notices=draw(NOTICES), name=draw(TEXT), **said)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    rows = draw(st.integers(0, 4))
    columns = []
    for kind in draw(st.lists(st.sampled_from(sorted(CELLS)), max_size=4)):
        cells = draw(st.lists(CELLS[kind], min_size=rows, max_size=rows))
        columns.append(TableColumn(draw(TEXT), kind, cells, draw(st.none() | TEXT), draw(st.none() | TEXT)))
    return Table(tuple(columns), notices=draw(NOTICES))


FOUND: st.SearchStrategy[Found] = st.lists(lines(), max_size=3) | tables() | st.builds(BadRequest, TEXT)


@given(st.lists(st.tuples(FOUND, TEXT, st.booleans()), max_size=4))
def test_any_answer_is_what_the_description_says(drawn: list[tuple[Found, str, bool]]) -> None:
    """Every element is a series, a table or a frame as they are described, and JSON gives it back as it is."""
    asking = [asked(name, frame=frame) for _, name, frame in drawn]
    found = elements(asking, [answer for answer, _, _ in drawn])
    read = orjson.loads(orjson.dumps(found))
    for element in read:
        model = Timeserie if "datapoints" in element else PanelTable if "type" in element else Frame
        assert element == model.model_validate(element, strict=True).model_dump(exclude_unset=True)
    kept = [answer for answer, _, _ in drawn if not isinstance(answer, REFUSALS)]
    count = sum(1 if isinstance(answer, Table) else len(answer) for answer in kept)
    assert max(count, len(kept) < len(drawn)) == len(read)


@given(st.lists(lines(), min_size=1, max_size=3), st.booleans())
def test_no_point_is_lost(answer: list[Series], frame: bool) -> None:
    """Each series has all its values, each of its kind, at their times, whatever they are written as."""
    read = written(asked(frame=frame), answer)
    for series, element in zip(answer, read, strict=True):
        if frame:
            points = list(zip(*(field["values"] for field in element["fields"]), strict=True))
            assert TYPES[series.kind] == element["fields"][1]["type"]
        else:
            points = [(time, value) for value, time in element["datapoints"]]
        assert list(zip([int(time) // 1_000 for time in series.times], series.values, strict=True)) == points


@given(tables(), st.booleans())
def test_no_cell_is_lost(table: Table, frame: bool) -> None:
    """A table has all its cells in their columns, times as milliseconds, whatever it is written as."""
    (element,) = written(asked(frame=frame), table)
    cells = [
        [value // 1_000 for value in column.values] if column.kind == "time" else list(column.values)
        for column in table.columns
    ]
    if frame:
        assert cells == [field["values"] for field in element["fields"]]
    else:
        assert [list(row) for row in zip(*cells, strict=True)] == element["rows"]
