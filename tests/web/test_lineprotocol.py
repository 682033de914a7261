"""The Influx line protocol as records."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.errors import BadRequest, LineError
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.timestamps import to_datetime
from grafana_sensor.web.lineprotocol import MOST_FAULTS, SENSOR_FIELD, TIME_FIELD, Lines, Naming, read_lines
from grafana_sensor.web.templates import Template

DEFAULT = Naming(Template("sensor", "{sensor|host|measurement}"))
BY_FIELD = Naming(Template("sensor", "{measurement}"), Template("attribute", "{field}"))
NOW = 1_772_349_720_000_000


def lines(text: str, naming: Naming = DEFAULT, precision: str = "ns", *, skip: bool = False) -> Lines:
    """The lines of a text."""
    return read_lines(text, naming, precision, Limits(), skip=skip)


def one(text: str, naming: Naming = DEFAULT, precision: str = "ns") -> dict[str, Any]:
    """The one record of a text, its fields that say time and sensor as `time` and `sensor`."""
    (record,) = lines(text, naming, precision).at(NOW)
    return {"time": record.pop(TIME_FIELD), "sensor": record.pop(SENSOR_FIELD), **record}


def test_a_line_is_a_record() -> None:
    """Tags and fields are attributes, each type of value what it is, and the time is cut to microseconds."""
    line = 'cpu,host=web-1,cpu=cpu0 idle=98.5,n=9007199254740993i,big=18446744073709551615u,up=t,s="on" 1772349720123456789'
    assert {
        "time": 1_772_349_720_123_456,
        "sensor": "web-1",
        "cpu": "cpu0",
        "cpu_idle": 98.5,
        "cpu_n": 9_007_199_254_740_993,
        "cpu_big": 18_446_744_073_709_551_615,
        "cpu_up": True,
        "cpu_s": "on",
    } == one(line)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("-1.5e-3", -0.0015),
        (".5", 0.5),
        ("5.", 5.0),
        ("-3i", -3),
        ("0u", 0),
        ("TRUE", True),
        ("F", False),
        ('""', ""),
        (r'"a \"b\" \\ \n , ="', r'a "b" \ \n , ='),
        ('"two\nlines"', "two\nlines"),
    ],
)
def test_values(text: str, value: object) -> None:
    """Floats, integers, unsigned ones, booleans and texts are read as InfluxDB reads them."""
    found = one(f"m f={text} 0", BY_FIELD)["f"]
    assert (type(value), value) == (type(found), found)


def test_names_are_escaped() -> None:
    r"""A backslash before a comma, a blank or an equals sign belongs to the escape, any other to the name."""
    found = one(r"wind\ speed\,m,room\ no=a\,b\=c\d e\=f\ g=1 0", BY_FIELD)
    assert {"time": to_datetime(0), "sensor": "wind speed,m", "room no": r"a,b=c\d", "e=f g": 1.0} == found


@pytest.mark.parametrize(
    ("precision", "time"), [("ns", -1_001), ("n", -1_001), ("us", -2), ("u", -2), ("ms", -2_000), ("s", -2_000_000)]
)
def test_a_time_is_of_the_precision(precision: str, time: int) -> None:
    """The number is one of the precision, however small, cut towards the earlier microsecond."""
    written = time if precision in ("ns", "n") else {"us": -2, "u": -2, "ms": -2, "s": -2}[precision]
    expected = to_datetime(-2 if precision in ("ns", "n") else time)
    assert expected == one(f"m f=1 {written}", precision=precision)["time"]


def test_a_line_without_a_time_has_that_of_receipt() -> None:
    """It is told apart, and each look at the records has the time of its own receipt."""
    found = lines("a f=1\nb f=2 1000000000000000000\n")
    assert [0] == found.untimed
    assert [NOW, 1_000_000_000_000_000] == [record[TIME_FIELD] for record in found.at(NOW)]
    assert NOW + 1 == found.at(NOW + 1)[0][TIME_FIELD]


def test_what_says_nothing_is_left_out() -> None:
    """Comments, blank lines and the ends of Windows' lines are no records, and lines keep their numbers."""
    found = lines('# begin\n\n  \t\nm f="#" 1\r\n # more\nm f=2 2\n\n#end')
    assert ([4, 6], ["#", 2.0]) == (found.numbers, [record["f"] for record in found.records])


def test_the_sensor_is_what_the_template_says() -> None:
    """The first tag that is there names it, and is no attribute; else the measurement, which no attribute repeats."""
    assert {"time": NOW, "sensor": "s1", "host": "h", "m_f": 1.0} == one("m,host=h,sensor=s1 f=1")
    assert {"time": NOW, "sensor": "h", "m_f": 1.0} == one("m,host=h f=1")
    assert {"time": NOW, "sensor": "m", "site": "x", "f": 1.0} == one("m,site=x f=1")
    naming = Naming(Template("sensor", "{site}/{measurement}"))
    assert {"time": NOW, "sensor": "x/m", "host": "h", "f": 1.0} == one("m,host=h,site=x f=1", naming)


