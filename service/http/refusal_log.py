"""The fields that a refusal adds to the log line of its request: the reason in names and ids, never values."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from aiohttp import web

from schema.scim.errors import ScimError
from service.callers.access_tokens import TokenRefused


class Origin(NamedTuple):
    """The organization and token of a request; empty unless the token's signature is right."""

    organization_id: UUID | None = None
    token_id: UUID | None = None


ORIGIN = web.RequestKey("origin", Origin)
REFUSAL = web.RequestKey("refusal", ScimError)
OPERATIONS_REFUSED = web.RequestKey("operations_refused", int)


def refusal_fields(request: web.Request) -> dict[str, object]:
    """Return the fields for the log line of a request; none if it was not refused."""
    refused = request.get(OPERATIONS_REFUSED, 0)
    refusal, origin = request.get(REFUSAL), request.get(ORIGIN)
    if refusal is None and not refused:
        return {}
    counted = {"operations_refused": refused} if refused else {}
    if isinstance(refusal, TokenRefused):
        origin = Origin(refusal.organization_id, refusal.token_id)
    return {**log_fields(refusal, origin or Origin()), **counted}


def log_fields(refusal: ScimError | None, origin: Origin) -> Mapping[str, object]:
    """Return scimType, attribute, organization and token, without those that are None."""
    fields = {
        "scim_type": refusal.scim_type if refusal else None,
        "attribute": refusal.attribute if refusal else None,
        "organization_id": origin.organization_id and str(origin.organization_id),
        "token_id": origin.token_id and str(origin.token_id),
    }
    return {name: value for name, value in fields.items() if value is not None}
