from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.errors import BadRequest, NotFound, RecordError
from grafana_sensor.domain.flatten import Flat, JsonParser, Limits, check_float, flatten
from grafana_sensor.domain.jsontext import loads

NOW = 1_767_225_600_000_000
keys = st.sampled_from(["a", "b", "a_b", "a_2", "2", "0", "t.x", "time", "sensor", "ts", "Date"]) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=3
)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.sampled_from(["21.50", "007", "1e3", "2026-01-01", "1e400", "9007199254740993"])
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=20,
)
records = st.dictionaries(keys.filter(lambda key: key not in ("time", "ts", "Date")), values, max_size=8)
kinds = st.dictionaries(st.sampled_from(["a", "b", "a_b", "a_b_2", "a_0"]), st.just("text"), max_size=4)


def attributes(record: Any, **options: Any) -> dict[str, float | str]:
    return flatten(record, now=NOW, **options).attributes


def leaves(value: Any) -> list[Any]:
    """The leaves by the shortest recursion there is: the oracle."""
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [] if value is None else [value]


def reordered(value: Any, draw: Any) -> Any:
    if isinstance(value, dict):
        return {key: reordered(value[key], draw) for key in draw(st.permutations(list(value)))}
    return [reordered(inner, draw) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("record", "flat"),
    [
        ({"air": {"t": 1}}, {"air_t": 1.0}),
        ({"acc": [1, 2]}, {"acc_0": 1.0, "acc_1": 2.0}),
        ({"rx": [{"rssi": -80}, {"rssi": -81}]}, {"rx_0_rssi": -80.0, "rx_1_rssi": -81.0}),
        ({"tags": ["on", "21.50"]}, {"tags_0": "on", "tags_1": 21.5}),
        ({"m": [[1, 2], [3]]}, {"m_0_0": 1.0, "m_0_1": 2.0, "m_1_0": 3.0}),
        ({"a": None, "b": {}, "c": [], "d": [None, 1]}, {"d_1": 1.0}),
        ({}, {}),
        ({"ok": True, "off": False}, {"ok": 1.0, "off": 0.0}),
        ({"a_b": 1, "a": {"b": 2}}, {"a_b": 1.0, "a_b_2": 2.0}),
        ({"a_b": 1, "a": {"b": 2}, "a_b_2": 3}, {"a_b": 1.0, "a_b_3": 2.0, "a_b_2": 3.0}),
        ({"a_b": None, "a": {"b": 2}}, {"a_b": 2.0}),
        ({"a_b": {}, "a": {"b": 2}}, {"a_b": 2.0}),
        ({"time": "soon", "sensor": "x"}, {"time_2": "soon", "sensor_2": "x"}),
        ({"time": "soon", "time_2": 1}, {"time_3": "soon", "time_2": 1.0}),
        ({"a": {"time": 1, "sensor": 2}}, {"a_time": 1.0, "a_sensor": 2.0}),
        ({"Grüße %/:": 1, "😀": 2, " ": 3}, {"Grüße %/:": 1.0, "😀": 2.0, " ": 3.0}),
        ({"a": {"": {"": 1}}}, {"a__": 1.0}),
        ({"n": 9007199254740993, "m": "9007199254740993"}, {"n": "9007199254740993", "m": "9007199254740993"}),
        ({"time": {"hour": 5}}, {"time_hour": 5.0}),
    ],
)
def test_flattening(record: dict[str, Any], flat: dict[str, float | str]) -> None:
    """Nesting joins with `_`, lists by index, clashes are numbered, null and empty leave nothing."""
    assert flat == attributes(record)


def test_the_time_is_no_attribute() -> None:
    """The field that is the time is taken out; other candidates stay attributes."""
    record = {"time": "soon", "ts": "2026-01-01T00:00:00Z", "date": "2020-01-01", "t": 1}
    assert Flat(NOW, None, {"time_2": "soon", "date": "2020-01-01", "t": 1.0}) == flatten(record)


def test_the_time_takes_part_in_no_clash() -> None:
    """The number 2 is free for a reserved name whose own path is the record's time."""
    assert {"sensor_2": 1.0, "time_2": 5.0} == attributes({"time": 0, "sensor": 1, "time_2": 5})


def test_a_record_without_time_has_the_time_given() -> None:
    """Where no field is a time, it is `now`; without that the record is refused."""
    assert Flat(NOW, None, {"t": 1.0}) == flatten({"t": 1}, now=NOW)
    with pytest.raises(RecordError, match="the record has no time"):
        flatten({"t": 1})


def test_named_fields_are_time_and_sensor_and_no_attributes() -> None:
    """time_field and sensor_field, dotted paths into objects and lists, are taken out; `time` is then renamed."""
    record = {"ids": {"dev": "d1", "app": "x"}, "rx": [{"at": "2026-01-01", "rssi": -80}], "time": 5, "a": 1}
    expected = Flat(NOW, "d1", {"ids_app": "x", "rx_0_rssi": -80.0, "time_2": 5.0, "a": 1.0})
    assert expected == flatten(record, time_field="rx.0.at", sensor_field="ids.dev")
    assert record["rx"] == [{"at": "2026-01-01", "rssi": -80}]


