"""What the one log line of a refused request says: names and ids, so that it tells why, never values."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from aiohttp import web

from schema.scim.errors import ScimError
from service.callers.access_tokens import TokenRefused


class Origin(NamedTuple):
    """Whose request it is, as far as that is certain: nothing of a token whose signature is wrong."""

    organization_id: UUID | None = None
    token_id: UUID | None = None


ORIGIN = web.RequestKey("origin", Origin)
REFUSAL = web.RequestKey("refusal", ScimError)
OPERATIONS_REFUSED = web.RequestKey("operations_refused", int)


def refusal_fields(request: web.Request) -> dict[str, object]:
    """Return what the line of a request says of its refusal; nothing where it was not refused."""
    refused = request.get(OPERATIONS_REFUSED, 0)
    refusal, origin = request.get(REFUSAL), request.get(ORIGIN)
    if refusal is None and not refused:
        return {}
    counted = {"operations_refused": refused} if refused else {}
    if isinstance(refusal, TokenRefused):
        origin = Origin(refusal.organization_id, refusal.token_id)
    return {**told(refusal, origin or Origin()), **counted}


def told(refusal: ScimError | None, origin: Origin) -> Mapping[str, object]:
    """Return scimType, attribute, organization and token, those that there are."""
    fields = {
        "scim_type": refusal.scim_type if refusal else None,
        "attribute": refusal.attribute if refusal else None,
        "organization_id": origin.organization_id and str(origin.organization_id),
        "token_id": origin.token_id and str(origin.token_id),
    }
    return {name: value for name, value in fields.items() if value is not None}
