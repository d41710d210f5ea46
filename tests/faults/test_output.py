"""Whatever standard output and standard error are, a command ends cleanly and reports its outcome."""

import asyncio
import os
import shlex
import sys
from collections.abc import Mapping

import orjson
import pytest

from tests.protocol.terminal import Said
from tests.serving import MASTER_KEY, Served, Tenant

pytestmark = pytest.mark.process

SHOWING = {
    "token list": "token list -o {id}",
    "events tail": "events tail --no-follow -o {id}",
    "projections status": "projections status --json",
    "migrate": "migrate",
    "help": "--help",
    "version": "--version",
}
full_disk = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110


async def shell(served: Served, line: str, environment: Mapping[str, str] | None = None) -> Said:
    """Run a shell line in which `scim-ledger` is this project's command."""
    settings = {"DATABASE_URL": served.runtime.dsn, "SCIM_LEDGER_MASTER_KEY": MASTER_KEY}
    called = f'scim-ledger() {{ {shlex.quote(sys.executable)} -m service "$@"; }}\n{line}'
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", called),
        env={**os.environ, **settings, **(environment or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return Said(process.returncode, out.decode("latin-1"), err.decode("latin-1"))


@full_disk
@pytest.mark.parametrize("command", SHOWING.values(), ids=SHOWING)
async def test_a_full_disk_is_one_line_and_3(
    served: Served, organization: Tenant, command: str
) -> None:
    said = await shell(served, f"scim-ledger {command} > /dev/full".format(id=organization.id))

    assert (said.code, said.out) == (3, "")
    assert said.err == (
        "scim-ledger: Standard output cannot be written: No space left on device.\n"
    )


@pytest.mark.parametrize("command", SHOWING.values(), ids=SHOWING)
async def test_a_closed_output_is_one_line_and_3(
    served: Served, organization: Tenant, command: str
) -> None:
    said = await shell(served, f"scim-ledger {command} >&-".format(id=organization.id))

    assert (said.code, said.out) == (3, "")
    assert said.err == "scim-ledger: Standard output cannot be written: Bad file descriptor.\n"


@pytest.mark.parametrize("command", SHOWING.values(), ids=SHOWING)
async def test_a_reader_that_has_gone_is_not_a_failure(
    served: Served, organization: Tenant, command: str
) -> None:
    # The command starts a little later than the reader, which ends at once.
    chosen = command.format(id=organization.id)
    said = await shell(served, f"{{ sleep 0.1; scim-ledger {chosen}; echo $? >&2; }} | exec true")

    assert said.err == "0\n"


async def test_following_ends_with_its_reader_though_nothing_happens(
    served: Served, organization: Tenant
) -> None:
    line = f"{{ scim-ledger events tail -o {organization.id}; echo $? >&2; }} | head -n 1"
    said = await asyncio.wait_for(shell(served, line), 90)

    assert (said.err, said.out.count("\n")) == ("0\n", 1)


@pytest.mark.parametrize("closed", ["2>&-", "<&- 2>&-"])
@pytest.mark.parametrize("command", ["token issue --label a -o {id}", "-h"])
async def test_what_is_not_needed_may_be_closed(
    served: Served, organization: Tenant, closed: str, command: str
) -> None:
    said = await shell(served, f"scim-ledger {command} {closed}".format(id=organization.id))

    assert (said.code, said.err) == (0, "")
    assert said.out


@pytest.mark.parametrize("closed", [">&- 2>&-", "2> /dev/full"])
@pytest.mark.parametrize(("command", "code"), [("role list -o nobody", 1), ("nonsense", 2)])
async def test_an_error_that_cannot_be_shown_keeps_its_code(
    served: Served, closed: str, command: str, code: int
) -> None:
    said = await shell(served, f"scim-ledger {command} {closed}")

    assert (said.code, said.out, said.err) == (code, "", "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
async def test_a_locale_without_the_characters_shows_them_in_ascii(
    served: Served, organization: Tenant, encoding: str
) -> None:
    name = "Zoë ← 日本 😀"
    made = await shell(
        served,
        f"scim-ledger user create --user-name {shlex.quote(name)} -o {organization.id} --json",
        {"PYTHONIOENCODING": encoding},
    )
    listed = await shell(
        served,
        f"scim-ledger events tail --no-follow --personal -n 1 -o {organization.id}",
        {"PYTHONIOENCODING": encoding},
    )

    raw = made.out.encode("latin-1")
    assert (made.code, made.err, orjson.loads(raw)["userName"]) == (0, "", name)
    assert (listed.code, listed.err) == (0, "")
    assert "UserProvisioned" in listed.out


@pytest.mark.parametrize(
    "arguments",
    [r"$'\xff'", r"user create --user-name $'a\xff'", r"token issue --label $'\xe9'", r"--$'\xfe'"],
)
async def test_an_argument_that_is_not_text_is_one_line_and_2(
    served: Served, arguments: str
) -> None:
    said = await shell(served, f"scim-ledger {arguments}")

    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "is not text in this locale's encoding" in said.err


async def test_a_command_line_that_is_quoted_in_an_error_sends_no_control_characters(
    served: Served,
) -> None:
    lines = [r"scim-ledger role list $'\e[31m\xc2\x9b\xe2\x80\xae'", r"scim-ledger $'--\e[31m'"]
    for each in lines:
        said = await shell(served, each)
        assert said.code == 2
        assert "Usage:" in said.err
        assert said.err.encode("latin-1").decode().replace("\n", "").isprintable()


UNSHOWN = {
    "closed": (">&-", "Standard output cannot be written: Bad file descriptor."),
    "full": ("> /dev/full", "Standard output cannot be written: No space left on device."),
    "gone": (
        "| exec true",
        "The token could not be shown and was revoked: Whoever read standard output has gone.",
    ),
}


@full_disk
@pytest.mark.parametrize(("to", "message"), UNSHOWN.values(), ids=UNSHOWN)
async def test_a_token_that_could_not_be_shown_does_not_stay_valid(
    served: Served, organization: Tenant, to: str, message: str
) -> None:
    # One token is the tenant's own.
    command = f"scim-ledger token issue --label lost -o {organization.id}"
    said = await shell(served, f"{{ sleep 0.1; {command}; echo $? >&2; }} {to}")
    listed = await shell(served, f"scim-ledger token list -o {organization.id} --json")

    assert said.err.splitlines() == [f"scim-ledger: {message}", "3"]
    assert [each["label"] for each in orjson.loads(listed.out) if each["isValid"]] == ["tests"]
