"""The fields that a refusal adds to the log line of its request: the reason in names and ids, never values."""

from collections.abc import Mapping

from schema.scim.errors import ScimError
from service.callers.access_tokens import TokenRefused
from service.http.request_state import Origin, RequestState


def refusal_fields(state: RequestState) -> Mapping[str, object]:
    """Return the fields for the log line of a request; none if it was not refused."""
    refusal, origin, refused = state.refusal, state.origin, state.operations_refused
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
