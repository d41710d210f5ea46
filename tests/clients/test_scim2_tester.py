"""`scim2-tester`, the compliance suite of the SCIM community, finds no error through a real socket.

The suite fills each attribute with a different value, and removes each one that is not required. So its
client is given a description in which `roleId` has only one of its two names, because different roles under
both names are rightly refused. `roleId` and `active` are described as required, because a user always has
them. The suite does not run on `/Roles`, which is read-only: it would create what it reads.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import ResourceType, Schema, ScimPolicy, ScimProvider
from scim2_tester import CheckResult, Status, check_server

from schema.scim.urns import CLM_USER, USER
from tests.protocol.extensions import EXTENSION, URN, register, with_attributes
from tests.serving import Scim, Served, Tenant

pytestmark = pytest.mark.process

# The suite makes no decimals and no dates, and expects an add to a multi-valued attribute to replace it.
TEXT = with_attributes(EXTENSION["attributes"][0])
# The service also sends roleId under the name that is not mapped.
TOLERANT = ScimPolicy(unknown=ScimPolicy.Unknown.ignore)
BAD = (Status.ERROR, Status.CRITICAL, Status.DEVIATION)


async def add_administrator(scim: Scim, organization: Tenant) -> None:
    """Make an Administrator: the suite gives a user of its own each role in turn, and it may not be the last one."""
    role_id = organization.roles["Administrator"]
    await scim.post("/Users", {"userName": "boss@x.example", "roleId": role_id})


def mapped(schema: dict[str, Any], unmapped: str) -> dict[str, Any]:
    """Return a schema as the client describes it; the schema of `unmapped` has no roleId."""
    left = [
        each
        for each in schema["attributes"]
        if (schema["id"], each["name"]) != (unmapped, "roleId")
    ]
    always = [each | {"required": each["name"] in ("userName", *ALWAYS)} for each in left]
    return {**schema, "attributes": always} if schema["id"] in (USER, CLM_USER) else schema


ALWAYS = ("active", "roleId")  # RFC 7643 lets the service decide that these always have a value.


async def described(scim: Scim, unmapped: str) -> ScimProvider:
    """Return the service as its client describes it, with one of the two roleId names left out."""
    schemas = (await scim.get("/Schemas")).body["Resources"]
    types = (await scim.get("/ResourceTypes")).body["Resources"]
    known = [mapped(each, unmapped) for each in schemas]
    for each in types:
        each["schemaExtensions"] = [
            one | {"required": one["schema"] == CLM_USER}
            for one in each.get("schemaExtensions", ())
            if one["schema"] != unmapped
        ]
    return ScimProvider.from_discovery(
        [Schema.model_validate(each) for each in known],
        [ResourceType.model_validate(each) for each in types],
        policy=TOLERANT,
    )


def check(scim: Scim, provider: ScimProvider) -> list[CheckResult]:
    """Run the suite."""
    headers = {"Authorization": f"Bearer {scim.token}"}
    with httpx2.Client(base_url=scim.base, headers=headers, timeout=30) as http:
        client = SyncSCIMClient(http, provider=provider)
        return check_server(client, resource_types=["User", "Group"])


def complaints_of(results: Sequence[CheckResult]) -> list[str]:
    """Return the complaints of the suite."""
    return [f"{each.resource_type} {each.title}: {each.reason}" for each in results]


@pytest.mark.parametrize("unmapped", [USER, CLM_USER])
async def test_the_suite_finds_no_error(
    served: Served, organization: Tenant, scim: Scim, unmapped: str
) -> None:
    await register(served, organization, TEXT)  # First: a service that knows them looks later.
    await add_administrator(scim, organization)
    provider = await described(scim, unmapped)

    results = await asyncio.to_thread(check, scim, provider)

    assert complaints_of([each for each in results if each.status in BAD]) == []
    assert sum(each.status is Status.SUCCESS for each in results) > 100
    assert [each for each in complaints_of(results) if f"attribute '{URN}:Contract'" in each] != []


TWO_ROLES = (
    "roleId is given twice with different values; send it once.",
    "roleId is given under two names with different values; send it once.",
)
KEPT = tuple(
    f"PATCH modify() did not remove attribute '{name}'"
    for name in (*ALWAYS, CLM_USER, f"{CLM_USER}:roleId")
)
ROLES = "/api/scim/v2/Roles does not serve POST; it serves GET,HEAD."


def check_unchanged(scim: Scim) -> list[CheckResult]:
    """Run the suite as docs/reference/scim.md describes it: it knows only what it discovers."""
    headers = {"Authorization": f"Bearer {scim.token}"}
    with httpx2.Client(base_url=scim.base, headers=headers, timeout=30) as http:
        return check_server(SyncSCIMClient(http))


async def test_the_unchanged_suite_complains_of_three_things_only(
    scim: Scim, organization: Tenant
) -> None:
    await add_administrator(scim, organization)
    results = await asyncio.to_thread(check_unchanged, scim)

    complaints = {
        (each.resource_type, each.reason) for each in results if each.status is not Status.SUCCESS
    }
    assert complaints <= {*(("User", each) for each in (*TWO_ROLES, *KEPT)), ("Role", ROLES)}
    assert ("Role", ROLES) in complaints
    assert sum(each.status is Status.SUCCESS for each in results) > 80
