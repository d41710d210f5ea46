"""A technical account: its own token cannot end it, but that of a colleague can."""

from typing import Any

import pytest

from service.cli.provenance import cli_provenance
from service.organizations.register import find_organization
from service.organizations.tokens import issue_token
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

    assert refused.status == 403
    assert "technical account whose token you use" in refused.body["detail"]
    assert (await scim.get(path)).body == before.body


async def test_a_token_may_change_what_is_harmless_of_its_account(
    scim: Scim, organization: Tenant
) -> None:
    change = {"op": "replace", "path": "displayName", "value": "Entra"}

    patched = await scim.patch(f"/Users/{organization.account_id}", change)

    assert (patched.status, patched.body["displayName"]) == (200, "Entra")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("deactivate", "deactivated"),
        ("demote", "no longer an Administrator"),
        ("delete", "deactivated"),
    ],
)
async def test_an_account_that_a_colleague_ends_loses_its_tokens_within_a_second(
    served: Served, scim: Scim, organization: Tenant, name: str, expected: str
) -> None:
    other = await colleague(served, scim, organization)
    method, body = bodies(organization)[name]

    ended = await other.send(method, f"/Users/{organization.account_id}", body)
    detail, after_s = await until_refused(scim)

    assert ended.status in (200, 204)
    assert expected in detail
    assert after_s < SECOND_S
    assert (await other.get("/Roles")).status == 200


async def test_an_account_that_comes_back_has_its_tokens_back(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    other = await colleague(served, scim, organization)
    path = f"/Users/{organization.account_id}"
    await other.patch(path, {"op": "replace", "path": "active", "value": False})
    await until_refused(scim)

    await other.patch(path, {"op": "replace", "path": "active", "value": True})

    answer = await scim.get("/Roles")
    assert answer.status in (200, 401)  # The service looks it up again within half a second.