def test_one_field_may_be_both() -> None:
    """The same field can say time and sensor."""
    assert Flat(NOW, "2026-01-01", {}) == flatten({"a": "2026-01-01"}, time_field="a", sensor_field="a")


def test_declared_kinds() -> None:
    """Declared text keeps texts and writes JSON texts; declared numbers read number texts; by the final name."""
    record = {"v": "1.10", "n": 1.50, "ok": True, "a_b": "1.0", "a": {"b": "2.0"}, "i": 2**60 + 1, "x": "5"}
    declared = {"v": "text", "n": "text", "ok": "text", "a_b_2": "text", "a_b": "number", "i": "text", "x": "number"}
    expected = {"v": "1.10", "n": "1.5", "ok": "true", "a_b": 1.0, "a_b_2": "2.0", "i": str(2**60 + 1), "x": 5.0}
    assert expected == attributes(record, kinds=declared)


@pytest.mark.parametrize("value", ["on", 2**53 + 1, "007"])
def test_a_value_against_its_declared_kind_is_refused(value: Any) -> None:
    """A declared numeric attribute refuses what is no number, by its path."""
    with pytest.raises(RecordError, match=r"the field 'air.t': .* is no number"):
        attributes({"air": {"t": value}}, kinds={"air_t": "number"})


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ([{"a": 1}], "a record is a JSON object, not a list"),
        (5, "not a number"),
        ("{}", "not a text"),
        (None, "not null"),
        (True, "not a boolean"),
        ({"a": {"b": math.nan}}, "the field 'a.b': the number nan is not finite"),
        ({"a": [1, math.inf]}, "the field 'a.1': the number inf is not finite"),
        ({"a\0": 1}, "U\\+0000"),
        ({"a": "\0"}, "the field 'a': the text holds the character U\\+0000"),
        ({"a": "\ud800"}, "the field 'a': the text holds a lone surrogate"),
        ({"\udfff": 1}, "lone surrogate"),
        ({"": 1}, "empty name"),
        ({"a": "x" * 65_537}, "the field 'a': .*65,537 bytes.*limit of 65,536"),
        ({"a" * 256: 1}, "256 characters, more than the limit of 255"),
        ({"a" * 100 + "_" + "b" * 154: 1, "a" * 100: {"b" * 154: 2}}, "257 characters"),
        ({str(i): i for i in range(1_001)}, "limit of 1,000"),
        ({"time": "1850-01-01"}, "the field 'time': the time '1850-01-01' lies beyond the years 1900 to 2199"),
        ({"ts": 10**30}, "the field 'ts': .* lies beyond"),
    ],
    ids=range(18),
)
def test_what_can_not_be_stored_is_refused(record: Any, words: str) -> None:
    """What is no record, or holds what can't be stored, is refused with what and where."""
    with pytest.raises(RecordError, match=words) as caught:
        flatten(record, now=NOW)
    assert len(caught.value.message) < 400
    caught.value.message.encode()


def test_depth_of_10000_is_a_clear_error() -> None:
    """Input of any depth is refused by the limit, never by the stack."""
    record: Any = 1
    for _ in range(10_000):
        record = [record]
    with pytest.raises(RecordError, match="nested deeper than the limit of 64 levels"):
        flatten({"a": record}, now=NOW)


@given(records)
def test_no_leaf_is_lost_and_no_name_shared(record: dict[str, Any]) -> None:
    """Each leaf is one attribute under a name of its own, and its value can be read back."""
    flat = attributes(record)
    exact = [float(leaf) if isinstance(leaf, bool) else leaf for leaf in leaves(record)]
    assert len(exact) == len(flat)
    for leaf, stored in zip(exact, flat.values(), strict=True):
        if isinstance(leaf, int):
            assert leaf == int(stored)
        elif isinstance(leaf, str) and isinstance(stored, float):
            assert json.loads(leaf) == stored
        else:
            assert leaf == stored
    assert not {"time", "sensor"} & flat.keys()


@given(st.data(), st.dictionaries(keys, values, max_size=8), kinds)
def test_the_order_of_keys_changes_nothing(
    data: st.DataObject, record: dict[str, Any], declared: dict[str, str]
) -> None:
    """A record gives the same time and attributes, or is refused, in whatever order its keys come at any depth."""

    def outcome(one: dict[str, Any]) -> Flat | None:
        try:
            return flatten(one, kinds=declared, now=NOW)
        except RecordError:
            return None

    assert outcome(record) == outcome(reordered(record, data.draw))


@given(st.dictionaries(keys, values, max_size=8), kinds)
def test_a_flat_record_is_flat(record: dict[str, Any], declared: dict[str, str]) -> None:
    """What the parser made of a record flattens to what the record itself does, its time included."""
    parser = JsonParser(declared)
    try:
        flat = parser.flat_dict(record)
    except RecordError:
        with pytest.raises(RecordError):
            flatten(record, kinds=declared, now=NOW)
        return
    assert flatten(record, kinds=declared, now=NOW) == flatten(flat, kinds=declared, now=NOW)
    assert flat == parser.flat_dict(flat)


