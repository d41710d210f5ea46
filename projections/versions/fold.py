"""Fold the events of one stream into its versions, for a rebuild and for verification. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from eventstore.read_streams import PERSONAL
from eventstore.sealing.sealer import Sealer
from projections.fold import Failure, Fold, Logged, Row
from projections.versions.snapshots import VERSIONED, Versions
from projections.versions.tables import TABLES
from schema.events.codec import decode
from schema.events.event import Place
from schema.scim.resource_type import ResourceType


@dataclass(slots=True)
class VersionsFold:
    """The versions of a stream so far. At the first event that cannot be applied, the stream is parked."""

    versions: Versions = field(default_factory=Versions)
    failure: Failure | None = None

    def take(self, row: Logged, personal: bytes | None) -> None:
        """Apply the next event, completely or not at all."""
        if self.failure is not None:
            return
        stream_id, version, position, kind, schema_version, recorded_at, source, data, *_ = row
        try:
            event = decode(kind, schema_version, data, personal)
            if type(event) in VERSIONED:
                place = Place(stream_id, version, position, recorded_at, source)
                self.versions.take(event, place)
        except Exception as error:  # noqa: BLE001 - any error parks the stream.
            self.failure = Failure(row, error)

    def rows(
        self, organization_id: UUID, users: ResourceType, _sealer: Sealer
    ) -> Iterator[tuple[str, Row]]:
        """Yield the rows that the stream leads to, each with its table."""
        yield from self.versions.rows(organization_id, users)


VERSIONS_FOLD = Fold(TABLES, VersionsFold, PERSONAL)
