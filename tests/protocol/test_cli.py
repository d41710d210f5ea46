"""The commands of `scim-ledger` in a second terminal, while `serve` runs."""

import asyncio
import shlex
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson
import pytest
from typer.testing import CliRunner

from service.cli import commands as cli
from tests.protocol.installation import Installation, Result, Serving, free_port

UNKNOWN = "01a20ac2-c1ba-72cf-a811-23dbe6a27250"
pytestmark = [pytest.mark.slow, pytest.mark.process]
ROLES = ["Administrator", "Editor", "Contributor", "Validator", "Reader"]


@dataclass(frozen=True, slots=True)
class Terminal:
    """A running service, and the installation in which its commands run."""

    installation: Installation
    serving: Serving
    token: str


@pytest.fixture(scope="module")
async def terminal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Terminal]:
    """Yield a service that was started for the first time."""
    installation = Installation(tmp_path_factory.mktemp("cli") / "data", free_port())
    serving = await installation.serve()
    yield Terminal(installation, serving, await installation.token())
    assert (await serving.end(signal.SIGINT)).code == 0


async def test_the_first_start_prints_all_that_entra_asks_for(terminal: Terminal) -> None:
    serving, port = terminal.serving, terminal.installation.port

    assert serving.value_of("Tenant URL") == f"http://127.0.0.1:{port}/api/scim/v2"
    assert (await serving.send("GET", "/Users", terminal.token))[0] == 200
    _, roles = await serving.send("GET", "/Roles", terminal.token)
    assert {name: serving.value_of(f"{name} ") for name in ROLES} == {
        each["displayName"]: each["id"] for each in roles["Resources"]
    }
    for target, source in [
        ("userName", "mail"),
        ("externalId", "objectId"),
        ("active", "IsSoftDeleted"),
        ("name.givenName", "givenName"),
        ("name.familyName", "surname"),
        ("urn:ietf:params:scim:schemas:extension:clm:2.0:User:roleId", "role"),
    ]:
        assert source in serving.value_of(f"{target}  ←")


async def test_the_commands_of_the_first_start_work_when_they_are_pasted(
    terminal: Terminal,
) -> None:
    place = shlex.quote(str(terminal.installation.data_dir))

    assert f"Watch: SCIM_LEDGER_DATA_DIR={place} scim-ledger events tail." in terminal.serving.said
    assert terminal.serving.value_of("Secret token") == (
        "not shown in a log. Make one in a terminal: "
        f"SCIM_LEDGER_DATA_DIR={place} scim-ledger token issue --label NAME"
    )


async def test_a_token_is_issued_listed_and_revoked(terminal: Terminal) -> None:
    run, serving = terminal.installation.run, terminal.serving

    issued = (await run("token", "issue", "--label", "Entra", "--json")).json
    assert issued["tenantUrl"] == serving.value_of("Tenant URL")
    assert (await serving.send("GET", "/Roles", issued["token"]))[0] == 200
    listed = (await run("token", "list", "--json")).json
    [own] = [each for each in listed if each["tokenId"] == issued["tokenId"]]
    assert (own["label"], own["revokedAt"], own["state"]) == ("Entra", None, "active")
    assert own["expiresAt"] == issued["expiresAt"]
    assert issued["token"] not in str(listed)

    assert (await run("token", "revoke", issued["tokenId"])).out == "Revoked.\n"
    status, body = await serving.send("GET", "/Roles", issued["token"])
    assert (status, "revoked" in body["detail"]) == (401, True)
    assert (await run("token", "revoke", issued["tokenId"])).out == "It was already revoked.\n"


async def test_a_token_is_shown_in_words_too(terminal: Terminal) -> None:
    issued = await terminal.installation.run(
        "token", "issue", "--label", "A", "--expires-days", "30"
    )
    listed = await terminal.installation.run("token", "list")

    assert "Secret token  ey" in issued.out
    assert "It is valid until 2" in issued.out
    assert "account technical-account (active, Administrator)" in listed.out
    assert "expires 2" in listed.out


