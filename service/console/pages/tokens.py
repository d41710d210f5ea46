"""Token Management: bearer tokens, read and revoked. It is also the example of how a page is made."""

from typing import Final
from uuid import UUID

from service.api.cursor import an_id
from service.console.framework.call import ConsoleCall
from service.console.framework.paging import LIMIT, Listed, listed, read_after
from service.console.pages.files import refuse_too_many
from service.console.pages.words import SCOPES
from service.http.answer import Answer
from service.organizations.listing import ListedToken, find_token, list_tokens
from service.organizations.tokens import revoke_token

KIND: Final = "tokens"
STATES: Final = ("active", "expiring", "blocked", "expired", "revoked")
WORKING: Final = frozenset({"active", "expiring"})
COLUMNS: Final = (
    *("id", "label", "account", "scopes", "state", "created"),
    *("lastUsed", "lastUsedFrom", "expires"),
)


async def read_list(call: ConsoleCall) -> Answer:
    """GET /tokens: the latest first."""
    wanted, state = call.query.get("q", "").casefold(), call.query.get("state", "")
    is_csv = call.query.get("format") == "csv"
    found = await list_tokens(
        call.runtime,
        call.organization,
        before=read_after(KIND, call.query.get("cursor"), an_id),
        limit=None if wanted or state or is_csv else LIMIT + 1,
    )
    rows = [each for each in found if _matches(each, wanted, state)]
    if is_csv:
        refuse_too_many(call, len(rows))
        return call.csv("tokens", COLUMNS, map(_cells, rows))
    page: Listed[ListedToken] = listed(
        KIND, call.query.get("cursor"), rows, lambda each: [each.token.id]
    )
    return await call.show("tokens/list.html", block="rows", page=page, states=STATES, tab="tokens")


def _matches(each: ListedToken, wanted: str, state: str) -> bool:
    is_named = wanted in each.token.label.casefold() or wanted in each.account_name.casefold()
    return is_named and state in {"", each.state}


def _cells(each: ListedToken) -> tuple[object, ...]:
    token, use = each.token, each.last_use
    return (
        token.id,
        token.label,
        each.account_name,
        token.scope,
        each.state,
        token.issued_at,
        use.at if use else None,
        use.address if use else None,
        token.expires_at,
    )


async def read(call: ConsoleCall, token_id: UUID) -> Answer:
    """GET /tokens/{id}."""
    found = await find_token(call.runtime, call.organization, token_id)
    return await call.show("tokens/token.html", each=found, scopes=SCOPES)


async def show_revoke(call: ConsoleCall, token_id: UUID) -> Answer:
    """GET /tokens/{id}/revoke: what will happen, and the field to type."""
    found = await find_token(call.runtime, call.organization, token_id)
    return await _confirmation(call, found, status=200)


async def revoke(call: ConsoleCall, token_id: UUID) -> Answer:
    """POST /tokens/{id}/revoke: confirmed by the label."""
    found = await find_token(call.runtime, call.organization, token_id)
    typed = call.form.value("label")
    if typed != found.token.label.strip():
        call.form.refuse(
            "label",
            call.t(
                "token.type_label",
                "Type the label of the token, {label}. You typed “{typed}”.",
                label=found.token.label,
                typed=typed,
            ),
        )
        return await _confirmation(call, found, status=422)
    await revoke_token(call.runtime, call.organization, token_id, provenance=call.provenance)
    return call.go(f"/tokens/{token_id}")


async def _confirmation(call: ConsoleCall, found: ListedToken, *, status: int) -> Answer:
    """Show the confirmation. Provisioning stops if no other token that is in use may write."""
    others = [
        each
        for each in await list_tokens(call.runtime, call.organization)
        if each.token.id != found.token.id and each.state in WORKING
    ]
    may_write = "scim" in found.token.scope.split()
    stops = may_write and not any(
        each.last_use and "scim" in each.token.scope.split() for each in others
    )
    return await call.show("tokens/revoke.html", status=status, each=found, stops=stops)
