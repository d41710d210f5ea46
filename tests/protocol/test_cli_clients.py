"""The commands about OAuth clients."""

import pytest

from schema.events.client import Kind
from tests.protocol.oauth import ask
from tests.protocol.terminal import Said, run
from tests.serving import Served, Tenant, parsed

pytestmark = pytest.mark.process


async def client(served: Served, tenant: Tenant, *arguments: str) -> Said:
    """Run a command of the group; it has to succeed."""
    said = await run(served, "client", *arguments, "--organization", tenant.name)
    assert said.code == 0, said
    return said


async def is_granted(served: Served, made: dict[str, str]) -> bool:
    """Return whether a secret gets a token."""
    form = {"client_id": made["clientId"], "client_secret": made["clientSecret"]}
    return (await ask(served, {"grant_type": "client_credentials", **form})).status == 200


async def test_a_client_is_made_given_secrets_and_revoked(
    served: Served, organization: Tenant
) -> None:
    made = parsed((await client(served, organization, "create", "--label", "A", "--json")).out.encode())  # fmt: skip
    client_id = made["clientId"]
    second = parsed((await client(served, organization, "add-secret", client_id, "--json")).out.encode())  # fmt: skip
    assert await is_granted(served, made)
    assert await is_granted(served, second)

    ended = await client(served, organization, "revoke-secret", client_id, made["secretId"])
    assert ended.out == "Revoked.\n"
    assert not await is_granted(served, made)
    listed = await client(served, organization, "list")
    assert "active" in listed.out
    assert "revoked" in listed.out
    assert second["clientSecret"] not in listed.out

    await client(served, organization, "revoke", client_id)
    again = parsed((await client(served, organization, "revoke", client_id, "--json")).out.encode())
    [row] = parsed((await client(served, organization, "list", "--json")).out.encode())
    assert again == {"id": client_id, "wasRevokedBefore": True}
    assert row["state"] == "revoked"
    assert not await is_granted(served, second)


async def test_a_federated_client_shows_its_trust(served: Served, organization: Tenant) -> None:
    kind: Kind = "federated"
    issuer = "https://login.microsoftonline.com/tid/v2.0"
    trust = ("--issuer", issuer, "--subject", "s", "--audience", "api://a", "--audience", "api://b")

    made = await client(served, organization, "create", "--label", "B", *trust)
    listed = await client(served, organization, "list")

    client_id = made.out.split()[-1]
    changed = await client(served, organization, "change", client_id, "--audience", "api://c")
    assert changed.out == "Changed.\n"
    assert "audiences api://c" in (await client(served, organization, "list")).out
    assert "Client id" in made.out
    assert "secret" not in made.out
    for shown in (kind, f"issuer {issuer}", "subjects s", "audiences api://a api://b"):
        assert shown in listed.out


async def test_a_secret_is_shown_in_words(served: Served, organization: Tenant) -> None:
    made = await client(served, organization, "create", "--label", "C", "--expires-days", "30")

    lines = [line.split("  ")[0] for line in made.out.splitlines()]
    assert lines[:3] == ["Token endpoint", "Client id", "Client secret"]
    assert "/oauth2/token" in made.out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--issuer", "https://evil.example/"), "SCIM_LEDGER_ISSUER_HOSTS has to name it"),
        (("--subject", "s"), "needs an issuer"),
        (("--scope", "operate"), "There is no scope 'operate' to grant here"),
        (("--account", "nobody"), "There is no user 'nobody'"),
    ],
)
async def test_what_cannot_be_made_is_one_line_and_1(
    served: Served, organization: Tenant, arguments: tuple[str, ...], why: str
) -> None:
    wanted = ("client", "create", "--label", "D", *arguments, "--organization", organization.name)

    said = await run(served, *wanted)

    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert why in said.err
