"""`events tail` shows what it can, whatever else is broken."""

from uuid import UUID

import pytest

from service.cli import tail
from service.organizations.register import find_organization
from tests.serving import Scim, Served, Tenant


@pytest.mark.parametrize("personal", [True, False])
async def test_a_broken_seal_ends_no_list_of_events(
    served: Served, organization: Tenant, scim: Scim, *, personal: bool
) -> None:
    [ada, bob] = [
        (await scim.post("/Users", {"userName": each})).body["id"] for each in ("ada", "bob")
    ]
    wrapped = await served.owner.fetchval(
        "SELECT wrapped_key FROM eventstore.subject_keys WHERE subject_id = $1", UUID(ada)
    )
    broken = "UPDATE eventstore.subject_keys SET wrapped_key = $2 WHERE subject_id = $1"
    await served.owner.execute(broken, UUID(ada), b"garbage")
    found = await find_organization(served.runtime, str(organization.id))

    shown = [
        [
            each
            async for each in tail.lines(
                served.runtime,
                found,
                last=2,
                is_following=False,
                with_personal=personal,
                as_json=as_json,
            )
        ]
        for as_json in (False, True)
    ]
    await served.owner.execute(broken, UUID(ada), wrapped)

    for of_ada, of_bob in shown:
        assert (ada in of_ada, bob in of_bob) == (True, True)
        assert ("bob" in of_bob.replace(bob, "")) is personal
    assert ("(broken seal)" in shown[0][0], "isBroken" in shown[1][0]) == (personal, personal)
