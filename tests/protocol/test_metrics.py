"""What /metrics says of requests: routes, statuses, reasons, batches, queues."""

import re

from tests.serving import Scim, Served, make_tenant


async def metrics(served: Served) -> dict[str, float]:
    """Return the samples by name and labels, without those of a second that is not over."""
    async with served.session.get(f"http://127.0.0.1:{served.port}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


async def test_requests_are_counted_by_route_status_and_reason(served: Served) -> None:
    tenant = await make_tenant(served.runtime, "Measured")
    scim = Scim(served, tenant.token)
    made = await scim.post("/Users", {"userName": "ada"})
    await scim.get(f"/Users/{made.body['id']}")
    assert (await scim.post("/Users", {"userName": "ada"})).status == 409
    assert (await Scim(served, None).get("/Users")).status == 401
    assert (await Scim(served, "no.token.here").get("/Users")).status == 401
    found = await fresh(served)

    route = 'route="/api/scim/v2/Users'
    assert found[f'scim_ledger_requests_total{{method="POST",{route}",status="201"}}'] >= 1
    assert found[f'scim_ledger_requests_total{{method="GET",{route}/{{id}}",status="200"}}'] >= 1
    assert found['scim_ledger_refusals_total{scim_type="uniqueness",status="409"}'] >= 1
    assert found['scim_ledger_unauthorized_total{reason="missing"}'] >= 1
    assert found['scim_ledger_unauthorized_total{reason="malformed"}'] >= 1
    assert found["scim_ledger_batch_commands_count"] >= 1
    assert found["scim_ledger_append_seconds_count"] >= 1
    assert found['scim_ledger_pool_connections{state="max"}'] >= 2
    assert not [each for each in found if re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", each)]


async def fresh(served: Served) -> dict[str, float]:
    """Return the samples, once the answer is not the one of the second before."""
    before = await metrics(served)
    while (found := await metrics(served)) == before:
        await served.session.get(f"http://127.0.0.1:{served.port}/healthz")
    return found


async def test_the_id_of_a_client_is_returned_and_ours_if_it_sends_none(served: Served) -> None:
    tenant = await make_tenant(served.runtime, "Traced")
    scim = Scim(served, tenant.token)
    named = await scim.ask("GET", "/Users", X_Request_Id="trace-4711:a")
    unfit = await scim.ask("GET", "/Users", X_Request_Id="a b;c")

    assert named.headers["X-Request-Id"] == "trace-4711:a"
    assert len(unfit.headers["X-Request-Id"]) == 36
