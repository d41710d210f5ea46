"""Users made by hand beside users made by SCIM: found and linked, but never by e-mail; never duplicated."""

from typing import Any

import orjson
import pytest

from schema.scim.errors import InvalidValue, Uniqueness
from service.cli.provenance import cli_provenance
from service.organizations.register import find_organization
from service.organizations.users import create_user
from tests.protocol.terminal import run
from tests.serving import Scim, Served, Tenant

GUID = "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"


async def by_hand(
    served: Served, organization: Tenant, role: str | None = None, **attributes: Any
) -> str:
    """Make a user as an administrator does, and return its id."""
    found = await find_organization(served.runtime, str(organization.id))
    document = {"userName": "Ada@contoso.com", **attributes}
    return str(
        await create_user(served.runtime, found, document, role=role, provenance=cli_provenance())
    )


async def log(served: Served, user_id: str) -> list[tuple[str, str]]:
    """Return the type and source of a user's events, in order."""
    rows = await served.owner.fetch(
        "SELECT type, source FROM eventstore.events WHERE stream_id = $1 ORDER BY version", user_id
    )
    return [(each["type"], each["source"]) for each in rows]


async def first_event(served: Served, user_id: str) -> dict[str, Any]:
    """Return the public facts of a user's first event."""
    text = await served.owner.fetchval(
        "SELECT data::text FROM eventstore.events WHERE stream_id = $1 AND version = 1", user_id
    )
    facts: dict[str, Any] = orjson.loads(text)
    return facts


