"""The steps in which something is chosen: account, credential, tenant URL, mapping."""

from dataclasses import dataclass
from typing import Final

from schema.events.organization import ROLE_NAMES
from schema.scim import urns
from schema.scim.errors import InvalidValue, Uniqueness
from service.console.framework.call import ConsoleCall
from service.console.pages.setup.expressions import CASES_MAX, expression
from service.console.pages.setup.saved import Setup
from service.console.pages.setup.steps import after, chosen, refuse_early, save, show
from service.http.answer import Answer
from service.ids import as_id
from service.organizations.accounts import create_account
from service.organizations.listed_clients import list_clients
from service.organizations.listing import able_accounts, list_tokens
from service.scim.base_path import BASE_PATH

LISTED_MAX: Final = 100
SOURCES: Final = ("expression", "groups", "app-roles", "none")
USABLE: Final = frozenset({"active", "expiring"})
EMPTY_CASES: Final = 3  # Empty rows that the form offers.


@dataclass(frozen=True, slots=True)
class Mapped:
    """An attribute to map: ours, theirs, and what is to be known about it."""

    target: str
    entra: str
    okta: str
    note: str = ""


ATTRIBUTES: Final = (
    Mapped("externalId", "objectId", 'user.getInternalProperty("id")', "first"),
    Mapped("userName", "mail", "user.email", "second"),
    Mapped(
        "active",
        'Switch([IsSoftDeleted], , "False", "True", "True", "False")',
        "",
    ),
    Mapped("name.givenName", "givenName", "user.firstName"),
    Mapped("name.familyName", "surname", "user.lastName"),
    Mapped(f"{urns.CLM_USER}:roleId", "", "", "role"),
)


async def show_account(call: ConsoleCall) -> Answer:
    """GET /setup/account."""
    return await _account(call, await chosen(call))


async def choose_account(call: ConsoleCall) -> Answer:
    """POST /setup/account: one that is there, or a new one."""
    setup = await chosen(call)
    wanted = call.form.value("account")
    if wanted == "new":
        name = call.form.value("userName")
        if not name:
            call.form.refuse(
                "userName", call.t("setup.needs_account", "Enter a userName for the new account.")
            )
            return await _account(call, setup, status=422)
        try:
            account_id = await create_account(
                call.runtime, call.organization, name, provenance=call.provenance
            )
        except (InvalidValue, Uniqueness) as error:
            call.form.refuse("userName", call.said(error))
            return await _account(call, setup, status=422)
    else:
        able = await able_accounts(call.runtime, call.organization)
        found = next((each.id for each in able if str(each.id) == wanted), None)
        if found is None:
            call.form.refuse("account", call.t("setup.choose_account", "Choose an account."))
            return await _account(call, setup, status=422)
        account_id = found
    await save(call, setup.finished("account", account_id=account_id))
    return call.go(f"/setup/{after('account')}")


async def _account(call: ConsoleCall, setup: Setup, *, status: int = 200) -> Answer:
    able = await able_accounts(call.runtime, call.organization)
    return await show(call, setup, "account", status=status, accounts=able)


async def show_credential(call: ConsoleCall) -> Answer:
    """GET /setup/credential."""
    setup = await chosen(call)
    if first := refuse_early(setup, "credential"):
        return call.go(f"/setup/{first}")
    return await _credential(call, setup)


async def choose_credential(call: ConsoleCall) -> Answer:
    """POST /setup/credential: a token or a client that works."""
    setup = await chosen(call)
    wanted = as_id(call.form.value("credential"))
    able = await _credentials(call, setup)
    if wanted is None or str(wanted) not in [value for value, _ in able]:
        call.form.refuse(
            "credential",
            call.t("setup.choose_credential", "Choose a token or a client, or create one first."),
        )
        return await _credential(call, setup, status=422)
    await save(call, setup.finished("credential", credential_id=wanted))
    return call.go(f"/setup/{after('credential')}")


async def _credential(call: ConsoleCall, setup: Setup, *, status: int = 200) -> Answer:
    able = await _credentials(call, setup)
    return await show(
        call,
        setup,
        "credential",
        status=status,
        credentials=able,
        chosen=str(setup.credential_id or ""),
    )


async def _credentials(call: ConsoleCall, setup: Setup) -> list[tuple[str, str]]:
    """Return tokens and clients of the account that work, the latest first."""
    tokens = await list_tokens(call.runtime, call.organization, limit=LISTED_MAX)
    clients = await list_clients(call.runtime, call.organization)
    found: list[tuple[str, str]] = [
        (str(each.token.id), call.t("setup.token", "Token “{label}”", label=each.token.label))
        for each in tokens
        if each.state in USABLE and each.token.account_id == setup.account_id
    ]
    found += [
        (
            str(each.client.id),
            call.t("setup.client", "OAuth client “{label}”", label=each.client.label),
        )
        for each in clients
        if each.state in USABLE and each.client.account_id == setup.account_id
    ]
    return found


async def show_url(call: ConsoleCall) -> Answer:
    """GET /setup/url."""
    setup = await chosen(call)
    if first := refuse_early(setup, "url"):
        return call.go(f"/setup/{first}")
    url = tenant_url(call)
    return await show(call, setup, "url", tenant_url=url, is_https=url.startswith("https://"))


async def confirm_url(call: ConsoleCall) -> Answer:
    """POST /setup/url: from now on the first request may arrive."""
    setup = (await chosen(call)).finished("url")
    await save(call, setup.listening("request", call.now))
    return call.go(f"/setup/{after('url')}")


def tenant_url(call: ConsoleCall) -> str:
    """Return the URL of the SCIM endpoint, as the identity provider needs it."""
    return call.service.hosts.origin(call.request) + BASE_PATH


async def show_mapping(call: ConsoleCall) -> Answer:
    """GET /setup/mapping."""
    setup = await chosen(call)
    if first := refuse_early(setup, "mapping"):
        return call.go(f"/setup/{first}")
    return await _mapping(call, setup)


async def choose_mapping(call: ConsoleCall) -> Answer:
    """POST /setup/mapping: makes the expression, or goes on."""
    setup = await chosen(call)
    form = call.form
    source = form.value("source")
    default = form.value("default")
    pairs = zip(form.values("title"), form.values("role"), strict=False)
    cases = tuple(
        (title.strip(), role) for title, role in pairs if title.strip() and role in ROLE_NAMES
    )[:CASES_MAX]
    changed = {
        "role_source": source if source in SOURCES else SOURCES[0],
        "cases": cases,
        "default_role": default if default in ROLE_NAMES else "Reader",
    }
    if form.value("do") == "generate":
        setup = setup.finished("mapping", **changed)
        await save(call, setup)
        return call.go("/setup/mapping")
    await save(call, setup.finished("mapping", **changed))
    return call.go(f"/setup/{after('mapping')}")


async def _mapping(call: ConsoleCall, setup: Setup) -> Answer:
    roles = {name: str(role_id) for name, role_id in call.organization.roles.items()}
    made = expression(setup.provider, setup.cases, setup.default_role, roles)
    return await show(
        call,
        setup,
        "mapping",
        attributes=ATTRIBUTES,
        roles=roles,
        sources=SOURCES,
        cases=[*setup.cases, *[("", "Reader")] * EMPTY_CASES],
        expression=made,
    )
