"""Resources as the service shows them, and the smallest valid ones to send."""

from asyncio import gather
from collections.abc import Iterable
from typing import Any

from schema.scim import urns
from tests.serving import Answer, Scim, Tenant


def user_body(
    answer: Answer, scim: Scim, organization: Tenant, **attributes: Any
) -> dict[str, Any]:
    """Return the whole body of an active Reader with the given attributes and no further extension."""
    role_id = attributes.pop("roleId", organization.roles["Reader"])
    return {
        "schemas": [urns.USER, urns.CLM_USER],
        "active": True,
        "roleId": role_id,
        urns.CLM_USER: {"roleId": role_id},
        **attributes,
        **own(answer, scim, "User"),
    }


def group_body(answer: Answer, scim: Scim, **attributes: Any) -> dict[str, Any]:
    """Return the whole body of a group with the given attributes."""
    return {"schemas": [urns.GROUP], **attributes, **own(answer, scim, "Group")}


def own(answer: Answer, scim: Scim, name: str) -> dict[str, Any]:
    """Return the attributes that the service sets; the instants are copied from the answer."""
    body = answer.body
    created, modified = body["meta"]["created"], body["meta"]["lastModified"]
    assert created <= modified
    assert created.endswith("Z")
    return {
        "id": body["id"],
        "meta": {
            "resourceType": name,
            "created": created,
            "lastModified": modified,
            "location": f"{scim.base}/{name}s/{body['id']}",
            "version": answer.headers["ETag"],
        },
    }


def member(scim: Scim, shown: dict[str, Any]) -> dict[str, Any]:
    """Return a member as a group shows it."""
    kind = shown["meta"]["resourceType"]
    display = {"display": shown["displayName"]} if "displayName" in shown else {}
    location = f"{scim.base}/{kind}s/{shown['id']}"
    return {"value": shown["id"], "$ref": location, "type": kind, **display}


def by_value(members: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return members in the order of their ids."""
    return sorted(members, key=lambda each: str(each["value"]))


async def people(scim: Scim, count: int) -> list[str]:
    """Make users, many at once, and return their ids."""
    sent = [
        {"userName": f"user-{number:05}", "displayName": f"U {number}"} for number in range(count)
    ]
    made = await gather(*(scim.post("/Users", each) for each in sent))
    return [each.body["id"] for each in made]


def values(ids: Iterable[str]) -> list[dict[str, str]]:
    """Return ids as values of members."""
    return [{"value": each} for each in ids]
