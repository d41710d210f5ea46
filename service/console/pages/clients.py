"""Token Management: OAuth clients and their secrets."""

from datetime import datetime
from typing import Final
from uuid import UUID

from schema.scim.errors import Conflict, Forbidden, InvalidValue, NotFound
from service.console.framework.call import NO_STORE, ConsoleCall
from service.console.framework.serve import to_fresh_sign_in
from service.console.pages.new_tokens import (
    GRANTABLE,
    account_options,
    already_shown,
    default_day,
    read_end,
    refuse_field,
)
from service.console.pages.words import SCOPES
from service.http.answer import Answer
from service.ids import as_id
from service.oauth.paths import TOKEN_PATH
from service.organizations import clients as use_cases
from service.organizations.listed_clients import find_client, list_clients, secret_state

COLUMNS: Final = (
    "id",
    "label",
    "account",
    "kind",
    "scopes",
    "state",
    "issuer",
    "created",
    "revoked",
)


async def read_list(call: ConsoleCall) -> Answer:
    """GET /clients: the latest first. An organization has a handful."""
    found = sorted(
        await list_clients(call.runtime, call.organization),
        key=lambda each: each.client.id,
        reverse=True,
    )
    if call.query.get("format") == "csv":
        rows = (
            (
                *(each.client.id, each.client.label, each.account_name, each.client.kind),
                *(" ".join(each.client.scopes), each.state, each.client.issuer),
                *(each.client.created_at, each.client.revoked_at),
            )
            for each in found
        )
        return call.csv("clients", COLUMNS, rows)
    return await call.show("tokens/clients.html", clients=found, tab="clients")


async def read(call: ConsoleCall, client_id: UUID) -> Answer:
    """GET /clients/{id}."""
    found = await find_client(call.runtime, call.organization, client_id)
    states = {each.id: secret_state(each, call.now) for each in found.client.secrets.values()}
    return await call.show("tokens/client.html", each=found, states=states, scopes=SCOPES)


async def show_new(call: ConsoleCall) -> Answer:
    """GET /clients/new."""
    return to_fresh_sign_in(call) or await _form(call, status=200)


async def create(call: ConsoleCall) -> Answer:
    """POST /clients/new: the answer is the page with the secret, if the client has one."""
    if answer := to_fresh_sign_in(call):
        return answer
    form, ends_at = call.form, None
    is_federated = form.value("kind") == "federated"
    if not form.value("label"):
        form.refuse("label", call.t("client.no_label", "Name the program that uses the client."))
    if not is_federated:
        ends_at = read_end(call, "expiresAt")
    if form.errors:
        return await _form(call, status=422)
    wanted = use_cases.NewClient(
        label=form.value("label"),
        kind="federated" if is_federated else "secret",
        account_id=as_id(form.value("accountId")),
        scopes=tuple(form.values("scopes")),
        expires_at=ends_at,
        issuer=form.value("issuer") or None if is_federated else None,
        subjects=tuple(form.value("subjects").split()) if is_federated else (),
        audiences=tuple(form.value("audiences").split()) if is_federated else (),
    )
    if not await call.use_form_once():
        return await already_shown(call)
    try:
        made = await use_cases.register_client(
            call.runtime,
            call.organization,
            wanted,
            rules=call.service.issuer_rules,
            provenance=call.provenance,
        )
    except (InvalidValue, NotFound, Forbidden) as error:
        refuse_field(call, error)
        return await _form(call, status=422)
    if made.secret is None:
        return call.go(f"/clients/{made.client_id}")
    return await _shown(call, made.client_id, made.secret.secret, made.secret.expires_at)


async def add_secret(call: ConsoleCall, client_id: UUID) -> Answer:
    """POST /clients/{id}/secrets: the answer is the page with the secret."""
    if answer := to_fresh_sign_in(call):
        return answer
    if not await call.use_form_once():
        return await already_shown(call)
    try:
        made = await use_cases.add_secret(
            call.runtime, call.organization, client_id, provenance=call.provenance
        )
    except (InvalidValue, Conflict) as error:
        refuse_field(call, error)
        return await read(call, client_id)
    return await _shown(call, client_id, made.secret, made.expires_at)


async def show_revoke(call: ConsoleCall, client_id: UUID) -> Answer:
    """GET /clients/{id}/revoke: what will happen, and the field to type."""
    found = await find_client(call.runtime, call.organization, client_id)
    return await call.show("tokens/client_revoke.html", each=found)


async def revoke(call: ConsoleCall, client_id: UUID) -> Answer:
    """POST /clients/{id}/revoke: confirmed by the label."""
    found = await find_client(call.runtime, call.organization, client_id)
    typed, label = call.form.value("label"), found.client.label
    if typed != label.strip():
        call.form.refuse(
            "label",
            call.t(
                "client.type_label",
                "Type the label of the client, {label}. You typed “{typed}”.",
                label=label,
                typed=typed,
            ),
        )
        return await call.show("tokens/client_revoke.html", status=422, each=found)
    await use_cases.revoke_client(
        call.runtime, call.organization, client_id, provenance=call.provenance
    )
    return call.go(f"/clients/{client_id}")


async def revoke_secret(call: ConsoleCall, client_id: UUID, secret_id: UUID) -> Answer:
    """POST /clients/{id}/secrets/{secret_id}/revoke."""
    await use_cases.revoke_secret(
        call.runtime, call.organization, client_id, secret_id, provenance=call.provenance
    )
    return call.go(f"/clients/{client_id}")


async def _form(call: ConsoleCall, *, status: int) -> Answer:
    return await call.show(
        "tokens/client_new.html",
        status=status,
        scopes=[(each, call.t(*SCOPES[each])) for each in GRANTABLE],
        accounts=await account_options(call),
        default_day=default_day(call),
    )


async def _shown(call: ConsoleCall, client_id: UUID, secret: str, expires_at: datetime) -> Answer:
    found = await find_client(call.runtime, call.organization, client_id)
    return await call.show(
        "tokens/client_created.html",
        headers=NO_STORE,
        each=found,
        secret=secret,
        expires_at=expires_at,
        endpoint=call.service.hosts.origin(call.request) + TOKEN_PATH,
    )
