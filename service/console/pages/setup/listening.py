"""The steps that wait for the identity provider: first request, test user, first cycle. Live, or by Check now."""

from dataclasses import replace
from typing import Final

from aiohttp import web

from service.callers.token_uses import TokenUse
from service.console.framework.call import ConsoleCall
from service.console.live import send_positions
from service.console.pages.setup.arrivals import Arrival, find_arrival
from service.console.pages.setup.choices import tenant_url
from service.console.pages.setup.saved import Setup
from service.console.pages.setup.steps import (
    after,
    chosen,
    refuse_early,
    save,
    show,
)
from service.http.answer import Answer
from service.replay.cycles import list_cycles, list_requests
from service.requests.read import CycleFilter, RequestFilter

CHECKS: Final = 5
LISTENING: Final = ("request", "test-user", "cycle")


async def show_request(call: ConsoleCall) -> Answer:
    """GET /setup/request."""
    return await _listen(call, "request")


async def show_test_user(call: ConsoleCall) -> Answer:
    """GET /setup/test-user."""
    return await _listen(call, "test-user")


async def show_cycle(call: ConsoleCall) -> Answer:
    """GET /setup/cycle."""
    return await _listen(call, "cycle")


async def again_request(call: ConsoleCall) -> Answer:
    """POST /setup/request: begins to listen again, or goes on."""
    return await _go_on(call, "request")


async def again_test_user(call: ConsoleCall) -> Answer:
    """POST /setup/test-user."""
    return await _go_on(call, "test-user")


async def again_cycle(call: ConsoleCall) -> Answer:
    """POST /setup/cycle."""
    return await _go_on(call, "cycle")


async def stream(call: ConsoleCall) -> web.StreamResponse:
    """GET /setup/stream: a message whenever something may have arrived, also a refusal, which is not in the log."""

    async def mark() -> object:
        runtime, organization = call.runtime, call.organization
        cycles = await list_cycles(runtime, organization, CycleFilter(), limit=3)
        refused = await list_requests(runtime, organization, RequestFilter(), limit=1)
        return (
            [(each.cycle.id, each.cycle.last_at, each.cycle.requests) for each in cycles.items],
            [each.request.id for each in refused.items],
        )

    return await send_positions(call, mark)


async def _listen(call: ConsoleCall, step: str) -> Answer:
    setup = await chosen(call)
    if first := refuse_early(setup, step):
        return call.go(f"/setup/{first}")
    if step not in setup.since:
        setup = replace(setup, since={**setup.since, step: call.now})
        await save(call, setup)
    since = setup.since[step]
    arrival = await find_arrival(call, setup.credential_id, since, needs_change=step != "request")
    if arrival.state == "arrived" and step not in setup.done:
        setup = setup.finished(step)
        await save(call, setup)
    return await show(
        call,
        setup,
        step,
        since=since,
        arrival=arrival,
        use=await _use(call, setup),
        tenant_url=tenant_url(call),
        is_over_tls=tenant_url(call).startswith("https://"),
        following=after(step),
        passed=_passed(arrival),
    )


def _passed(arrival: Arrival) -> int:
    """Return how many of the five checks were passed."""
    if arrival.state == "arrived":
        return CHECKS
    return arrival.failed_check if arrival.state == "failed" else 0


async def _go_on(call: ConsoleCall, step: str) -> Answer:
    setup = await chosen(call)
    if call.form.value("do") == "again":
        await save(call, setup.listening(step, call.now))
        return call.go(f"/setup/{step}")
    await save(call, setup.finished(step))
    return call.go("/" if step == LISTENING[-1] else f"/setup/{after(step)}")


async def _use(call: ConsoleCall, setup: Setup) -> TokenUse | None:
    """Return when and from where the credential was used last."""
    if setup.credential_id is None:
        return None
    async with call.runtime.pool.acquire() as connection:
        uses = await call.runtime.token_uses.find(
            connection, call.organization.id, [setup.credential_id]
        )
    return uses.get(setup.credential_id)
