"""OAuth clients: who may get access tokens, and their secrets."""

from datetime import UTC, datetime
from uuid import UUID

from service.admin.client_messages import (
    ClientChange,
    ClientRow,
    MadeClientRow,
    MadeSecretRow,
    NewClientBody,
    NewSecretBody,
    SecretRow,
)
from service.api.call import Call
from service.api.cursor import page_of, read_id_cursor
from service.api.models import ListQuery, Page
from service.oauth.paths import TOKEN_PATH
from service.organizations import clients
from service.organizations.listed_clients import (
    ListedClient,
    find_client,
    list_clients,
    secret_state,
)

LIST = "clients"


async def list_them(call: Call, query: ListQuery) -> Page[ClientRow]:
    """GET /clients."""
    after = read_id_cursor(LIST, query.cursor)
    listed = await list_clients(call.runtime, call.organization)
    following = sorted(
        (each for each in listed if after is None or each.client.id > after),
        key=lambda each: each.client.id,
    )
    rows = [client_row(each) for each in following[: query.limit + 1]]
    return page_of(rows, query.limit, LIST, lambda row: [row.id])


async def read(call: Call, client_id: UUID) -> ClientRow:
    """GET /clients/{id}."""
    return client_row(await find_client(call.runtime, call.organization, client_id))


async def register(call: Call, body: NewClientBody) -> MadeClientRow:
    """POST /clients."""
    wanted = clients.NewClient(
        label=body.label,
        kind=body.kind,
        account_id=body.account_id,
        scopes=tuple(dict.fromkeys(body.scopes)),
        expires_at=body.expires_at,
        issuer=body.issuer,
        subjects=tuple(body.subjects),
        audiences=tuple(body.audiences),
    )
    made = await clients.register_client(
        call.runtime,
        call.organization,
        wanted,
        rules=call.service.issuer_rules,
        provenance=call.provenance,
    )
    listed = await find_client(call.runtime, call.organization, made.client_id)
    return MadeClientRow(
        **client_row(listed).model_dump(by_alias=False),
        secret_id=made.secret.secret_id if made.secret else None,
        client_secret=made.secret.secret if made.secret else None,
        expires_at=made.secret.expires_at if made.secret else None,
        token_endpoint=call.service.hosts.origin(call.request) + TOKEN_PATH,
    )


async def change(call: Call, client_id: UUID, body: ClientChange) -> ClientRow:
    """PATCH /clients/{id}."""
    sent = body.model_fields_set
    if sent:
        await clients.change_trust(
            call.runtime,
            call.organization,
            client_id,
            subjects=tuple(body.subjects) if "subjects" in sent else None,
            audiences=tuple(body.audiences) if "audiences" in sent else None,
            provenance=call.provenance,
        )
    return await read(call, client_id)


async def revoke(call: Call, client_id: UUID) -> ClientRow:
    """POST /clients/{id}/revoke."""
    await clients.revoke_client(
        call.runtime, call.organization, client_id, provenance=call.provenance
    )
    return await read(call, client_id)


async def add_secret(call: Call, client_id: UUID, body: NewSecretBody) -> MadeSecretRow:
    """POST /clients/{id}/secrets."""
    made = await clients.add_secret(
        call.runtime,
        call.organization,
        client_id,
        expires_at=body.expires_at,
        provenance=call.provenance,
    )
    return MadeSecretRow(
        client_id=made.client_id,
        secret_id=made.secret_id,
        client_secret=made.secret,
        expires_at=made.expires_at,
    )


async def revoke_secret(call: Call, client_id: UUID, secret_id: UUID) -> ClientRow:
    """POST /clients/{id}/secrets/{secretId}/revoke."""
    await clients.revoke_secret(
        call.runtime, call.organization, client_id, secret_id, provenance=call.provenance
    )
    return await read(call, client_id)


def client_row(listed: ListedClient) -> ClientRow:
    """Return a client as it is answered."""
    client, now = listed.client, datetime.now(UTC)
    return ClientRow(
        id=client.id,
        client_id=client.id,
        label=client.label,
        account_id=client.account_id,
        account_name=listed.account_name,
        kind=client.kind,
        scopes=list(client.scopes),
        issuer=client.issuer,
        subjects=list(client.subjects),
        audiences=list(client.audiences),
        created_at=client.created_at,
        revoked_at=client.revoked_at,
        state=listed.state,
        blocked_because=listed.blocked_because,
        secrets=[
            SecretRow(
                id=each.id,
                created_at=each.created_at,
                expires_at=each.expires_at,
                revoked_at=each.revoked_at,
                state=secret_state(each, now),
            )
            for each in client.secrets.values()
        ],
    )
