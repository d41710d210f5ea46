"""`scim-ledger user …` and `group …`: what the admin API does for people and groups, at a terminal."""

import secrets
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from service.cli.provenance import cli_provenance
from service.organizations.register import find_organization
from service.organizations.settings import change_settings
from tests.admin.client import Admin, with_scope
from tests.protocol.terminal import Said, run
from tests.serving import Scim, Served, Tenant, make_tenant

pytestmark = pytest.mark.process


@dataclass(frozen=True, slots=True)
class Desk:
    """An operator at a terminal, the admin API and the identity provider of one organization."""

    served: Served
    tenant: Tenant
    admin: Admin
    scim: Scim

    async def say(self, *arguments: str) -> Said:
        """Run a command about the organization."""
        return await run(self.served, *arguments, "-o", str(self.tenant.id))

    async def json(self, *arguments: str) -> Any:
        """Return what a command prints as JSON."""
        said = await self.say(*arguments, "--json")
        assert said.code == 0, said.err
        return orjson.loads(said.out)


@pytest.fixture
async def desk(served: Served) -> Desk:
    """Give an organization of the test's own."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    admin = Admin(served, with_scope(served, tenant, "admin"))
    return Desk(served, tenant, admin, Scim(served, tenant.token))


def same(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the API or of a command with its instants written in one way."""
    by = row["lastChangedBy"]
    instants = {name: row[name][:19] for name in ("createdAt", "changedAt")}
    return {**row, **instants, "lastChangedBy": {**by, "at": by["at"][:19]}}


async def test_a_person_is_made_changed_and_deleted_at_a_terminal(desk: Desk) -> None:
    names = ("--given-name", "Ada", "--family-name", "Lovelace", "--email", "ada@contoso.com")
    made = await desk.json("user", "create", "--user-name", "Ada", *names, "--role", "Editor")
    assert same(made) == same((await desk.admin.get(f"/users/{made['id']}")).body)
    assert (made["origin"], made["lastChangedBy"]["source"]) == ("manual", "cli")

    changed = await desk.json(
        *("user", "change", "ada", "--display-name", "Ada L.", "--role", "validator"),
        *("--clear", "email", "--as", "Grace"),
    )
    assert (changed["displayName"], changed["email"]) == ("Ada L.", None)
    assert (changed["role"], changed["warnings"]) == ("Validator", [])
    assert changed["lastChangedBy"]["name"].endswith(" as Grace")
    assert (await desk.json("user", "deactivate", "ADA"))["active"] is False
    listed = await desk.json("user", "list", "--inactive")
    assert [each["id"] for each in listed["items"]] == [made["id"]]
    assert (await desk.json("user", "reactivate", made["id"]))["active"] is True
    shown = await desk.say("user", "show", "Ada")
    assert "active, Validator" in shown.out
    assert "displayName    Ada L." in shown.out
    held = await desk.json("user", "data", "Ada")
    assert (held["user"]["userName"], len(held["events"]) >= 4) == ("Ada", True)
    assert await desk.json("user", "delete", "Ada") == {"id": made["id"]}
    gone = await desk.say("user", "show", "Ada")
    assert (gone.code, "no user 'Ada'" in gone.err) == (1, True)
    assert "deleted" in (await desk.say("user", "data", made["id"])).out


async def test_people_are_listed_in_pages_and_chosen(desk: Desk) -> None:
    for name, role in (("ann", "Editor"), ("ben", "Reader"), ("Cid", "Editor")):
        await desk.admin.post("/users", {"userName": name, "role": role})

    first = await desk.json("user", "list", "--limit", "2")
    rest = await desk.json("user", "list", "--cursor", first["nextCursor"])
    editors = await desk.json("user", "list", "--role", "editor")
    found = await desk.say("user", "list", "--q", "BE")

    assert [each["userName"] for each in first["items"] + rest["items"]] == ["ann", "ben", "Cid"]
    assert rest["nextCursor"] is None
    assert [each["userName"] for each in editors["items"]] == ["ann", "Cid"]
    assert found.out.endswith("ben\n")
    assert "There are more: --cursor 'ann'" in (await desk.say("user", "list", "--limit", "1")).out


async def test_what_the_identity_provider_wrote_is_warned_of_or_refused(desk: Desk) -> None:
    await desk.scim.post("/Users", {"userName": "ada", "displayName": "Ada", "externalId": "7"})
    change = ("user", "change", "ada", "--display-name", "Countess")

    warned = await desk.say(*change)
    await desk.scim.patch(
        f"/Users/{(await desk.json('user', 'show', 'ada'))['id']}",
        {"op": "replace", "path": "displayName", "value": "Ada"},
    )
    assert "Warning: displayName: The identity provider wrote this on 2" in warned.out
    found = await find_organization(desk.served.runtime, str(desk.tenant.id))
    await change_settings(
        desk.served.runtime, found, {"localChanges": "refused"}, provenance=cli_provenance()
    )
    refused = await desk.say(*change)
    assert (refused.code, refused.out) == (1, "")
    assert "localChanges is refused" in refused.err


