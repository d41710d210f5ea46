"""What commands print about OAuth clients: lines or JSON."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from service.cli.printing.tokens import instant
from service.cli.process import output
from service.organizations.clients import MadeClient, MadeSecret
from service.organizations.listed_clients import ListedClient, secret_state
from service.terminal import printable


def made(client: MadeClient, token_endpoint: str, *, as_json: bool) -> str:
    """Return a client that was just made, with its secret if it has one."""
    if client.secret is not None:
        return secret(client.secret, token_endpoint, as_json=as_json)
    if as_json:
        return output.as_json(
            {
                "id": str(client.client_id),
                "clientId": str(client.client_id),
                "tokenEndpoint": token_endpoint,
            }
        )
    return "\n".join([f"Token endpoint  {token_endpoint}", f"Client id       {client.client_id}"])


def secret(new: MadeSecret, token_endpoint: str, *, as_json: bool) -> str:
    """Return a secret that was just made."""
    if as_json:
        return output.as_json(
            {
                "id": str(new.client_id),
                "clientId": str(new.client_id),
                "secretId": str(new.secret_id),
                "clientSecret": new.secret,
                "expiresAt": instant(new.expires_at),
                "tokenEndpoint": token_endpoint,
            }
        )
    until = f"{new.expires_at:%Y-%m-%d}"
    return "\n".join(
        [
            f"Token endpoint  {token_endpoint}",
            f"Client id       {new.client_id}",
            f"Client secret   {new.secret}",
            f"The secret is shown only once. It is valid until {until}; its id is {new.secret_id}.",
        ]
    )


def listed(clients: Iterable[ListedClient], *, as_json: bool) -> str:
    """Return the clients of an organization, each with its secrets."""
    now = datetime.now(UTC)
    if as_json:
        return output.as_json([_document(each, now) for each in clients])
    lines = [line for each in clients for line in _lines(each, now)]
    return "\n".join(lines) or "There is no client yet: scim-ledger client create --label NAME"


def client(found: ListedClient, *, as_json: bool) -> str:
    """Return one client with its secrets."""
    now = datetime.now(UTC)
    return output.as_json(_document(found, now)) if as_json else "\n".join(_lines(found, now))


def changed(client_id: UUID, *, is_new: bool, as_json: bool) -> str:
    """Return what a change did."""
    if as_json:
        return output.as_json({"id": str(client_id), "isChanged": is_new})
    return "Changed." if is_new else "It was so already."


def revoked(revoked_id: UUID, *, is_new: bool, as_json: bool) -> str:
    """Return what a revocation did."""
    if as_json:
        return output.as_json({"id": str(revoked_id), "wasRevokedBefore": not is_new})
    return "Revoked." if is_new else "It was already revoked."


def _lines(listed: ListedClient, now: datetime) -> Iterable[str]:
    client = listed.client
    state = f"{listed.state}: {listed.blocked_because}" if listed.blocked_because else listed.state
    yield (
        f"{client.id}  {client.created_at:%Y-%m-%d}  {state:<10}  {client.kind:<9}  "
        f"{printable(client.label)}  account {printable(listed.account_name)}  "
        f"scopes {' '.join(client.scopes)}"
    )
    if client.issuer:
        yield f"  issuer {client.issuer}"
        yield f"  subjects {' '.join(client.subjects)}"
        yield f"  audiences {' '.join(client.audiences)}"
    for each in client.secrets.values():
        yield f"  secret {each.id}  until {each.expires_at:%Y-%m-%d}  {secret_state(each, now)}"


def _document(listed: ListedClient, now: datetime) -> dict[str, Any]:
    client = listed.client
    return {
        "id": str(client.id),
        "clientId": str(client.id),
        "label": client.label,
        "accountId": str(client.account_id),
        "accountName": listed.account_name,
        "kind": client.kind,
        "scopes": client.scopes,
        "issuer": client.issuer,
        "subjects": client.subjects,
        "audiences": client.audiences,
        "createdAt": instant(client.created_at),
        "revokedAt": instant(client.revoked_at),
        "state": listed.state,
        "blockedBecause": listed.blocked_because,
        "secrets": [
            {
                "id": str(each.id),
                "createdAt": instant(each.created_at),
                "expiresAt": instant(each.expires_at),
                "revokedAt": instant(each.revoked_at),
                "state": secret_state(each, now),
            }
            for each in client.secrets.values()
        ],
    }
