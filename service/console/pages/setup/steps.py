"""The seven steps: their names, which is next, and what each page of the set-up shows beside its own."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from schema.scim.errors import NotFound
from service.console.framework.call import ConsoleCall
from service.console.pages.setup.saved import OKTA, Setup, read_setup, save_setup
from service.console.texts.texts import Phrase
from service.http.answer import Answer
from service.organizations.listed_clients import find_client
from service.organizations.listing import find_account, find_token

STEPS: Final[Mapping[str, Phrase]] = {
    "account": Phrase("wizard.account", "Technical account"),
    "credential": Phrase("wizard.credential", "Token or OAuth client"),
    "url": Phrase("wizard.url", "Tenant URL"),
    "mapping": Phrase("wizard.mapping", "Attributes and roles"),
    "request": Phrase("wizard.request", "First request"),
    "test-user": Phrase("wizard.test_user", "Test user"),
    "cycle": Phrase("wizard.cycle", "First cycle"),
}
NAMES: Final = tuple(STEPS)


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step as the list beside the page shows it."""

    name: str
    word: str
    sub: str
    is_done: bool
    is_open: bool  # It may be opened.


def next_step(setup: Setup) -> str:
    """Return the first step that is not done; the last one if all are."""
    return next((each for each in NAMES if each not in setup.done), NAMES[-1])


def after(step: str) -> str:
    """Return the step after one."""
    return NAMES[min(NAMES.index(step) + 1, len(NAMES) - 1)]


async def begin(call: ConsoleCall) -> Answer:
    """GET /setup: goes on where the set-up is."""
    setup = await chosen(call)
    return call.go(f"/setup/{next_step(setup)}")


async def chosen(call: ConsoleCall) -> Setup:
    """Return the set-up, with the identity provider that the address names if it names one."""
    setup = await read_setup(call.runtime.pool, call.organization.id)
    provider = call.query.get("provider")
    if provider in {"entra", OKTA} and provider != setup.provider:
        setup = replace(setup, provider=provider)
        await save(call, setup)
    return setup


async def save(call: ConsoleCall, setup: Setup) -> None:
    """Save the set-up."""
    await save_setup(call.runtime.pool, call.organization.id, setup)


def refuse_early(setup: Setup, step: str) -> str | None:
    """Return the step to do first; None if this one may be opened."""
    first = next_step(setup)
    return first if NAMES.index(step) > NAMES.index(first) else None


async def show(
    call: ConsoleCall, setup: Setup, step: str, *, status: int = 200, **values: Any
) -> Answer:
    """Return the page of a step."""
    credential = await _credential_name(call, setup)
    subs = await _subs(call, setup, credential)
    first = NAMES.index(next_step(setup))
    rows = [
        StepRow(name, call.t(*STEPS[name]), subs.get(name, ""), name in setup.done, index <= first)
        for index, name in enumerate(NAMES)
    ]
    return await call.show(
        f"setup/{step.replace('-', '_')}.html",
        block="arrival" if "arrival" in values else None,
        status=status,
        setup=setup,
        step=step,
        number_of_step=NAMES.index(step) + 1,
        rows=rows,
        provider="Okta" if setup.provider == OKTA else "Entra",
        is_okta=setup.provider == OKTA,
        credential=credential,
        **values,
    )


async def _subs(call: ConsoleCall, setup: Setup, credential: str) -> dict[str, str]:
    """Return what was chosen, as it stands below the names of steps."""
    found = {}
    if setup.account_id and "account" in setup.done:
        try:
            account = await find_account(call.runtime, call.organization, setup.account_id)
            found["account"] = account.user_name
        except NotFound:
            found["account"] = call.t("setup.gone", "no longer there")
    if setup.credential_id and "credential" in setup.done:
        found["credential"] = credential
    return found


async def _credential_name(call: ConsoleCall, setup: Setup) -> str:
    """Return the label of the token or the client; empty if there is none."""
    if setup.credential_id is None:
        return ""
    with suppress(NotFound):
        token = await find_token(call.runtime, call.organization, setup.credential_id)
        return token.token.label
    with suppress(NotFound):
        client = await find_client(call.runtime, call.organization, setup.credential_id)
        return client.client.label
    return call.t("setup.gone", "no longer there")
