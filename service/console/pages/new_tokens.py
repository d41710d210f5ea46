"""Token Management: what makes a token and shows it once."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from schema.scim.errors import Forbidden, InvalidValue, NotFound, ScimError
from service.callers.scopes import COMMAND_LINE_ONLY, MEANINGS
from service.console.framework.call import NO_STORE, ConsoleCall
from service.console.framework.serve import to_fresh_sign_in
from service.console.pages.words import SCOPES
from service.http.answer import Answer
from service.ids import as_id
from service.organizations.listing import able_accounts, find_token
from service.organizations.tokens import (
    IssuedToken,
    Wanted,
    default_end,
    issue_wanted,
    rotate_token,
)
from service.scim.base_path import BASE_PATH

GRANTABLE: Final = tuple(each for each in MEANINGS if each not in COMMAND_LINE_ONLY)
OVERLAPS_H: Final = (1, 8, 24, 72, 168)
DEFAULT_OVERLAP_H: Final = 24
SECOND: Final = timedelta(seconds=1)


async def show_new(call: ConsoleCall) -> Answer:
    """GET /tokens/new."""
    return to_fresh_sign_in(call) or await _form(call, status=200)


async def create(call: ConsoleCall) -> Answer:
    """POST /tokens/new: the answer is the page with the token, since a redirect would have to carry it."""
    if answer := to_fresh_sign_in(call):
        return answer
    form = call.form
    if not form.value("label"):
        form.refuse("label", call.t("token.no_label", "Name the program that uses the token."))
    if not form.values("scopes"):
        form.refuse("scopes", call.t("token.no_scope", "Choose what the token may do."))
    ends_at = read_end(call, "expiresAt")
    if form.errors:
        return await _form(call, status=422)
    wanted = Wanted(
        form.value("label"),
        as_id(form.value("accountId")),
        None,
        tuple(form.values("scopes")),
        ends_at,
        tuple(form.value("allowedNetworks").replace(",", " ").split()),
    )
    if not await call.use_form_once():
        return await already_shown(call)
    try:
        issued = await issue_wanted(
            call.runtime, call.organization, wanted, provenance=call.provenance
        )
    except (InvalidValue, NotFound, Forbidden) as error:
        refuse_field(call, error)
        return await _form(call, status=422)
    return await _shown(call, issued)


async def show_rotate(call: ConsoleCall, token_id: UUID) -> Answer:
    """GET /tokens/{id}/rotate: how long both work."""
    if answer := to_fresh_sign_in(call):
        return answer
    found = await find_token(call.runtime, call.organization, token_id)
    return await call.show(
        "tokens/rotate.html", each=found, overlaps=OVERLAPS_H, chosen=DEFAULT_OVERLAP_H
    )


async def rotate(call: ConsoleCall, token_id: UUID) -> Answer:
    """POST /tokens/{id}/rotate: the answer is the page with the new token."""
    if answer := to_fresh_sign_in(call):
        return answer
    hours = call.form.value("overlap")
    chosen = int(hours) if hours in map(str, OVERLAPS_H) else DEFAULT_OVERLAP_H
    if not await call.use_form_once():
        return await already_shown(call)
    issued = await rotate_token(
        call.runtime,
        call.organization,
        token_id,
        overlap_until=call.now + timedelta(hours=chosen),
        provenance=call.provenance,
    )
    return await _shown(call, issued, former_id=token_id)


async def already_shown(call: ConsoleCall) -> Answer:
    """Show that a form that makes a secret was sent before."""
    return await call.show("tokens/already_shown.html", status=409, headers=NO_STORE)


def refuse_field(call: ConsoleCall, error: ScimError) -> None:
    """Note a refusal of a use case at the field that it names."""
    call.form.refuse(error.attribute or "", call.said(error))


def read_end(call: ConsoleCall, name: str) -> datetime | None:
    """Return the last second of the day in a field. What is no day is refused there, and None returned."""
    typed = call.form.value(name)
    try:
        end = call.times.end_of(date.fromisoformat(typed)) - SECOND
    except (ValueError, OverflowError):
        call.form.refuse(
            name,
            call.t(
                "error.date_impossible",
                "Enter a day that exists, for example 31 March 2026. You entered {value}.",
                value=typed,
            ),
        )
        return None
    return end


def default_day(call: ConsoleCall) -> str:
    """Return the day on which a secret ends for which nothing else is asked."""
    return call.times.local(default_end()).date().isoformat()


async def account_options(call: ConsoleCall) -> Sequence[tuple[str, str]]:
    """Return the technical accounts that may hold tokens, as a select shows them."""
    able = await able_accounts(call.runtime, call.organization)
    return [(str(each.id), each.user_name) for each in reversed(able)]


async def _form(call: ConsoleCall, *, status: int) -> Answer:
    return await call.show(
        "tokens/new.html",
        status=status,
        scopes=[(each, call.t(*SCOPES[each])) for each in GRANTABLE],
        accounts=await account_options(call),
        default_day=default_day(call),
    )


async def _shown(
    call: ConsoleCall, issued: IssuedToken, *, former_id: UUID | None = None
) -> Answer:
    found = await find_token(call.runtime, call.organization, issued.token_id)
    former = await find_token(call.runtime, call.organization, former_id) if former_id else None
    return await call.show(
        "tokens/created.html",
        headers=NO_STORE,
        each=found,
        former=former,
        secret=issued.token,
        tenant_url=call.service.hosts.origin(call.request) + BASE_PATH,
        scopes=SCOPES,
    )


async def finish(call: ConsoleCall) -> Answer:
    """POST /tokens/stored: goes to the list, and takes the page with the token out of the browser's cache."""
    answer = call.go("/clients" if call.form.value("kind") == "client" else "/tokens")
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer
