from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.adapters.classic.names import LONGEST, OWN, attribute_of, table_name
from grafana_sensor.adapters.classic.pks import id_of, pk_of
from grafana_sensor.domain.columns import NUMBER, TEXT
from grafana_sensor.service.ids import BatchIds

attributes = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=255),
    st.text("ab_xyhit1 Ä.", min_size=1, max_size=60),
    st.sampled_from(sorted(OWN)),
)
kinds = st.sampled_from((NUMBER, TEXT))


@given(attributes, kinds)
def test_names_are_such_as_cassandra_takes(attribute: str, kind: int) -> None:
    """Of any attribute: up to 48 of a-z, 0-9 and _, and none of another table's."""
    name = table_name(attribute, kind)
    assert re.fullmatch(rf"[a-z][a-z0-9_]{{0,{LONGEST - 1}}}", name)
    assert name not in OWN


@given(attributes, kinds)
def test_names_are_read_back(attribute: str, kind: int) -> None:
    """A name tells its attribute and kind, unless it is too long to; then it holds the hash."""
    found = attribute_of(table_name(attribute, kind))
    assert found == (attribute, kind) or (found is None and len(attribute) > 8)


@given(attributes, kinds, attributes, kinds)
def test_two_tables_have_names_apart(one: str, kind: int, other: str, another: int) -> None:
    """However alike two attributes are, they and the kinds of one have tables of their own."""
    assert ((one, kind) == (other, another)) is (table_name(one, kind) == table_name(other, another))


def test_readable_names_stay_readable() -> None:
    """An attribute that can be a table's name is one; of another what can be read stays."""
    found = [table_name(name, NUMBER) for name in ("air_temperature", "select", "Air", "sensors", "a__b", "wind " * 20)]
    assert found[:5] == ["air_temperature", "select", "x___41_ir", "x__sensors", "x__a____b"]
    assert re.fullmatch("h__wind_wind_w__[a-z2-7]{32}", found[5])


@given(st.integers(0, 2**50), st.integers(0, 10**6), st.text(min_size=1, max_size=40))
def test_pks_stand_for_record_ids(time: int, position: int, own: str) -> None:
    """The server's ids and callers' own come back from their pks."""
    given_here = BatchIds(lambda: time).draw(), position
    assert given_here == id_of(pk_of(given_here))
    assert (own, -1) == id_of(pk_of((own, -1)))