async def test_a_user_made_by_hand_is_there_for_scim(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    emails = [{"type": "work", "value": "ada@contoso.com", "primary": True}]
    user_id = await by_hand(served, organization, "editor", displayName="Ada", emails=emails)

    read = await scim.get(f"/Users/{user_id}")

    assert (read.body["displayName"], read.body["emails"]) == ("Ada", emails)
    assert read.body["roleId"] == organization.roles["Editor"]
    assert await log(served, user_id) == [("UserProvisioned", "cli")]


@pytest.mark.parametrize("name", ["Ada@contoso.com", "ADA@CONTOSO.COM"])
async def test_a_user_made_by_hand_is_found_and_linked(
    served: Served, scim: Scim, organization: Tenant, name: str
) -> None:
    user_id = await by_hand(served, organization)
    by_id = await scim.find("/Users", filter=f'externalId eq "{GUID}"')

    by_name = await scim.find("/Users", filter=f'userName eq "{name}"')
    linked = await scim.patch(
        f"/Users/{user_id}",
        {"op": "Add", "path": "externalId", "value": GUID},
        {"op": "Replace", "path": "displayName", "value": "Ada"},
    )

    assert (by_id.body["totalResults"], by_name.body["Resources"][0]["id"]) == (0, user_id)
    assert (linked.status, linked.body["externalId"]) == (200, GUID)
    again = await scim.find("/Users", filter=f'externalId eq "{GUID}"')
    assert again.body["Resources"] == [linked.body]
    assert await log(served, user_id) == [
        ("UserProvisioned", "cli"),
        ("UserLinked", "scim"),
        ("UserChanged", "scim"),
    ]


async def test_who_is_linked_is_not_linked_twice(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    path = f"/Users/{await by_hand(served, organization)}"
    await scim.patch(path, {"op": "add", "path": "externalId", "value": GUID})

    await scim.patch(path, {"op": "replace", "path": "externalId", "value": "another"})

    types = [each for each, _ in await log(served, path.rpartition("/")[2])]
    assert types == ["UserProvisioned", "UserLinked", "UserChanged"]


async def test_a_put_links_too(served: Served, scim: Scim, organization: Tenant) -> None:
    user_id = await by_hand(served, organization, "Editor")

    put = await scim.put(f"/Users/{user_id}", {"userName": "ada@contoso.com", "externalId": GUID})

    assert (put.status, put.body["roleId"]) == (200, organization.roles["Editor"])
    assert ("UserLinked", "scim") in await log(served, user_id)


async def test_nobody_is_matched_by_mail(served: Served, scim: Scim, organization: Tenant) -> None:
    emails = [{"type": "work", "value": "shared@contoso.com"}]
    user_id = await by_hand(served, organization, emails=emails)

    other = await scim.post("/Users", {"userName": "other@contoso.com", "emails": emails})

    assert other.status == 201
    assert other.body["id"] != user_id
    assert await log(served, user_id) == [("UserProvisioned", "cli")]


async def test_a_post_for_a_user_made_by_hand_tells_who_has_the_name(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    user_id = await by_hand(served, organization)

    refused = await scim.post("/Users", {"userName": "ADA@contoso.com", "externalId": GUID})

    assert (refused.status, refused.body["scimType"]) == (409, "uniqueness")
    assert "userName" in refused.body["detail"]
    assert user_id in refused.body["detail"]


async def test_a_post_for_a_deactivated_user_tells_who_has_the_name(scim: Scim) -> None:
    made = await scim.post("/Users", {"userName": "ada", "active": False, "externalId": GUID})

    refused = await scim.post("/Users", {"userName": "Ada", "externalId": GUID})

    assert (refused.status, refused.body["scimType"]) == (409, "uniqueness")
    assert "userName" in refused.body["detail"]
    assert made.body["id"] in refused.body["detail"]


@pytest.mark.parametrize(
    "again",
    [
        {"userName": "ADA@contoso.com"},
        {"userName": "renamed@contoso.com", "externalId": GUID},
        {"userName": "Ada@contoso.com", "externalId": GUID},
    ],
)
async def test_who_comes_back_after_delete_is_new_and_names_the_former_one(
    served: Served, scim: Scim, again: dict[str, str]
) -> None:
    former = await scim.post("/Users", {"userName": "Ada@contoso.com", "externalId": GUID})
    await scim.delete(f"/Users/{former.body['id']}")

    made = await scim.post("/Users", again)

    assert made.status == 201
    assert made.body["id"] != former.body["id"]
    facts = await first_event(served, made.body["id"])
    assert facts["formerUserId"] == former.body["id"]


async def test_who_was_never_here_has_no_former_user(served: Served, scim: Scim) -> None:
    former = await scim.post("/Users", {"userName": "ada", "externalId": GUID})
    await scim.delete(f"/Users/{former.body['id']}")

    made = await scim.post("/Users", {"userName": "bob", "externalId": GUID.upper()})

    assert (await first_event(served, made.body["id"])).get("formerUserId") is None


async def test_a_name_that_is_taken_is_not_made_by_hand(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    await scim.post("/Users", {"userName": "ada@CONTOSO.com"})

    with pytest.raises(Uniqueness, match="is taken"):
        await by_hand(served, organization)


async def test_a_role_that_nobody_knows_is_refused_with_the_known_ones(
    served: Served, organization: Tenant
) -> None:
    with pytest.raises(InvalidValue, match="the roles are Administrator, Editor"):
        await by_hand(served, organization, "Boss")


@pytest.mark.process
async def test_an_administrator_makes_a_user_in_a_terminal(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    options = ("--user-name", "ada", "--role", "Editor", "--email", "ada@x.com", "--json")
    chosen = ("user", "create", "--organization", organization.name, *options)

    said = await run(served, *chosen)
    again = await run(served, *chosen)

    made = await scim.get(f"/Users/{orjson.loads(said.out)['id']}")
    assert (made.body["userName"], made.body["roleId"]) == ("ada", organization.roles["Editor"])
    assert [each["value"] for each in made.body["emails"]] == ["ada@x.com"]
    assert (said.code, again.code, again.out) == (0, 1, "")
    assert "is taken by user" in again.err


@pytest.mark.parametrize("blank", ["  ", "\t", "\u3000", "\u200b"], ids=ascii)
async def test_a_blank_name_is_not_made_by_hand(
    served: Served, organization: Tenant, blank: str
) -> None:
    with pytest.raises(InvalidValue, match="userName is blank"):
        await by_hand(served, organization, userName=blank)
