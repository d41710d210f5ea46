"""Token Management: bearer tokens. It is also the example of how a page is made."""

from typing import Final

from service.console.framework.call import ConsoleCall
from service.console.framework.paging import LIMIT, Listed, listed, read_place
from service.http.answer import Answer
from service.ids import as_id
from service.organizations.listing import ListedToken, list_tokens

KIND: Final = "tokens"
STATES: Final = ("active", "expiring", "blocked", "expired", "revoked")
CSV_MAX: Final = 10_000
COLUMNS: Final = (
    "id",
    "label",
    "account",
    "scopes",
    "state",
    "created",
    "lastUsed",
    "lastUsedFrom",
    "expires",
)


async def read_list(call: ConsoleCall) -> Answer:
    """GET /tokens: the latest first."""
    wanted, state = call.query.get("q", "").casefold(), call.query.get("state", "")
    is_csv = call.query.get("format") == "csv"
    place = read_place(KIND, call.query.get("cursor"))
    found = await list_tokens(
        call.runtime,
        call.organization,
        before=as_id(place[0]) if place else None,
        limit=None if wanted or state or is_csv else LIMIT + 1,
    )
    rows = [each for each in found if _matches(each, wanted, state)]
    if is_csv:
        return call.csv("tokens", COLUMNS, map(_cells, rows[:CSV_MAX]))
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
