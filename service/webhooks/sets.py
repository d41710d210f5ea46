"""Security Event Tokens (RFC 8417) in SCIM's profile (RFC 9967): an event as a signed statement about a resource."""

from collections.abc import Mapping
from typing import Any, Final

import jwt

from service.callers.access_tokens import ALGORITHM
from service.callers.signing_keys import SigningKey
from service.encoding import base64url
from service.feed.event import FeedEvent
from service.webhooks.store import Webhook

TYPE: Final = "secevent+jwt"
SCIM: Final = "urn:ietf:params:scim:event:prov:"
OWN: Final = "urn:scim-ledger:event:"  # What SCIM's profile has no event for.
PATCH_OP: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
PLACES: Final = {"User": "/Users/", "Group": "/Groups/"}
WITHOUT_PAYLOAD: Final = {
    "UserDeactivated": "deactivate",
    "UserReactivated": "activate",
    "UserDeleted": "delete",
    "GroupDeleted": "delete",
}


def jti_of(event: FeedEvent) -> str:
    """Return the id of an event's token: that of the event, and its position."""
    return f"{event.id}.{event.position}"


def claims_of(webhook: Webhook, event: FeedEvent, issuer: str) -> dict[str, Any]:
    """Return the claims of an event's token."""
    place = PLACES.get(event.resource_type)
    subject: dict[str, Any] = (
        {"format": "scim", "uri": f"{place}{event.resource_id}", **_external_id(event)}
        if place
        else {"format": "opaque", "id": str(event.resource_id)}
    )
    return {
        "iss": issuer,
        "aud": audience_of(webhook),
        "iat": int(event.recorded_at.timestamp()),
        "jti": jti_of(event),
        "txn": str(event.request_id),
        "sub_id": subject,
        "events": _events(event),
    }


def audience_of(webhook: Webhook) -> str:
    """Return whom the tokens of a webhook are for."""
    return f"urn:uuid:{webhook.id}"


def signed(claims: Mapping[str, Any], key: SigningKey) -> str:
    """Return a token."""
    headers = {"typ": TYPE, "kid": key.kid}
    return jwt.encode(dict(claims), key.private_key, algorithm=ALGORITHM, headers=headers)


def jwk_of(key: SigningKey) -> dict[str, str]:
    """Return the public part of a signing key (RFC 8037 §2)."""
    raw = key.public_key.public_bytes_raw()
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": base64url(raw),
        "kid": key.kid,
        "alg": ALGORITHM,
        "use": "sig",
    }


def _external_id(event: FeedEvent) -> dict[str, str]:
    values = event.values or event.data.get("values") or {}
    found = values.get("externalId")
    return {"externalId": found} if isinstance(found, str) else {}


def _events(event: FeedEvent) -> dict[str, Any]:
    """Return the one event of a token, by its URI."""
    if event.resource_type not in PLACES or event.type == "UserErased":
        return {OWN + event.type: event.data}
    if name := WITHOUT_PAYLOAD.get(event.type):
        return {SCIM + name: {}}
    version = {"version": f'W/"{event.version}"'}
    values = event.values if event.values is not None else event.data.get("values")
    if event.type in {"UserProvisioned", "GroupCreated"}:
        if values is not None:
            return {f"{SCIM}create:full": {**version, "data": values}}
        return {f"{SCIM}create:notice": {**version, "attributes": _attributes(event, values)}}
    if (operations := _operations(event, values)) is not None:
        data = {"schemas": [PATCH_OP], "Operations": operations}
        return {f"{SCIM}patch:full": {**version, "data": data}}
    return {f"{SCIM}patch:notice": {**version, "attributes": _attributes(event, values)}}


def _attributes(event: FeedEvent, values: Mapping[str, Any] | None) -> list[str]:
    """Return the attributes that an event is about, by their paths."""
    if event.type in {"MembersAdded", "MembersRemoved"}:
        return ["members"]
    if event.type in {"RoleAssigned", "ExplicitRoleChanged"}:
        return ["roleId"]
    return list(event.data.get("attributes") or values or ())


def _operations(event: FeedEvent, values: Mapping[str, Any] | None) -> list[Any] | None:
    """Return a change as operations of PATCH; None if its values are not there."""
    match event.type:
        case "MembersAdded":
            members = [{"value": each} for each in event.data["members"]]
            return [{"op": "add", "path": "members", "value": members}]
        case "MembersRemoved":
            members = [{"value": each} for each in event.data["members"]]
            return [{"op": "remove", "path": "members", "value": members}]
        case "RoleAssigned":
            return [{"op": "replace", "path": "roleId", "value": event.data["roleId"]}]
    if values is None:
        return None
    return [
        {"op": "remove", "path": path}
        if value is None
        else {"op": "replace", "path": path, "value": value}
        for path, value in values.items()
    ]