@given(records)
def test_json_text_flattens_as_its_value(record: dict[str, Any]) -> None:
    """A record read from its JSON text gives the same attributes as the record."""
    assert attributes(record) == attributes(loads(json.dumps(record)))


@pytest.mark.parametrize(
    ("value", "is_float"),
    [
        *(("21.50", True), ("007", False), ("nan", False), ("", False), (1, True), (True, True), (0.5, True)),
        *((math.nan, False), (math.inf, False), (2**53 + 1, False), (None, False), ([], False), ("1e400", False)),
    ],
)
def test_check_float(value: object, is_float: bool) -> None:
    """A value is a number of ours exactly where it would be stored as one."""
    assert is_float == check_float(value)


def test_lists_of_one_kind() -> None:
    """A list is numeric, of texts or of dictionaries when all its elements are."""
    parser = JsonParser()
    lists: list[list[Any]] = [[1, 2.5, True], ["a", "1"], [{}, {"a": 1}], [1, "a"], [None], [[1]]]
    assert [True, False, False, False, False, False] == [parser.is_list_numeric(one) for one in lists]
    assert [False, True, False, False, False, False] == [parser.is_list_str(one) for one in lists]
    assert [False, False, True, False, False, False] == [parser.is_list_dict(one) for one in lists]
    assert [True, True, True] == [parser.is_list_numeric([]), parser.is_list_str([]), parser.is_list_dict([])]


def test_prefixes_lead_to_the_names_of_flat_dict() -> None:
    """new_prefix, from level to level, gives the name that flat_dict gives."""
    parser = JsonParser()
    name = parser.new_prefix(parser.new_prefix(parser.new_prefix("", "rx"), 0), "rssi")
    assert {name: -80.0} == parser.flat_dict({"rx": [{"rssi": -80}]})
    assert {name: -80.0} == parser.flat_dict([{"rssi": -80}], "rx") == parser.flat_dict({"rssi": -80}, "rx_0")


def test_the_flat_dictionary_keeps_the_time_as_it_is() -> None:
    """The field that says the time stays under its own name; reserved names are renamed; booleans stay booleans."""
    flat = JsonParser().flat_json(b'{"a": {"b": "1.50"}, "Timestamp": 1767225600123456789, "time": "soon", "ts": true}')
    assert {"Timestamp": 1767225600123456789, "a_b": 1.5, "time_2": "soon", "ts": True} == flat
    assert NOW + 123_456 == flatten(flat).time


def test_a_boolean_never_becomes_a_time() -> None:
    """A boolean under a time's name stays one in the flat dictionary, so that it is no time later either."""
    flat = JsonParser().flat_json('{"ts": true}')
    assert [bool] == [type(value) for value in flat.values()]
    assert Flat(NOW, None, {"ts": 1.0}) == flatten(flat, now=NOW)


def test_flat_json_takes_text_bytes_and_loaded_json() -> None:
    """The same object is flattened the same from its text, its bytes and its dictionary."""
    parser = JsonParser()
    assert (
        {"a_0": 1.0}
        == parser.flat_json('{"a": [1]}')
        == parser.flat_json(b'{"a": [1]}')
        == parser.flat_json({"a": [1]})
    )


def test_flat_json_refuses_what_is_no_object() -> None:
    """Invalid JSON, other values and records beyond the limits are errors."""
    with pytest.raises(BadRequest, match="line 1, column 2"):
        JsonParser().flat_json("{")
    with pytest.raises(RecordError, match="not a list"):
        JsonParser().flat_json("[1]")
    with pytest.raises(RecordError, match="limit of 2 levels"):
        JsonParser(limits=Limits(nesting=2)).flat_json('{"a": [[1]]}')


def test_the_parser_knows_declared_kinds() -> None:
    """A parser that is told the declared kinds keeps the texts of attributes declared text."""
    assert {"v": "1.10", "n": 1.1} == JsonParser({"v": "text"}).flat_json('{"v": "1.10", "n": "1.10"}')


def test_read_json(tmp_path: Path) -> None:
    """A file of an object is one flat dictionary, one of an array a list of them."""
    file = tmp_path / "records.json"
    file.write_text('{"a": {"b": 1}}')
    assert {"a_b": 1.0} == JsonParser().read_json(str(file))
    file.write_text('[{"a": {"b": 1}}, {}]')
    assert [{"a_b": 1.0}, {}] == JsonParser().read_json(str(file))


def test_read_json_refuses_what_it_can_not_read(tmp_path: Path) -> None:
    """A missing file, a folder, broken JSON and a bad record are errors that say which."""
    file = tmp_path / "records.json"
    with pytest.raises(NotFound, match="there is no file"):
        JsonParser().read_json(str(file))
    with pytest.raises(BadRequest, match="can't be read"):
        JsonParser().read_json(str(tmp_path))
    file.write_text('[{"a": 1}, 5]')
    with pytest.raises(RecordError, match="record 1: a record is a JSON object, not a number"):
        JsonParser().read_json(str(file))
    file.write_text("{")
    with pytest.raises(BadRequest, match="invalid JSON"):
        JsonParser().read_json(str(file))