async def test_the_limits_of_an_organization_are_set(terminal: Terminal) -> None:
    run = terminal.installation.run
    name = (await run("organization", "list", "--json")).json[0]["name"]
    change = ("organization", "set", name)

    limits = ("--requests-per-second", "5000", "--burst", "9000", "--events-per-day", "0")
    assert (await run(*change, *limits, "--json")).json == {
        "passwordInSchema": False,  # A new organization's.
        "requestsPerSecond": 5_000,
        "burst": 9_000,
        "eventsPerDay": 0,
    }
    refused = await run(*change, "--burst", "many")
    assert (refused.code, "burst is a whole number from 0" in refused.err) == (1, True)
    back = ("--requests-per-second", "default", "--events-per-day", "default")
    left = (await run(*change, *back)).out.splitlines()
    assert sorted(left) == ["burst                  9000", "passwordInSchema       false"]


@pytest.mark.process
async def test_the_walk_of_the_help_article_works_in_a_terminal(terminal: Terminal) -> None:
    run, serving = terminal.installation.run, terminal.serving
    account = (await run("account", "create", "--user-name", "entra", "--json")).json
    assert (account["role"], account["listedInScim"]) == ("Administrator", False)
    issue = ("token", "issue", "--label", "Entra", "--account", "entra", "--json")
    issued = (await run(*issue, "--network", "127.0.0.0/8", "--scope", "scim")).json
    status, me = await serving.send("GET", "/Me", issued["token"])
    assert (status, me["id"]) == (200, account["id"])

    [own] = [
        each for each in (await run("token", "list", "--json")).json if each["id"] == issued["id"]
    ]
    assert (own["account"], own["scopes"]) == ("entra", ["scim"])
    assert own["allowedNetworks"] == ["127.0.0.0/8"]
    successor = (await run("token", "rotate", issued["id"], "--json")).json
    revoked = (await run("token", "revoke", successor["id"], "--json")).json
    assert (revoked["state"], revoked["isValid"]) == ("revoked", False)
    await asyncio.sleep(1)
    for token in (issued["token"], successor["token"]):
        assert (await serving.send("GET", "/Me", token))[0] == 401
    again = (await run(*issue)).json
    assert (await serving.send("GET", "/Me", again["token"]))[0] == 200
    assert account["id"] in (await run("account", "list")).out


@pytest.mark.process
async def test_an_organization_is_suspended_in_a_terminal(terminal: Terminal) -> None:
    run, serving = terminal.installation.run, terminal.serving
    name = (await run("organization", "list", "--json")).json[0]["name"]

    suspended = (
        await run("organization", "suspend", name, "--reason", "No contract.", "--json")
    ).json
    await asyncio.sleep(1)
    status, refused = await serving.send("GET", "/Me", terminal.token)
    shown = await run("organization", "show", name)
    resumed = (await run("organization", "resume", name, "--json")).json
    await asyncio.sleep(1)

    assert (status, "No contract." in refused["detail"]) == (401, True)
    assert "suspended since" in shown.out
    assert (suspended["suspensionReason"], resumed["suspensionReason"]) == ("No contract.", None)
    assert (await serving.send("GET", "/Me", terminal.token))[0] == 200


async def test_the_roles_are_listed(terminal: Terminal) -> None:
    words = await terminal.installation.run("role", "list")
    listed = (await terminal.installation.run("role", "list", "--json")).json

    assert list(listed) == ROLES
    assert all(f"{name:<14} {role_id}" in words.out for name, role_id in listed.items())


async def test_the_database_is_up_to_date(terminal: Terminal) -> None:
    assert (await terminal.installation.run("migrate")).out == "The database is up to date.\n"


async def test_events_are_shown_in_words_and_as_json(terminal: Terminal) -> None:
    run = terminal.installation.run
    chosen = ("events", "tail", "--no-follow", "-n", "100000")
    ada = {"userName": "ada@contoso.com"}
    status, user = await terminal.serving.send("POST", "/Users", terminal.token, ada)
    assert status == 201

    lines = (await run(*chosen)).out.splitlines()
    documents = [json_of(line) for line in (await run(*chosen, "--json")).out.splitlines()]
    personal = await run(*chosen, "--personal")

    assert [each["position"] for each in documents] == list(range(1, len(documents) + 1))
    assert len(lines) == len(documents)
    [made] = [each for each in documents if each["streamId"] == user["id"]]
    assert (made["type"], made["version"], made["source"]) == ("UserProvisioned", 1, "scim")
    [line] = [line for line in lines if user["id"] in line]
    assert "role_id=Reader" in line or "roleId=Reader" in line
    assert not any("ada@contoso.com" in line for line in lines)
    assert "ada@contoso.com" in personal.out


