"""A technical account: over SCIM neither its own token can end it nor that of a colleague; an administrator can."""

from typing import Any
from uuid import UUID

import pytest

from schema.scim import urns
from schema.scim.definitions import USER
from schema.scim.patch.operations import read_patch
from service.callers.caller import Caller
from service.cli.provenance import cli_provenance
from service.organizations.register import find_organization
from service.organizations.tokens import issue_token, revoke_token
from service.write.commands import PatchUser
from tests.protocol.test_tokens import SECOND_S, until_refused
from tests.serving import Scim, Served, Tenant, patch_op


async def colleague(served: Served, scim: Scim, organization: Tenant) -> Scim:
    """Return a client with the token of another technical account."""
    second = {"userName": "second-account", "roleId": organization.roles["Administrator"]}
    assert (await scim.post("/Users", second)).status == 201
    found = await find_organization(served.runtime, str(organization.id))
    issued = await issue_token(
        served.runtime, found, "second", account="second-account", provenance=cli_provenance()
    )
    return Scim(served, issued.token)


def bodies(organization: Tenant) -> dict[str, tuple[str, Any]]:
    """Return the requests that would end the account, by their effect."""
    reader = organization.roles["Reader"]
    account = {"userName": "technical-account"}
    off = {"op": "Replace", "path": "active", "value": "False"}
    role = {"op": "replace", "path": "roleId", "value": reader}
    return {
        "delete": ("DELETE", None),
        "deactivate": ("PATCH", patch_op(off)),
        "deactivate without path": (
            "PATCH",
            patch_op({"op": "replace", "value": {"active": False}}),
        ),
        "demote": ("PATCH", patch_op(role)),
        "remove role": ("PATCH", patch_op({"op": "remove", "path": "roleId"})),
        "app role": (
            "PATCH",
            patch_op({"op": "add", "path": "roles", "value": [{"value": "Editor"}]}),
        ),
        "put inactive": ("PUT", {**account, "active": False}),
        "put demoted": ("PUT", {**account, "roleId": reader}),
    }


BODIES = [
    "delete",
    "deactivate",
    "deactivate without path",
    "demote",
    "remove role",
    "app role",
    "put inactive",
    "put demoted",
]


@pytest.mark.parametrize("name", BODIES)
async def test_a_token_cannot_end_its_own_account(
    scim: Scim, organization: Tenant, name: str
) -> None:
    path = f"/Users/{organization.account_id}"
    before = await scim.get(path)
    method, body = bodies(organization)[name]

    refused = await scim.send(method, path, body)

    assert (refused.status, refused.body["scimType"]) == (400, "mutability")
    assert "technical account whose token you use" in refused.body["detail"]
    assert (await scim.get(path)).body == before.body


async def test_a_token_may_change_what_is_harmless_of_its_account(
    scim: Scim, organization: Tenant
) -> None:
    change = {"op": "replace", "path": "displayName", "value": "Entra"}

    patched = await scim.patch(f"/Users/{organization.account_id}", change)

    assert (patched.status, patched.body["displayName"]) == (200, "Entra")


@pytest.mark.parametrize("name", ["delete", "deactivate", "demote", "put inactive"])
async def test_a_colleague_cannot_end_it_either(
    served: Served, scim: Scim, organization: Tenant, name: str
) -> None:
    other = await colleague(served, scim, organization)
    method, body = bodies(organization)[name]
    path = f"/Users/{organization.account_id}"

    refused = await other.send(method, path, body)
    bulk = {"method": method, "path": path, **({"data": body} if body else {})}
    answer = await other.post("/Bulk", {"schemas": [urns.BULK_REQUEST], "Operations": [bulk]})

    [result] = answer.body["Operations"]
    for each in (refused.body, result["response"]):
        assert (each["status"], each["scimType"]) == ("400", "mutability")
        assert "whose tokens are in use" in each["detail"]
    assert (await scim.get("/Roles")).status == 200


async def test_without_tokens_in_use_it_is_a_user_like_any_other(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    other = await colleague(served, scim, organization)
    found = await find_organization(served.runtime, str(organization.id))
    await revoke_token(served.runtime, found, organization.token_id, provenance=cli_provenance())

    assert (await other.delete(f"/Users/{organization.account_id}")).status == 204


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"active": False}, "deactivated"), ({"role": "Reader"}, "no longer an Administrator")],
)
async def test_an_account_that_an_administrator_ends_loses_its_tokens_within_a_second(
    served: Served, scim: Scim, organization: Tenant, change: dict[str, Any], expected: str
) -> None:
    other = await colleague(served, scim, organization)

    await by_hand(served, organization, **change)
    detail, after_s = await until_refused(scim)
    assert expected in detail
    assert after_s < SECOND_S
    assert (await other.get("/Roles")).status == 200

    # It may be changed over SCIM now, and has its tokens back with its rights.
    back = {"active": True, "roleId": organization.roles["Administrator"]}
    path = f"/Users/{organization.account_id}"
    assert (await other.patch(path, {"op": "replace", "value": back})).status == 200
    answer = await scim.get("/Roles")
    assert answer.status in (200, 401)  # The service looks it up again within half a second.


async def by_hand(
    served: Served, organization: Tenant, *, active: bool | None = None, role: str | None = None
) -> None:
    """Change the account as an administrator does, not over SCIM."""
    found = await find_organization(served.runtime, str(organization.id))
    value = {"active": active} if role is None else {"roleId": organization.roles[role]}
    patch = read_patch(patch_op({"op": "replace", "value": value}), USER, organization.account_id)
    command = PatchUser(UUID(organization.account_id), patch, USER)
    await served.runtime.lanes.submit(command, Caller(found, None, "cli"), cli_provenance())
