"""The actor of a command is the system account; a name that the caller gives is recorded beside it."""

import os
import pwd

import orjson
import pytest

from tests.admin.client import Admin, with_scope
from tests.protocol.terminal import Said, run
from tests.serving import Scim, Served, Tenant

pytestmark = pytest.mark.process

ACCOUNT = f"cli:{os.getuid()}({pwd.getpwuid(os.getuid()).pw_name})"


async def last_actor(served: Served, organization: Tenant) -> str:
    """Return who caused the last event."""
    said = await run(
        served, *("events", "tail", "--no-follow", "-n", "1", "--json", "-o", str(organization.id))
    )
    actor: str = orjson.loads(said.out)["actorId"]
    return actor


async def create(served: Served, organization: Tenant, *more: str) -> Said:
    """Make a user on the command line."""
    name = f"user-{len(more)}-{os.urandom(4).hex()}"
    return await run(
        served, *("user", "create", "--user-name", name, "-o", str(organization.id), *more)
    )


@pytest.mark.parametrize("variable", ["LOGNAME", "SUDO_USER"])
async def test_no_variable_says_who_acts(
    served: Served, organization: Tenant, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "somebody-else\n      9  forged")
    await create(served, organization)

    assert await last_actor(served, organization) == ACCOUNT


async def test_a_name_that_is_given_stands_beside_the_account(
    served: Served, organization: Tenant
) -> None:
    await create(served, organization, "--as", "Ada Lovelace")

    assert await last_actor(served, organization) == f"{ACCOUNT} as Ada Lovelace"


@pytest.mark.parametrize("name", ["", "a\nb", "a\x1b[31m", "a\u202e", "a" * 201])
async def test_a_name_that_could_forge_a_line_is_refused(
    served: Served, organization: Tenant, name: str
) -> None:
    said = await create(served, organization, "--as", name)

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("scim-ledger: --as takes a name of 1 to 200 characters")


async def test_values_of_the_log_steer_no_terminal(
    served: Served, organization: Tenant, scim: Scim
) -> None:
    odd = "eve\x9b31m\u202e\u2028\r\n      1  forged\x1b[2J"
    assert (await scim.post("/Users", {"userName": "eve", "displayName": odd})).status == 201
    tail = ("events", "tail", "--no-follow", "-n", "1", "--personal", "-o", str(organization.id))
    line = await run(served, *tail)
    document = await run(served, *tail, "--json")

    assert line.out.count("\n") == document.out.count("\n") == 1
    assert line.out.rstrip("\n").isprintable()
    assert document.out.rstrip("\n").isprintable()
    assert orjson.loads(document.out)["personal"]["displayName"] == odd


async def tokens(served: Served, organization: Tenant) -> list[dict[str, object]]:
    """Return the tokens of an organization."""
    said = await run(served, "token", "list", "--json", "-o", str(organization.id))
    found: list[dict[str, object]] = orjson.loads(said.out)
    return found


async def test_a_list_of_tokens_says_why_one_does_not_work(
    served: Served, organization: Tenant, scim: Scim
) -> None:
    async def issue(name: str) -> str:
        body = {"userName": name, "roleId": organization.roles["Administrator"]}
        made = (await scim.post("/Users", body)).body["id"]
        await run(
            served,
            *("token", "issue", "--label", name, "--account", name, "-o", str(organization.id)),
        )
        return str(made)

    idle, demoted, gone = [await issue(name) for name in ("idle", "demoted", "gone")]
    # Over SCIM, an account whose tokens are in use is protected.
    admin = Admin(served, with_scope(served, organization, "admin"))
    assert (await admin.post(f"/users/{idle}/deactivate")).status == 200
    assert (await admin.patch(f"/users/{demoted}", {"role": "Reader"})).status == 200
    assert (await admin.send("DELETE", f"/users/{gone}")).status == 204
    found = {
        each["label"]: (each["account"], each["accountState"], each["isValid"], each["problems"])
        for each in await tokens(served, organization)
    }
    words = await run(served, "token", "list", "-o", str(organization.id))

    assert found == {
        "tests": ("technical-account", "active, Administrator", True, []),
        "idle": ("idle", "deactivated, Administrator", False, ["account deactivated"]),
        "demoted": ("demoted", "active, Reader", False, ["account not Administrator"]),
        "gone": (gone, "deleted", False, ["account deleted"]),
    }
    assert "account deactivated" in words.out