def json_of(line: str) -> dict[str, object]:
    """Return the JSON object in a line."""
    found: dict[str, object] = orjson.loads(line)
    return found


async def test_events_are_followed_until_the_interrupt_key(terminal: Terminal) -> None:
    following = await terminal.installation.start("events", "tail", "-n", "0", "--json")
    assert following.stdout is not None
    writing = asyncio.create_task(write_now_and_then(terminal))

    async with asyncio.timeout(30):
        line = json_of((await following.stdout.readline()).decode())
    writing.cancel()
    following.send_signal(signal.SIGINT)
    out_and_err = await following.communicate()

    assert (line["type"], following.returncode, out_and_err[1]) == ("UserProvisioned", 0, b"")


async def write_now_and_then(terminal: Terminal) -> None:
    """Make users again and again: nobody knows when the follower begins to listen."""
    for number in range(1_000):
        body = {"userName": f"now-and-then-{number}"}
        await terminal.serving.send("POST", "/Users", terminal.token, body)
        await asyncio.sleep(0.2)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("token", "revoke", UNKNOWN), UNKNOWN),
        (("role", "list", "--organization", "Nobody"), "Nobody"),
        (("organization", "create", "default ORGANIZATION"), "another name"),
    ],
)
async def test_what_cannot_be_done_is_one_line_and_1(
    terminal: Terminal, arguments: tuple[str, ...], expected: str
) -> None:
    result = await terminal.installation.run(*arguments)

    assert (result.code, result.out) == (1, "")
    assert expected in the_line(result)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}, "DATABASE_URL"),
        ({"DATABASE_URL": "nonsense"}, "Setting DATABASE_URL: it must be like postgresql://"),
        ({"DATABASE_URL": "postgresql://a@127.0.0.1:notaport/x"}, "DATABASE_URL: it must be like"),
        ({"DATABASE_URL": "postgresql://a@127.0.0.1:99999/x"}, "DATABASE_URL: it must be like"),
        ({"DATABASE_URL": "postgresql:///x?host=/nowhere&port=y"}, "DATABASE_URL: it must be like"),
        ({"SCIM_LEDGER_PORT": "many"}, "SCIM_LEDGER_PORT"),
        ({"SCIM_LEDGER_MASTER_KEY": "A" * 43 + "="}, "SCIM_LEDGER_MASTER_KEY"),
        ({"SCIM_LEDGER_DATA_DIR": "/proc/nothing"}, "/proc/nothing"),
        ({"SCIM_LEDGER_DATA_DIR": "/proc/nothing"}, "SCIM_LEDGER_DATA_DIR"),
        ({"SCIM_LEDGER_DATA_DIR": "/etc/hostname"}, "SCIM_LEDGER_DATA_DIR"),
        ({}, "address already in use. Set SCIM_LEDGER_PORT"),
        ({"SCIM_LEDGER_HOST": "nobody.invalid"}, "SCIM_LEDGER_HOST"),
    ],
    ids=lambda each: str(each)[:70],
)
async def test_what_is_unavailable_is_one_line_and_3(
    terminal: Terminal, environment: dict[str, str], expected: str
) -> None:
    result = await terminal.installation.run("serve", **environment)

    assert (result.code, result.out) == (3, "")
    assert expected in the_line(result)


def the_line(result: Result) -> str:
    """Return the one line of an error."""
    # Lines of the log, such as one about a token that expires soon, may come before it.
    *logged, line = result.err.splitlines()
    assert all(each.startswith("{") for each in logged)
    assert line.startswith("scim-ledger: ")
    return line


COMMANDS = [
    "serve",
    "migrate",
    "organization",
    "organization create",
    "organization list",
    "role list",
    "token issue",
    "token list",
    "token revoke",
    "schema add",
    "schema list",
    "events tail",
]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(cli.app, [*command.split(), "--help"])

    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert "Show this message" in result.output


@pytest.mark.parametrize("arguments", ["nothing", "token issue", "token revoke x", "serve --fast"])
def test_a_command_line_that_cannot_be_read_is_2(arguments: str) -> None:
    result = CliRunner().invoke(cli.app, arguments.split())

    assert result.exit_code == 2
    assert "Usage:" in result.stderr
