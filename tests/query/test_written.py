"""Names and values written into query texts, read back."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grafana_sensor.domain.conditions import Condition
from grafana_sensor.domain.errors import QuerySyntaxError
from grafana_sensor.domain.plans import Name, Projection
from grafana_sensor.query.lexer import KEYWORDS, refuse_variable
from grafana_sensor.query.parse import parse_query
from grafana_sensor.query.written import written_name, written_text

TRAPS = "\\\"'$*+?.()|{}[]/-, \n\t<=>~aA1_µ"
"""The characters that the grammar, or Grafana, gives a meaning."""
TEXTS = (
    st.text(st.characters(codec="utf-8"), max_size=12)
    | st.text(TRAPS, max_size=8)
    | st.sampled_from([*sorted(KEYWORDS), "in", "Exists", "by sensor", "avg", "5", "-1e3", "1.10", "", "it's", '""'])
)
NAMES = TEXTS.filter(bool)


def like_a_variable(text: str) -> bool:
    """Whether the text would be taken for one that Grafana left unexpanded."""
    try:
        refuse_variable(text)
    except QuerySyntaxError:
        return True
    return False


@given(NAMES)
def test_a_written_name_reads_back(name: str) -> None:
    """Whatever characters a name has, an aggregate and a list of sensors that hold it as written name it."""
    assume(not like_a_variable(name) and name not in ("*", "time", "sensor"))
    query = parse_query(f"AVG({written_name(name)}) FROM hall, {written_name(name)} EVERY 5m")
    assert ((Projection(name, "AVG"),), (Name("hall"), Name(name))) == (query.projections, query.sensors)


@given(NAMES, TEXTS)
def test_a_written_condition_reads_back(name: str, text: str) -> None:
    """Whatever characters a name and a text have, the condition that holds them as written is the one that is meant."""
    assume(not like_a_variable(name) and not like_a_variable(text))
    query = parse_query(
        f"t WHERE {written_name(name)} = {written_text(text)} AND {written_name(name)} EXISTS BY sensor"
    )
    assert (Condition(name, "=", (text,)), Condition(name, "EXISTS")) == query.conditions


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_written_choices_read_back(texts: list[str]) -> None:
    """Texts as they are written stand side by side in IN, whatever commas, brackets and quotes they have."""
    assume(not any(map(like_a_variable, texts)))
    (condition,) = parse_query(f"t WHERE s IN ({','.join(map(written_text, texts))})").conditions
    assert Condition("s", "IN", tuple(texts)) == condition


@pytest.mark.parametrize("name", ["t", "air_t", "a.b", "a/b:c-d", "5", "avg", "in", "exists", "sensor"])
def test_a_plain_name_is_written_as_it_is(name: str) -> None:
    """A name that the grammar takes bare is written without quotes."""
    assert name == written_name(name)


@pytest.mark.parametrize("name", [*sorted(KEYWORDS), "from", "By"])
def test_a_keyword_is_quoted(name: str) -> None:
    """A name that is a keyword, in any case, is written in quotes."""
    assert f'"{name}"' == written_name(name)
