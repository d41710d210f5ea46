"""Cursors (RFC 9865): the place where a page begins, sealed. Clients can neither read nor make one."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import orjson

from eventstore.errors import BrokenSeal
from eventstore.sealing.sealer import Sealer
from projections.directory.queries.keyset import Edge
from projections.directory.queries.plan import Query
from projections.directory.queries.reader import Page
from schema.scim import urns
from schema.scim.attributes import Document
from schema.scim.errors import ExpiredCursor, InvalidCursor
from service.encoding import base64url

TIMEOUT_S = 3_600  # Announced as cursorTimeout.
LENGTH_MAX = 60_000  # A request line holds 65,536 bytes; ours have fewer than 10,000.


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the results of a query. `total` is what matched when the first page was read."""

    organization_id: UUID
    query: str  # The digest of the query: a cursor serves this query only.
    edge: Edge
    is_backward: bool
    total: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Cursors:
    """The cursors of one query of an organization: opens the sent one, seals those of the neighboring pages."""

    sealer: Sealer
    organization_id: UUID
    query: str  # Cursors are bound to it: see `digest`.

    def resume(self, query: Query, text: str) -> Query:
        """Return the query continued at a cursor; an empty cursor means the first page (RFC 9865 §2).

        Errors: InvalidCursor, ExpiredCursor.
        """
        if not text:
            return query
        cursor = open_cursor(self.sealer, text, self.organization_id, self.query)
        return query._replace(edge=cursor.edge, is_backward=cursor.is_backward, total=cursor.total)

    def message(self, query: Query, page: Page) -> Document:
        """Return the ListResponse of a page without its Resources (RFC 9865 §2)."""
        return {
            "schemas": [urns.LIST_RESPONSE],
            "totalResults": page.total,
            "itemsPerPage": len(page.resources),
            **self._around(query, page),
        }

    def _around(self, query: Query, page: Page) -> dict[str, str]:
        """Return nextCursor and previousCursor, each only if there is such a page."""
        has_next = page.has_more or (query.is_backward and query.edge is not None)
        has_previous = page.has_more if query.is_backward else query.edge is not None
        found = {}
        if page.last and has_next:
            found["nextCursor"] = self._seal(page.last, page.total, is_backward=False)
        if page.first and has_previous:
            found["previousCursor"] = self._seal(page.first, page.total, is_backward=True)
        return found

    def _seal(self, edge: Edge, total: int, *, is_backward: bool) -> str:
        now = datetime.now(UTC)
        cursor = Cursor(self.organization_id, self.query, edge, is_backward, total, now)
        return seal_cursor(self.sealer, cursor)


def digest(query: Sequence[str]) -> str:
    """Return the digest that binds a cursor to a query: to its type and all that chooses and orders rows.

    It is a digest because a query may be of any length, and the cursor must fit into a URL.
    """
    return sha256(orjson.dumps(query)).hexdigest()


def seal_cursor(sealer: Sealer, cursor: Cursor) -> str:
    """Return a cursor in the form for clients: base64url without padding."""
    content = [
        cursor.query,
        cursor.edge.key,
        str(cursor.edge.id),
        cursor.is_backward,
        cursor.total,
        int(cursor.made_at.timestamp()),
    ]
    sealed = sealer.wrap_secret(orjson.dumps(content), context=_context(cursor.organization_id))
    return base64url(sealed)


def open_cursor(sealer: Sealer, text: str, organization_id: UUID, query: str) -> Cursor:
    """Return a cursor that a client sent back.

    Errors: InvalidCursor if we did not give it for this query; ExpiredCursor if it is too old.
    """
    try:
        if len(text) > LENGTH_MAX:
            raise InvalidCursor("The cursor is not one that this service gave.")
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        content = orjson.loads(sealer.unwrap_secret(sealed, context=_context(organization_id)))
    except (BrokenSeal, binascii.Error, ValueError):
        raise InvalidCursor(
            "The cursor is not one that this service gave; begin again with an empty cursor."
        ) from None
    bound_to, key, row_id, is_backward, total, made_at_s = content
    if bound_to != query:
        raise InvalidCursor(
            "The cursor belongs to another query; keep filter, sortBy, sortOrder and SCIM-As-Of as they were."
        )
    made_at = datetime.fromtimestamp(made_at_s, UTC)
    if datetime.now(UTC) - made_at > timedelta(seconds=TIMEOUT_S):
        raise ExpiredCursor(f"The cursor is older than {TIMEOUT_S:,} seconds; begin again.")
    return Cursor(organization_id, bound_to, Edge(key, UUID(row_id)), is_backward, total, made_at)


def _context(organization_id: UUID) -> str:
    return f"cursor {organization_id}"
