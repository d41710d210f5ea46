"""People by hand: /users of the admin API."""

import asyncio
import secrets
from typing import Any

import pytest

from eventstore import read
from service.callers.authenticate import FRESH_S
from service.callers.caller import Caller
from service.cli.provenance import cli_provenance
from service.ids import new_id
from service.organizations.register import find_organization
from service.write.commands import ChangeSettings
from tests.admin.client import Admin
from tests.serving import Scim, Served, Tenant

FIELDS = {
    "displayName": "Ada Lovelace",
    "givenName": "Ada",
    "familyName": "Lovelace",
    "email": "ada@x.example",
}


def name() -> str:
    """Return a userName that nobody has."""
    return f"ada-{secrets.token_hex(5)}@x.example"


async def made(admin: Admin, **fields: Any) -> dict[str, Any]:
    """Return a person made by hand."""
    answer = await admin.post("/users", {"userName": name(), **fields})
    assert answer.status == 201, answer
    return dict(answer.body)


async def test_a_person_is_created_read_and_listed(admin: Admin) -> None:
    person = await made(admin, **FIELDS, role="editor")

    assert {each: person[each] for each in FIELDS} == FIELDS
    assert (person["role"], person["active"], person["origin"]) == ("Editor", True, "manual")
    assert person["lastChangedBy"]["source"] == "api"
    assert person["lastChangedBy"]["kind"] == "account"
    assert (await admin.get(f"/users/{person['id']}")).body == person
    listed = await admin.get(f"/users?q={person['userName'][:12].upper()}")
    assert listed.body["items"] == [person]
    assert (await admin.get("/users?q=nobody-at-all")).body == {"items": [], "nextCursor": None}


async def test_the_answer_to_a_post_names_its_address(admin: Admin) -> None:
    answer = await admin.post("/users", {"userName": name()})

    assert answer.headers["Location"].endswith(f"/api/admin/v1/users/{answer.body['id']}")


async def test_pages_show_everybody_once_by_user_name(admin: Admin) -> None:
    for _ in range(5):
        await made(admin)

    pages = await admin.pages("/users", 2)

    names = [row["userName"] for page in pages for row in page]
    assert names == sorted(names, key=str.lower)
    assert len(names) == len(set(names))
    assert len(pages) > 2


async def test_fields_are_changed_and_cleared(admin: Admin) -> None:
    person = await made(admin, **FIELDS)
    path = f"/users/{person['id']}"

    changed = await admin.patch(
        path,
        {"displayName": None, "givenName": "Augusta", "email": "a@y.example", "role": "Validator"},
    )

    assert changed.status == 200
    body = changed.body
    assert (body["displayName"], body["givenName"], body["familyName"]) == (
        None,
        "Augusta",
        "Lovelace",
    )
    assert (body["email"], body["role"], body["warnings"]) == ("a@y.example", "Validator", [])
    cleared = await admin.patch(path, {"email": None, "familyName": None})
    assert (cleared.body["email"], cleared.body["familyName"]) == (None, None)


async def test_nothing_is_changed_by_nothing(admin: Admin) -> None:
    person = await made(admin, **FIELDS)
    path = f"/users/{person['id']}"

    for same in ({}, {"displayName": FIELDS["displayName"]}, {"active": True}):
        answer = await admin.send("PATCH", path, same, Content_Type="application/merge-patch+json")
        assert answer.status == 200
        assert answer.body["changedAt"] == person["changedAt"]


async def test_access_is_taken_away_and_given_back(admin: Admin) -> None:
    person = await made(admin)

    off = await admin.post(f"/users/{person['id']}/deactivate")
    assert (off.status, off.body["active"]) == (200, False)
    assert (await admin.get(f"/users?active=false&q={person['userName']}")).body["items"]
    on = await admin.post(f"/users/{person['id']}/reactivate")
    assert (on.status, on.body["active"]) == (200, True)


async def test_a_person_who_is_deleted_is_gone_and_the_name_is_free(admin: Admin) -> None:
    person = await made(admin)

    assert (await admin.send("DELETE", f"/users/{person['id']}")).status == 204
    assert (await admin.get(f"/users/{person['id']}")).status == 404
    assert (await admin.send("DELETE", f"/users/{person['id']}")).status == 404
    assert (await admin.post("/users", {"userName": person["userName"]})).status == 201


async def test_a_name_that_is_taken_is_a_conflict(admin: Admin) -> None:
    person = await made(admin)

    answer = await admin.post("/users", {"userName": person["userName"].upper()})

    assert (answer.status, answer.body["type"]) == (409, "urn:scim-ledger:problem:taken")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/userName"),
        ({"userName": ""}, "#/userName"),
        ({"userName": 7}, "#/userName"),
        ({"userName": "   "}, "#/userName"),
        ({"userName": "a", "role": "Emperor"}, "#/role"),
        ({"userName": "a", "roleId": "Editor"}, "#/roleId"),
        ({"userName": "a", "active": "yes"}, "#/active"),
        ({"userName": "a", "nickName": "b"}, "#/nickName"),
    ],
)
async def test_a_field_that_is_refused_is_named(
    admin: Admin, body: dict[str, Any], pointer: str
) -> None:
    answer = await admin.post("/users", body)

    assert answer.status == 422
    assert [each["pointer"] for each in answer.body["errors"]] == [pointer]


