"""Events as the Open Cybersecurity Schema Framework (OCSF 1.3, category Identity & Access Management) writes them. Pure.

One event becomes one object: Account Change (3001) and User Access Management (3005) for people, Group Management
(3006) for groups, Entity Management (3004) for all else. `unmapped` holds the event as the feed gives it.
"""

from typing import Any, Final, NamedTuple

from service.feed.event import FeedEvent

VERSION: Final = "1.3.0"
CATEGORY: Final = 3
ACCOUNT_CHANGE, ENTITY_MANAGEMENT, USER_ACCESS, GROUP_MANAGEMENT = 3001, 3004, 3005, 3006
CLASS_NAMES: Final = {
    ACCOUNT_CHANGE: "Account Change",
    ENTITY_MANAGEMENT: "Entity Management",
    USER_ACCESS: "User Access Management",
    GROUP_MANAGEMENT: "Group Management",
}
OTHER: Final = 99
INFORMATIONAL, LOW, MEDIUM = 1, 2, 3
SEVERITY_NAMES: Final = {INFORMATIONAL: "Informational", LOW: "Low", MEDIUM: "Medium"}


class _Kind(NamedTuple):
    class_uid: int
    activity_id: int
    activity: str


KINDS: Final = {
    "UserProvisioned": _Kind(ACCOUNT_CHANGE, 1, "Create"),
    "UserReactivated": _Kind(ACCOUNT_CHANGE, 2, "Enable"),
    "UserDeactivated": _Kind(ACCOUNT_CHANGE, 5, "Disable"),
    "UserDeleted": _Kind(ACCOUNT_CHANGE, 6, "Delete"),
    "RoleAssigned": _Kind(USER_ACCESS, 1, "Assign Privileges"),
    "MembersAdded": _Kind(GROUP_MANAGEMENT, 3, "Add User"),
    "MembersRemoved": _Kind(GROUP_MANAGEMENT, 4, "Remove User"),
    "GroupDeleted": _Kind(GROUP_MANAGEMENT, 5, "Delete"),
    "GroupCreated": _Kind(GROUP_MANAGEMENT, 6, "Create"),
    "GroupChanged": _Kind(GROUP_MANAGEMENT, OTHER, "Update"),
    "TokenIssued": _Kind(ENTITY_MANAGEMENT, 1, "Create"),
    "TokenRevoked": _Kind(ENTITY_MANAGEMENT, 4, "Delete"),
    "ClientRegistered": _Kind(ENTITY_MANAGEMENT, 1, "Create"),
    "ClientRevoked": _Kind(ENTITY_MANAGEMENT, 4, "Delete"),
    "OrganizationRegistered": _Kind(ENTITY_MANAGEMENT, 1, "Create"),
    "OrganizationErased": _Kind(ENTITY_MANAGEMENT, 4, "Delete"),
}
SEVERITIES: Final = {
    "GuardHeld": MEDIUM,
    "LogRestored": MEDIUM,
    "OrganizationSuspended": MEDIUM,
    "TokenIssued": LOW,
    "ClientRegistered": LOW,
    "UserDeleted": LOW,
    "UserDeactivated": LOW,
}


def ocsf_event(event: FeedEvent) -> dict[str, Any]:
    """Return an event as an object of OCSF."""
    kind = _kind(event)
    severity = SEVERITIES.get(event.type, INFORMATIONAL)
    return {
        "class_uid": kind.class_uid,
        "class_name": CLASS_NAMES[kind.class_uid],
        "category_uid": CATEGORY,
        "category_name": "Identity & Access Management",
        "activity_id": kind.activity_id,
        "activity_name": kind.activity,
        "type_uid": kind.class_uid * 100 + kind.activity_id,
        "type_name": f"{CLASS_NAMES[kind.class_uid]}: {kind.activity}",
        "time": int(event.recorded_at.timestamp() * 1000),
        "severity_id": severity,
        "severity": SEVERITY_NAMES[severity],
        "status_id": 1,
        "status": "Success",
        "metadata": {
            "version": VERSION,
            "product": {"name": "scim-ledger", "vendor_name": "scim-ledger"},
            "uid": str(event.id),
            "sequence": event.position,
            "tenant_uid": str(event.organization_id),
            "event_code": event.type,
            "correlation_uid": str(event.request_id),
        },
        "actor": {"user": {"uid": event.actor_id}},
        **_subject(event, kind),
        "unmapped": event.model_dump(mode="json"),
    }


def _kind(event: FeedEvent) -> _Kind:
    if found := KINDS.get(event.type):
        return found
    if event.resource_type == "User":
        return _Kind(ACCOUNT_CHANGE, OTHER, "Other")
    return _Kind(ENTITY_MANAGEMENT, 3, "Update")


def _subject(event: FeedEvent, kind: _Kind) -> dict[str, Any]:
    """Return what the event is about, under the names of its class."""
    match kind.class_uid:
        case 3001:
            return {"user": _user(event)}
        case 3005:
            return {"user": _user(event), "privileges": [str(event.data.get("roleId"))]}
        case 3006:
            members = event.data.get("members", ())
            one = {"user": {"uid": members[0]}} if len(members) == 1 else {}
            values = (
                event.values or event.data.get("values") or {}
            )  # Sealed, and before that public.
            name = values.get("displayName")
            named = {"name": name} if isinstance(name, str) else {}
            return {"group": {"uid": str(event.resource_id), **named}, **one}
        case _:
            entity = {
                "uid": str(_entity_id(event)),
                "type": event.resource_type,
                "name": event.data.get("label") or event.data.get("name"),
            }
            return {"entity": {key: value for key, value in entity.items() if value is not None}}


def _entity_id(event: FeedEvent) -> Any:
    """Return the id of what the organization has changed of itself: a token, a client, or itself."""
    return event.data.get("tokenId") or event.data.get("clientId") or event.resource_id


def _user(event: FeedEvent) -> dict[str, Any]:
    values = event.values or {}
    emails = values.get("emails")
    mail = emails[0].get("value") if isinstance(emails, list) and emails else None
    found = {
        "uid": str(event.resource_id),
        "name": values.get("userName"),
        "full_name": values.get("displayName"),
        "email_addr": mail,
    }
    return {key: value for key, value in found.items() if isinstance(value, str)}
