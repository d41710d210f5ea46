"""The organization, its settings and its schemas, over the admin API; suspension, which is not."""

import asyncio
import secrets

import pytest

from service.cli.provenance import cli_provenance
from service.organizations.manage import resume_organization, suspend_organization
from service.organizations.register import find_organization
from tests.admin.client import Admin, with_scope
from tests.protocol.extensions import EXTENSION
from tests.serving import Scim, Served, Tenant, make_tenant


async def test_an_organization_is_renamed(admin: Admin, other_admin: Admin) -> None:
    before = (await admin.get("/organization")).body
    name = f"Renamed {secrets.token_hex(6)}"

    answer = await admin.patch("/organization", {"name": name})

    assert answer.status == 200
    assert answer.body == {**before, "name": name}
    taken = (await other_admin.patch("/organization", {"name": name.upper()})).status
    assert taken == 409


async def test_an_empty_patch_changes_nothing(served: Served, admin: Admin, tenant: Tenant) -> None:
    counting = "SELECT count(*) FROM eventstore.events WHERE organization_id = $1"
    before = await served.owner.fetchval(counting, tenant.id)

    answer = await admin.patch("/organization", {})

    assert answer.body == (await admin.get("/organization")).body
    assert await served.owner.fetchval(counting, tenant.id) == before


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": ""}, "#/name"),
        ({"name": "a" * 201}, "#/name"),
        ({"name": "a\nb"}, "#/name"),
        ({"settings": {"strict": "yes"}}, "#/settings/strict"),
        ({"settings": {"nothing": True}}, "#/settings/nothing"),
        ({"settings": {"a/b~c": True}}, "#/settings/a~1b~0c"),
        ({"settings": []}, "#/settings"),
        ({"name": None}, "#/name"),
        ({"settings": None}, "#/settings"),
        ({"settings": {"guard": {"maxUsers": -1}}}, "#/settings/guard"),
        ({"settings": {"guard": {"more": 1}}}, "#/settings/guard"),
        ({"id": "1"}, "#/id"),
    ],
    ids=str,
)
async def test_a_wrong_change_is_refused_by_field(
    admin: Admin, body: dict[str, object], pointer: str
) -> None:
    answer = await admin.patch("/organization", body)

    assert answer.status == 422, answer
    assert [each["pointer"] for each in answer.body["errors"]] == [pointer]


async def test_a_change_that_is_refused_in_part_changes_nothing(
    admin: Admin, other_admin: Admin
) -> None:
    before = (await admin.get("/organization")).body
    taken = (await other_admin.get("/organization")).body["name"]

    for name, status in (("", 422), (taken, 409)):
        answer = await admin.patch("/organization", {"settings": {"strict": True}, "name": name})
        assert answer.status == status
        assert (await admin.get("/organization")).body == before


async def test_a_setting_that_is_an_object_is_merged(admin: Admin) -> None:
    merged = await admin.patch("/organization", {"settings": {"guard": {"maxUsers": 7}}})
    default = await admin.patch("/organization", {"settings": {"guard": {"maxUsers": None}}})
    await admin.patch("/organization", {"settings": {"guard": None}})

    guard = {"enabled": True, "maxUsers": 7, "maxPercent": 20, "windowMinutes": 60}
    assert merged.body["settings"]["guard"] == guard
    assert default.body["settings"]["guard"] == {**guard, "maxUsers": 10}


async def test_a_setting_is_chosen_and_returned_to_its_default(admin: Admin) -> None:
    chosen = await admin.patch("/organization", {"settings": {"localChanges": "refused"}})
    default = await admin.patch("/organization", {"settings": {"localChanges": None}})

    assert chosen.body["settings"]["localChanges"] == "refused"
    assert default.body["settings"]["localChanges"] == "warned"


async def test_an_extension_schema_is_registered(admin: Admin) -> None:
    answer = await admin.post("/schemas", {"document": EXTENSION})

    assert answer.status == 201
    assert answer.body["id"] == EXTENSION["id"]
    assert [each["id"] for each in (await admin.get("/schemas")).body["items"]] == [EXTENSION["id"]]
    fewer = {**EXTENSION, "attributes": EXTENSION["attributes"][:1]}
    assert (await admin.post("/schemas", {"document": fewer})).status == 422
    assert (await admin.post("/schemas", {"document": {}})).status == 422


async def test_a_suspended_organization_is_refused_with_the_reason(served: Served) -> None:
    tenant = await make_tenant(served.runtime, f"Suspended {secrets.token_hex(6)}")
    scim, admin = Scim(served, tenant.token), Admin(served, with_scope(served, tenant, "admin"))
    organization = await find_organization(served.runtime, tenant.name)
    assert (await scim.get("/Me")).status == 200

    await suspend_organization(
        served.runtime, organization, "The contract ended.", provenance=cli_provenance()
    )
    await asyncio.sleep(0.55)
    refused = [await scim.get("/Me"), await admin.get("/organization")]
    await resume_organization(served.runtime, organization, provenance=cli_provenance())
    await asyncio.sleep(0.55)

    assert [each.status for each in refused] == [401, 401]
    assert all("suspended" in each.body["detail"] for each in refused)
    assert all("The contract ended." in each.body["detail"] for each in refused)
    assert (await scim.get("/Me")).status == 200