@pytest.mark.parametrize("field", ["userName", "role", "roleId", "active"])
async def test_some_fields_cannot_be_cleared(admin: Admin, field: str) -> None:
    person = await made(admin)

    answer = await admin.patch(f"/users/{person['id']}", {field: None})

    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, f"#/{field}")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_a_person_of_another_organization_is_not_there(
    admin: Admin, other_admin: Admin, method: str
) -> None:
    person = await made(other_admin)

    answer = await admin.send(method, f"/users/{person['id']}", {} if method == "PATCH" else None)

    assert answer.status == 404
    assert person["userName"] not in str(answer.body)
    assert (await admin.get(f"/users/{new_id()}")).status == 404


async def test_what_the_provider_wrote_is_changed_with_a_warning_or_refused(
    served: Served, tenant: Tenant, admin: Admin
) -> None:
    scim = Scim(served, tenant.token)
    body = {"userName": name(), "externalId": secrets.token_hex(4), "displayName": "From Entra"}
    user_id = (await scim.post("/Users", body)).body["id"]

    person = (await admin.get(f"/users/{user_id}")).body
    assert (person["origin"], person["lastChangedBy"]["source"]) == ("scim", "scim")
    changed = await admin.patch(f"/users/{user_id}", {"displayName": "By hand", "givenName": "A"})
    assert [each["attribute"] for each in changed.body["warnings"]] == ["displayName"]
    assert "identity provider wrote this" in changed.body["warnings"][0]["detail"]
    again = await admin.patch(f"/users/{user_id}", {"displayName": "By hand again"})
    assert again.body["warnings"] == []


async def test_the_whole_past_of_a_person_says_who_wrote_last(
    served: Served, tenant: Tenant, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    scim = Scim(served, tenant.token)
    monkeypatch.setattr(read, "STREAM_PAGE", 1)
    made = (await scim.post("/Users", {"userName": "long@x.example", "title": "A"})).body["id"]
    for title in "BC":
        await scim.patch(f"/Users/{made}", {"op": "replace", "path": "title", "value": title})
    await scim.patch(f"/Users/{made}", {"op": "replace", "path": "displayName", "value": "Long"})

    changed = await admin.patch(f"/users/{made}", {"displayName": "Longer"})
    assert "identity provider wrote this" in changed.body["warnings"][0]["detail"]


async def test_a_person_made_by_hand_is_linked_by_the_provider(
    served: Served, tenant: Tenant, admin: Admin
) -> None:
    person = await made(admin, displayName="By hand")
    scim = Scim(served, tenant.token)
    link = {"op": "add", "path": "externalId", "value": secrets.token_hex(4)}

    await scim.patch(f"/Users/{person['id']}", link)

    linked = (await admin.get(f"/users/{person['id']}")).body
    assert linked["origin"] == "linked"
    changed = await admin.patch(f"/users/{person['id']}", {"displayName": "Still by hand"})
    assert changed.body["warnings"] == []


async def test_an_organization_may_refuse_changes_of_what_the_provider_writes(
    served: Served, stranger: Tenant, other_admin: Admin
) -> None:
    body = {"userName": name(), "displayName": "From Entra"}
    user_id = (await Scim(served, stranger.token).post("/Users", body)).body["id"]
    person = await made(other_admin)
    await change_settings(served, stranger, {"localChanges": "refused"})
    path = f"/users/{user_id}"

    refused = [
        await other_admin.patch(path, {"displayName": "By hand"}),
        await other_admin.post(f"{path}/deactivate"),
        await other_admin.send("DELETE", path),
    ]
    assert {(each.status, each.body["type"]) for each in refused} == {
        (409, "urn:scim-ledger:problem:conflict")
    }
    assert all("at the identity provider" in each.body["detail"] for each in refused)
    assert (await other_admin.patch(path, {"givenName": "By hand"})).status == 200
    assert (await other_admin.send("DELETE", f"/users/{person['id']}")).status == 204
    await change_settings(served, stranger, {"localChanges": None})


async def change_settings(served: Served, tenant: Tenant, settings: dict[str, Any]) -> None:
    """Change settings of an organization, as the command line does."""
    organization = await find_organization(served.runtime, str(tenant.id))
    caller = Caller(organization, None, "cli")
    command = ChangeSettings(tenant.id, settings)
    await served.runtime.lanes.submit(command, caller, cli_provenance())
    await asyncio.sleep(FRESH_S + 0.1)  # A caller is looked up again after so long.


async def test_everything_that_is_held_on_a_person_is_answered(
    served: Served, admin: Admin, other_admin: Admin
) -> None:
    person = await made(admin, **FIELDS)
    await admin.patch(f"/users/{person['id']}", {"displayName": "Countess"})
    group = await admin.post("/groups", {"displayName": name(), "members": [person["id"]]})
    await admin.send("DELETE", f"/users/{person['id']}")

    path = f"/users/{person['id']}/data"
    held = (await admin.get(path)).body
    assert held["user"] is None
    assert [each["type"] for each in held["events"]] == [
        "UserProvisioned",
        "UserChanged",
        "UserDeleted",
    ]
    assert held["events"][1]["values"] == {"displayName": "Countess"}
    assert held["events"][0]["values"]["userName"] == person["userName"]
    assert (await other_admin.get(path)).status == 404
    assert (await admin.get(f"/users/{group.body['id']}/data")).status == 404
