"""What /metrics says of requests: routes, statuses, reasons, batches, queues."""

import re

from tests.admin.client import with_scope
from tests.console.client import Browser
from tests.protocol.resources import people, values
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
    made = await scim.post("/Users", {"userName": "ada"})
    read = [
        await scim.ask("GET", f"/Users/{made.body['id']}", X_Request_Id="trace-4712")
        for _ in range(2)
    ]
    unfit = await scim.ask("GET", "/Users", X_Request_Id="a b;c")

    assert named.headers["X-Request-Id"] == "trace-4711:a"
    assert {each.headers["X-Request-Id"] for each in read} == {"trace-4712"}
    assert len(unfit.headers["X-Request-Id"]) == 36


async def test_the_id_of_a_client_is_returned_on_streams_too(served: Served) -> None:
    tenant = await make_tenant(served.runtime, "Traced streams")
    token = with_scope(served, tenant, "scim admin audit:read audit:export feed:read")
    scim = Scim(served, token)
    made = await scim.post(
        "/Groups", {"displayName": "All", "members": values(await people(scim, 1_100))}
    )
    browser = Browser(served)
    await browser.sign_in(tenant.id)
    for path, cookies in (
        (f"/api/scim/v2/Groups/{made.body['id']}", {}),
        ("/api/audit/v1/export/events", {}),
        ("/api/feed/v1/events", {}),
        ("/console/activity/stream", browser.cookies),
    ):
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "text/event-stream, */*",
            "X-Request-Id": "trace-4713",
        }
        url = f"http://127.0.0.1:{served.port}{path}"
        async with served.session.get(url, headers=headers, cookies=cookies) as answer:
            assert (answer.status, answer.headers.get("Content-Length")) == (200, None), path
            assert answer.headers["X-Request-Id"] == "trace-4713", path
