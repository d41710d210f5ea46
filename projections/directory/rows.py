"""Turn states, as `evolve` made them, into rows of the directory. Pure."""

import base64
import re
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from eventstore.sealing.sealer import Sealer
from projections.directory.tables import (
    ClientRow,
    FormerUserRow,
    GroupRow,
    HoldRow,
    LossRow,
    OrganizationRow,
    TokenRow,
    UserRow,
)
from schema.events.client import Client, ClientSecret
from schema.events.event import Event, Place
from schema.events.group import Group
from schema.events.hold import Hold
from schema.events.loss import losses_of
from schema.events.organization import Organization, Token
from schema.events.user import User
from schema.scim import urns
from schema.scim.attributes import Document
from schema.scim.definitions import GROUP
from schema.scim.filter.search_document import search_document
from schema.scim.resource import schemas_of
from schema.scim.resource_type import ResourceType
from schema.scim.text import fold

USER_NAME, EXTERNAL_ID = "userName", "externalId"  # The kinds of names that are hashed.
HASHED = "h1:"  # In front of a hash.
HASH = re.compile(rf"{HASHED}[A-Za-z0-9_-]{{22}}")
# Characters of an indexed key that is not unique. Filters compare the rest.
KEY_LENGTH_MAX = 256


def user_row(user: User, resource_type: ResourceType) -> UserRow:
    """Return the row of a user."""
    attributes = user.attributes
    document, search = user_texts(user, resource_type)
    display_name = attributes.get("displayName")
    employee_number = attributes.get(urns.ENTERPRISE_USER, {}).get("employeeNumber")
    return UserRow(
        user.id,
        user.version,
        user.created_at,
        user.modified_at,
        user.origin,
        user.active,
        user.role_id,
        user.name_key,
        attributes.get("externalId"),
        fold(display_name) if display_name else None,
        fold(employee_number)[:KEY_LENGTH_MAX] if employee_number else None,
        [
            fold(each["value"])[:KEY_LENGTH_MAX]
            for each in attributes.get("emails", ())
            if "value" in each
        ],
        document,
        search,
        user.kind,
        user.explicit_role_id,
        user.role_group_id,
    )


def user_texts(user: User, resource_type: ResourceType) -> tuple[str, str]:
    """Return the document of a user (`user_document`) and its search document, as JSON.

    A rebuild makes them for a million users. So what is equal for most of them is made once: their schemas, their role.
    """
    attributes = user.attributes
    if not attributes or not NOT_ATTRIBUTES.isdisjoint(attributes):
        document = user_document(user, resource_type)
        search = search_document(document, resource_type)
        return orjson.dumps(document).decode(), orjson.dumps(search).decode()
    held = tuple([urn for urn in _extensions(resource_type) if urn in attributes])
    begin, search_begin = _beginnings(resource_type, held)
    active = "true" if user.active else "false"
    found = search_document(attributes, resource_type)
    return (
        f'{begin},{orjson.dumps(attributes)[1:-1].decode()},"active":{active},{role_tail(user.role_id)}',
        f"{search_begin},{orjson.dumps(found)[1:].decode()}" if found else f"{search_begin}}}",
    )


@lru_cache(maxsize=1024)
def _extensions(resource_type: ResourceType) -> tuple[str, ...]:
    return tuple(each.id for each in resource_type.extensions)


@lru_cache(maxsize=1024)
def _beginnings(resource_type: ResourceType, held: tuple[str, ...]) -> tuple[str, str]:
    """Return how the document and the search document of a user begin who has attributes of these extensions."""
    document = {"schemas": schemas_of(dict.fromkeys((*held, urns.CLM_USER)), resource_type)}
    search = search_document(document, resource_type)
    return orjson.dumps(document)[:-1].decode(), orjson.dumps(search)[:-1].decode()


def user_document(user: User, resource_type: ResourceType) -> Document:
    """Return the document of a user as it is served, without id, meta and groups.

    The role is served under both its names. A client that maps the alias then finds the value that it
    sent, and does not send it again in every cycle (docs/reference/client-quirks.md).
    """
    role_id, attributes = str(user.role_id), user.attributes
    schemas = [
        each.id
        for each in resource_type.extensions
        if each.id in attributes or each.id == urns.CLM_USER
    ]
    return {
        "schemas": [resource_type.schema.id, *schemas],
        **attributes,
        "active": user.active,
        "roleId": role_id,
        urns.CLM_USER: {"roleId": role_id},
    }


@lru_cache(maxsize=1024)
def role_tail(role_id: UUID) -> str:
    """Return the end of a user's document, which is all of it that a role changes. Its length is always the same."""
    shown = f'"roleId":"{role_id}"'
    return f'{shown},"{urns.CLM_USER}":{{{shown}}}}}'


