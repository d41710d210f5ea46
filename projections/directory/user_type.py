"""The User resource type of one organization: the standard one and its extension schemas."""

from eventstore.postgres.connection import Connection
from eventstore.read_streams import FIRST_ID, LAST_ID, Span
from eventstore.sealing.sealer import Sealer
from projections.directory.fold import DIRECTORY_FOLD
from projections.fold import fold_streams
from schema.events.organization import Organization
from schema.scim.definitions import USER, user_type
from schema.scim.resource_type import ResourceType


async def load_user_type(connection: Connection, sealer: Sealer, span: Span) -> ResourceType:
    """Return an organization's User type, as its log defines it at the span's position."""
    whole = Span(span.organization_id, FIRST_ID, LAST_ID, span.position)
    found = await fold_streams(connection, sealer, DIRECTORY_FOLD, whole, [span.organization_id])
    for _, folded in found:
        state = getattr(folded, "state", None)
        if isinstance(state, Organization):
            return user_type(state.schemas)
    return USER
