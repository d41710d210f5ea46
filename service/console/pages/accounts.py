"""Token Management: technical accounts, and the sessions of the console."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from projections.directory.accounts import name_users
from schema.scim.errors import InvalidValue, NotFound, Uniqueness
from service.api.cursor import an_id
from service.console.framework.call import ConsoleCall
from service.console.framework.paging import LIMIT, listed, read_after
from service.console.pages.new_tokens import refuse_field
from service.console.sessions.store import Session, end_session, list_sessions
from service.http.answer import Answer
from service.organizations.accounts import create_account
from service.organizations.listing import list_accounts

KIND: Final = "accounts"
COLUMNS: Final = ("id", "userName", "displayName", "active", "role", "listedInScim", "created")
SESSION_COLUMNS: Final = (
    "id",
    "person",
    "roles",
    "way",
    "userAgent",
    "address",
    "began",
    "lastUsed",
)


async def read_list(call: ConsoleCall) -> Answer:
    """GET /accounts: the latest first."""
    return await _accounts(call, status=200)


async def create(call: ConsoleCall) -> Answer:
    """POST /accounts."""
    form = call.form
    if not form.value("userName"):
        form.refuse("userName", call.t("accounts.no_name", "Give the account a userName."))
        return await _accounts(call, status=422)
    try:
        await create_account(
            call.runtime,
            call.organization,
            form.value("userName"),
            display_name=form.value("displayName") or None,
            listed_in_scim=form.has("listedInScim", "yes"),
            provenance=call.provenance,
        )
    except (InvalidValue, Uniqueness) as error:
        refuse_field(call, error)
        return await _accounts(call, status=422)
    return call.go("/accounts")


async def _accounts(call: ConsoleCall, *, status: int) -> Answer:
    cursor, is_csv = call.query.get("cursor"), call.query.get("format") == "csv"
    before = read_after(KIND, cursor, an_id)
    found = await list_accounts(
        call.runtime, call.organization, before=before, limit=None if is_csv else LIMIT + 1
    )
    names = {role_id: name for name, role_id in call.organization.roles.items()}
    if is_csv:
        rows = (
            (
                *(each.id, each.user_name, each.display_name, each.active),
                *(names.get(each.role_id), each.listed_in_scim, each.created_at),
            )
            for each in found
        )
        return call.csv("accounts", COLUMNS, rows)
    page = listed(KIND, cursor, found, lambda each: [each.id])
    return await call.show(
        "tokens/accounts.html", status=status, page=page, names=names, tab="accounts"
    )


async def show_sessions(call: ConsoleCall) -> Answer:
    """GET /sessions: who is signed in to the console."""
    found = await list_sessions(call.runtime.pool, call.organization.id)
    ids = {each.person_id for each in found if each.person_id}
    async with call.runtime.pool.acquire() as connection:
        names = await name_users(connection, call.organization.id, ids)
    if call.query.get("format") == "csv":
        rows = (
            (
                *(each.id, _name(each, names), " ".join(each.roles), each.way),
                *(each.user_agent, each.address, each.created_at, each.used_at),
            )
            for each in found
        )
        return call.csv("sessions", SESSION_COLUMNS, rows)
    return await call.show("tokens/sessions.html", sessions=found, names=names, tab="sessions")


def _name(each: Session, names: Mapping[UUID, str]) -> str:
    return (names.get(each.person_id) if each.person_id else None) or each.actor


async def end(call: ConsoleCall, session_id: UUID) -> Answer:
    """POST /sessions/{id}/end: the next request of that browser leads to the sign-in."""
    if not await end_session(call.runtime.pool, session_id, call.organization.id):
        raise NotFound("There is no such session.")
    return call.go("/sessions")