async def test_a_group_is_managed_at_a_terminal(desk: Desk) -> None:
    ids = [
        str((await desk.admin.post("/users", {"userName": each})).body["id"])
        for each in ("ann", "ben", "cid")
    ]
    made = await desk.json("group", "create", "--display-name", "Legal", "--member", "ann")
    assert same(made) == same((await desk.admin.get(f"/groups/{made['id']}")).body)
    inner = await desk.json("group", "create", "--display-name", "Inner", "--external-id", "9")

    added = await desk.json("group", "members", "add", "legal", "BEN", ids[2], inner["id"])
    assert (added["memberCount"], added["warnings"]) == (4, [])
    first = await desk.json("group", "members", "list", "Legal", "--limit", "3")
    rest = await desk.json("group", "members", "list", "Legal", "--cursor", first["nextCursor"])
    found = {each["id"]: each["type"] for each in first["items"] + rest["items"]}
    assert found == {**dict.fromkeys(ids, "User"), inner["id"]: "Group"}
    assert rest["nextCursor"] is None
    removed = await desk.json("group", "members", "remove", "Legal", "ben", inner["id"])
    assert removed["memberCount"] == 2
    assert (await desk.json("group", "rename", "legal", "Law"))["displayName"] == "Law"
    cleared = await desk.json("group", "change", "Inner", "--clear-external-id")
    assert cleared["externalId"] is None
    listed = await desk.json("group", "list", "--q", "l")
    assert [each["displayName"] for each in listed["items"]] == ["Law"]
    assert "2 members  Law" in (await desk.say("group", "show", "LAW")).out
    assert await desk.json("group", "delete", "Law") == {"id": made["id"]}
    assert (await desk.say("group", "show", "Law")).code == 1


UNKNOWN = "01a20ac2-c1ba-72cf-a811-23dbe6a27250"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("user", "change", "nobody", "--role", "x"), "There is no user 'nobody'"),
        (("user", "list", "--role", "Emperor"), "There is no role 'Emperor'"),
        (("group", "members", "add", "nothing", "a"), "There is no group 'nothing'"),
        (("guard", "users", UNKNOWN), f"There is no hold {UNKNOWN}"),
    ],
)
async def test_what_cannot_be_done_is_one_line_and_exit_code_1(
    desk: Desk, arguments: tuple[str, ...], reason: str
) -> None:
    said = await desk.say(*arguments)

    assert (said.code, said.out) == (1, "")
    assert reason in said.err
    assert said.err.count("\n") == 1


async def test_a_field_is_given_or_cleared_not_both(desk: Desk) -> None:
    await desk.admin.post("/users", {"userName": "ada"})

    both = await desk.say("user", "change", "ada", "--email", "a@x.example", "--clear", "email")
    other = await desk.say("user", "change", "ada", "--clear", "userName")

    assert (both.code, "not both" in both.err) == (1, True)
    assert (other.code, "userName cannot be cleared" in other.err) == (1, True)


async def test_one_token_client_and_the_people_of_a_hold_are_shown(desk: Desk) -> None:
    await desk.admin.send(
        "PUT", "/guard", {"enabled": True, "maxUsers": 0, "maxPercent": 0, "windowMinutes": 60}
    )
    person = (await desk.admin.post("/users", {"userName": "ada"})).body["id"]
    wanted = {"label": "Entra", "kind": "secret", "accountId": desk.tenant.account_id}
    client = (await desk.admin.post("/clients", wanted)).body
    assert (await desk.admin.post(f"/users/{person}/deactivate")).status == 429
    (hold,) = (await desk.admin.get("/guard/holds")).body["items"]

    token = await desk.json("token", "show", str(desk.tenant.token_id))
    shown = await desk.json("client", "show", client["id"])
    people = await desk.json("guard", "users", hold["id"])

    assert (token["state"], token["accountName"]) == ("active", "technical-account")
    assert "token" not in token
    assert (shown["label"], len(shown["secrets"])) == ("Entra", 1)
    assert client["clientSecret"] not in str(shown)
    assert [(each["userName"], each["role"]) for each in people] == [("ada", "Reader")]
    assert await desk.json("guard", "users", hold["id"], "--after", person) == []
    assert await desk.json("guard", "holds", "--before", hold["id"]) == []
    assert "Entra" in (await desk.say("client", "show", client["id"])).out
    assert "created by" in (await desk.say("token", "show", str(desk.tenant.token_id))).out
    assert "ada" in (await desk.say("guard", "users", hold["id"])).out


async def test_settings_of_an_organization_are_chosen_at_a_terminal(desk: Desk) -> None:
    person = (await desk.admin.post("/users", {"userName": "ada"})).body["id"]

    async def chosen(*options: str) -> Any:
        said = await run(
            desk.served, "organization", "set", str(desk.tenant.id), *options, "--json"
        )
        assert said.code == 0, said.err
        return orjson.loads(said.out)

    made = await chosen(
        "--strict", "true", "--local-changes", "refused", "--console-auditor", "Ada"
    )
    assert made["strict"] is True
    assert (made["localChanges"], made["consoleAuditors"]) == ("refused", [person])
    back = await chosen(
        *("--strict", "default", "--local-changes", "default", "--console-auditor", "default")
    )
    assert not {"strict", "localChanges", "consoleAuditors"} & {
        name for name, each in back.items() if each is not None
    }
    wrong = await run(desk.served, "organization", "set", str(desk.tenant.id), "--strict", "often")
    assert (wrong.code, "strict is true or false" in wrong.err) == (1, True)