def test_a_tag_and_a_field_of_one_name_are_both_kept() -> None:
    """The field keeps the name, the tag gets the first that is free."""
    assert {"time": NOW, "sensor": "m", "a_3": "tag", "a_2": "other", "a": 1.0} == one(
        "m,a=tag,a_2=other a=1", BY_FIELD
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("m", "'m' has no field"),
        (" ,a=b f=1", "a comma stands where a name should"),
        ("m,,a=b f=1", "a comma stands where a name should"),
        ("m, f=1", "a comma stands where a name should"),
        ("m,a f=1", "'a' is no tag"),
        ("m,a= f=1", "'a=' is no tag"),
        ("m,a=1,a=2 f=1", "the tag 'a' is there twice"),
        ("m f", "'f' is no field"),
        ("m f=", "the field 'f' is ''; a value is"),
        ("m f=1,", "'' is no field"),
        ('m f="open', "the text has no closing quote"),
        ("m f=1x", "the field 'f' is '1x'; a value is"),
        ("m f=nan", "the field 'f' is 'nan'; a value is"),
        ("m f=+1", "the field 'f' is '+1'; a value is"),
        ("m f=1_0", "the field 'f' is '1_0'; a value is"),
        ("m f=1e999", "beyond what 64 bits hold"),
        ("m f=9223372036854775808i", "beyond what 64 bits hold"),
        ("m f=-1u", "beyond what 64 bits hold"),
        ("m f=1 soon", "'soon' is no time"),
        ("m f=1 1 2", "'1 2' is no time"),
        ("m f=1 99999999999999999999", "beyond the years 1900 to 2199"),
        (f"{'m' * 300} f=1", "a sensor's name has 1 to 255 characters, not 300"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(line: str, message: str) -> None:
    """A line that can't be read is named by its number, with what is wrong."""
    with pytest.raises(LineError) as caught:
        lines(f"# one\nm f=1\n{line}\nm f=2")
    assert 3 == caught.value.line
    assert f"line 3: {message}" in caught.value.message or message in caught.value.message


def test_wrong_lines_can_be_left_out() -> None:
    """With `skip` the others are read, from the next line on, and the faults listed; too many of them are an error."""
    found = lines('m f=1\nm\nm f=x\nm f="open\nm f=2', skip=True)
    assert ([1, 5], [2, 3, 4]) == (found.numbers, [number for number, _ in found.faults])
    with pytest.raises(LineError, match=f"line {MOST_FAULTS + 1}:"):
        lines("m\n" * (MOST_FAULTS + 1), skip=True)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0\n\\"), min_size=1, max_size=8).filter(
    lambda name: not name.startswith(("#", "\t", "\r"))
)


def escaped(name: str) -> str:
    """The name as a line has it."""
    return name.replace(",", "\\,").replace(" ", "\\ ").replace("=", "\\=")


@given(
    NAMES,
    st.dictionaries(NAMES, NAMES, max_size=3),
    st.dictionaries(NAMES, st.text(max_size=9), min_size=1, max_size=3),
)
def test_whatever_is_written_is_read(measurement: str, tags: dict[str, str], fields: dict[str, str]) -> None:
    """Names and texts of any characters come back as they were, from several lines in one body."""
    series = ",".join([escaped(measurement), *(f"{escaped(k)}={escaped(v)}" for k, v in tags.items())])
    quoted = {k: v.replace("\\", "\\\\").replace('"', '\\"') for k, v in fields.items()}
    line = f"{series} " + ",".join(f'{escaped(k)}="{v}"' for k, v in quoted.items()) + " 1000000000000000000"
    naming = Naming(Template("sensor", "x{measurement}"), Template("attribute", "f {field}"))
    found = lines(f"{line}\n{line}\r\n", naming).records
    if any(f"f {name}" in tags for name in fields):
        return
    said = {f"f {name}": text for name, text in fields.items()}
    assert [{TIME_FIELD: 10**15, SENSOR_FIELD: "x" + measurement, **tags, **said}] * 2 == found


@pytest.mark.parametrize("text", ["host", "{}", "{host", "host}", "{a|}", "{a}\n", ""])
def test_wrong_templates_are_refused(text: str) -> None:
    """A template has at least one name, in braces, and nothing that can't be printed."""
    with pytest.raises(BadRequest, match="sensor is "):
        Template("sensor", text)


def test_templates_name_what_there_is() -> None:
    """Where the names are known another is refused, and a name that no line has is told with a way out."""
    with pytest.raises(BadRequest, match=r"attribute names \{host\}; there is \{field\} and \{measurement\}"):
        Template("attribute", "{host}", frozenset({"measurement", "field"}))
    with pytest.raises(LineError, match=r"line 1: it has no 'site', .* say sensor=\{site\|measurement\}"):
        lines("m f=1", Naming(Template("sensor", "{site}")))