def user_attributes(document: Document) -> Document:
    """Return the attributes of a user from the stored document: the inverse of user_document."""
    return {key: value for key, value in document.items() if key not in NOT_ATTRIBUTES}


NOT_ATTRIBUTES = frozenset({"schemas", "active", "roleId", urns.CLM_USER})


def hash_name(sealer: Sealer, organization_id: UUID, kind: str, name: str) -> str:
    """Return the keyed hash of a name, as former_users holds it."""
    digest = sealer.hash_name(organization_id, kind, name)
    return HASHED + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_hashed(held: str) -> bool:
    """Return whether former_users holds a hash, and no name: a release before revision 3 wrote names."""
    return HASH.fullmatch(held) is not None


def former_user_row(user: User, organization_id: UUID, sealer: Sealer) -> FormerUserRow:
    """Return the row that remembers a deleted user, without its names."""
    external_id = user.attributes.get("externalId")
    return FormerUserRow(
        user.id,
        hash_name(sealer, organization_id, USER_NAME, user.name_key),
        hash_name(sealer, organization_id, EXTERNAL_ID, external_id) if external_id else None,
    )


def group_row(group: Group) -> GroupRow:
    """Return the row of a group. Its members are rows of memberships."""
    document: dict[str, Any] = {"schemas": schemas_of(group.attributes, GROUP), **group.attributes}
    return GroupRow(
        group.id,
        group.version,
        group.created_at,
        group.modified_at,
        group.member_count,
        fold(group.attributes["displayName"]),
        group.attributes.get("externalId"),
        orjson.dumps(document).decode(),
        orjson.dumps(search_document(document, GROUP)).decode(),
    )


def organization_row(organization: Organization) -> OrganizationRow:
    """Return the row of an organization, without its tokens."""
    roles = {name: str(role_id) for name, role_id in organization.roles.items()}
    suspension = organization.suspension
    return OrganizationRow(
        organization.id,
        organization.version,
        organization.created_at,
        organization.name,
        fold(organization.name),
        orjson.dumps(roles).decode(),
        orjson.dumps(organization.schemas).decode(),
        orjson.dumps(organization.settings).decode(),
        suspension.since if suspension else None,
        suspension.reason if suspension else None,
        orjson.dumps(role_groups_document(organization)).decode(),
    )


def role_groups_document(organization: Organization) -> dict[str, Any]:
    """Return the list of role groups as it is stored; an empty object where nobody has saved one."""
    if not organization.role_groups and organization.explicit_wins:
        return {}
    items = [
        each.model_dump(mode="json", by_alias=True, exclude_none=True)
        for each in organization.role_groups
    ]
    return {"items": items, "explicitWins": organization.explicit_wins}


def token_row(token: Token) -> TokenRow:
    """Return the row of a token."""
    return TokenRow(
        token.id,
        token.jti_hash,
        token.account_id,
        token.label,
        token.scope,
        token.issued_at,
        token.expires_at,
        token.revoked_at,
        list(token.allowed_networks),
    )


def client_row(client: Client) -> ClientRow:
    """Return the row of an OAuth client."""
    return ClientRow(
        client.id,
        client.account_id,
        client.label,
        client.kind,
        list(client.scopes),
        client.issuer,
        list(client.subjects),
        list(client.audiences),
        client.created_at,
        client.revoked_at,
        orjson.dumps([_secret(each) for each in client.secrets.values()]).decode(),
    )


def _secret(secret: ClientSecret) -> dict[str, Any]:
    """Return a client's secret as JSON; `load.secret_of` reads it."""
    return {
        "id": str(secret.id),
        "secretHash": secret.secret_hash,
        "createdAt": secret.created_at,
        "expiresAt": secret.expires_at,
        "revokedAt": secret.revoked_at,
    }


def hold_row(hold: Hold) -> HoldRow:
    """Return the row of a hold, without its users."""
    return HoldRow(
        hold.id,
        hold.version,
        hold.kind,
        hold.opened_at,
        hold.opened_position,
        hold.since_position,
        hold.passed,
        hold.active_users,
        hold.max_users,
        hold.max_percent,
        hold.window_minutes,
        hold.user_count,
        hold.state,
        hold.decided_at,
        hold.decided_position,
    )


def loss_rows(event: Event, place: Place) -> list[LossRow]:
    """Return a row for each user who loses access by an event."""
    lost = losses_of(place.stream_id, event)
    if lost is None:
        return []
    users, kind = lost
    return [
        LossRow(place.stream_id, place.position, user_id, kind, place.recorded_at)
        for user_id in users
    ]
