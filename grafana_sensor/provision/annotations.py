"""An annotation query: marks over all panels.

Law: it names its datasource, and has what that plugin reads; the SDK's own knows Grafana's annotations alone.
"""

from __future__ import annotations

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import AnnotationQuery, DataSourceRef

from grafana_sensor.provision.plugins import Members


class Annotation(Builder[AnnotationQuery]):
    """An annotation of a plugin, with that plugin's `members`; it is drawn in the colour until it is switched off."""

    def __init__(self, name: str, source: DataSourceRef, members: Members, *, colour: str) -> None:
        self._query = _Query(name=name, datasource=source, icon_color=colour)
        self._query.members = members

    def build(self) -> AnnotationQuery:
        """The query."""
        return self._query


class _Query(AnnotationQuery):
    members: Members

    def to_json(self) -> Members:
        return super().to_json() | self.members
