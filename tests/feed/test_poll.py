"""Pages of the feed: in order, from any position, after a wait if there is nothing yet."""

import asyncio
import secrets
import time
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY

from service.feed.consumers import EACH_MAX
from tests.admin.client import Admin, with_scope
from tests.feed.conftest import FEED
from tests.serving import Scim, Served, Tenant, make_tenant


async def end(feed: Admin) -> int:
    """Return where the log ends."""
    position: int = (await feed.get("/position")).body["position"]
    return position


async def make_user(provider: Scim, **values: Any) -> str:
    """Make a user; return its id."""
    made = await provider.post(
        "/Users", {"userName": f"{secrets.token_hex(6)}@contoso.com", **values}
    )
    user_id: str = made.body["id"]
    return user_id


async def test_the_whole_log_comes_in_order_page_by_page(feed: Admin, provider: Scim) -> None:
    await make_user(provider)
    positions, after = [], 0
    while items := (page := (await feed.get(f"/events?after={after}&limit=3")).body)["items"]:
        assert len(items) <= 3
        positions += [each["position"] for each in items]
        after = page["position"]

    assert positions == list(range(1, await end(feed) + 1))


async def test_an_event_is_the_stored_one_with_its_values(
    served: Served, tenant: Tenant, feed: Admin, provider: Scim
) -> None:
    before = await end(feed)
    user_id = await make_user(provider, displayName="Ada Lovelace")

    first = (await feed.get(f"/events?after={before}")).body["items"][0]

    row = await served.owner.fetchrow(
        "SELECT * FROM eventstore.events WHERE organization_id = $1 AND position = $2",
        tenant.id,
        before + 1,
    )
    assert first["id"] == str(row["event_id"])
    assert first["requestId"] == str(row["request_id"])
    assert (first["type"], first["version"]) == ("UserProvisioned", 1)
    assert (first["resourceType"], first["resourceId"]) == ("User", user_id)
    assert first["organizationId"] == str(tenant.id)
    assert first["values"]["displayName"] == "Ada Lovelace"
    assert first["isErased"] is False


async def test_personal_values_are_left_out_if_the_consumer_wants_none(
    feed: Admin, provider: Scim
) -> None:
    before = await end(feed)
    await make_user(provider, displayName="Ada Lovelace")

    answer = await feed.get(f"/events?after={before}&personal=false")

    assert {each["values"] for each in answer.body["items"]} == {None}


async def test_what_proves_something_to_the_service_is_not_in_the_feed(feed: Admin) -> None:
    page = (await feed.get("/events?types=TokenIssued")).body

    assert page["items"]
    assert all("jtiHash" not in each["data"] for each in page["items"])


async def test_an_answer_waits_for_the_next_event(feed: Admin, provider: Scim) -> None:
    before = await end(feed)
    waiting = asyncio.create_task(feed.get(f"/events?after={before}&wait=30"))
    await asyncio.sleep(0.2)
    assert not waiting.done()

    began = time.monotonic()
    user_id = await make_user(provider)
    page = (await waiting).body

    assert page["items"][0]["resourceId"] == user_id
    assert page["position"] == page["items"][-1]["position"]
    assert time.monotonic() - began < 10


async def test_a_lost_notification_delays_an_event_and_loses_none(
    served: Served, feed: Admin, provider: Scim, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> None:
        """Notify nobody."""

    monkeypatch.setattr("service.background.notifier.notify", lost)
    before = await end(feed)
    waiting = asyncio.create_task(feed.get(f"/events?after={before}&wait=30"))
    await asyncio.sleep(0.05)
    user_id = await make_user(provider)

    async with asyncio.timeout(20):
        assert (await waiting).body["items"][0]["resourceId"] == user_id


async def test_a_wait_without_an_event_ends_with_the_same_position(feed: Admin) -> None:
    before = await end(feed)

    page = (await feed.get(f"/events?after={before}&wait=1")).body

    assert page == {"items": [], "position": before}


async def test_what_is_not_wanted_is_passed_over(feed: Admin, provider: Scim) -> None:
    before = await end(feed)
    waiting = asyncio.create_task(
        feed.get(f"/events?after={before}&wait=30&types=UserDeactivated,UserDeleted")
    )
    user_id = await make_user(provider)
    await provider.patch(f"/Users/{user_id}", {"op": "replace", "path": "active", "value": False})

    page = (await waiting).body

    assert [each["type"] for each in page["items"]] == ["UserDeactivated"]
    assert page["position"] <= await end(feed)


@pytest.mark.parametrize(
    "query", ["types=Nothing", "types=", "after=-1", "wait=61", "limit=0", "x=1"]
)
async def test_a_wrong_query_is_refused(feed: Admin, query: str) -> None:
    answer = await feed.get(f"/events?{query}")

    assert answer.status == 400
    assert answer.body["errors"][0]["parameter"] == query.partition("=")[0]


async def test_a_position_that_the_log_does_not_have_is_a_conflict(feed: Admin) -> None:
    answer = await feed.get("/events?after=999999")

    assert answer.status == 409
    assert f"ends at {await end(feed)}" in answer.body["detail"]


async def test_another_organization_sees_its_own_log_only(
    served: Served, feed: Admin, provider: Scim
) -> None:
    await make_user(provider)
    other = await make_tenant(served.runtime, f"Fabrikam {secrets.token_hex(6)}")

    items = (await Admin(served, with_scope(served, other, "feed:read"), FEED).get("/events")).body[
        "items"
    ]

    assert {each["organizationId"] for each in items} == {str(other.id)}


@pytest.mark.parametrize("scope", ["scim", "admin", "audit:read"])
async def test_another_scope_does_not_open_the_feed(
    served: Served, tenant: Tenant, scope: str
) -> None:
    answer = await Admin(served, with_scope(served, tenant, scope), FEED).get("/events")

    assert answer.status == 403
    assert "feed:read" in answer.body["detail"]


def waiting_now() -> float:
    """Return how many consumers of this process poll now."""
    return REGISTRY.get_sample_value("scim_ledger_feed_consumers", {"kind": "poll"}) or 0.0


async def test_consumers_are_bounded_and_take_no_turn_of_their_organization(
    served: Served, provider: Scim
) -> None:
    tenant = await make_tenant(served.runtime, f"Busy {secrets.token_hex(6)}")
    feed = Admin(served, with_scope(served, tenant, "feed:read"), FEED)
    before = await end(feed)
    path = f"/events?after={before}&wait=30"
    before_it = waiting_now()
    waiting = [asyncio.create_task(feed.get(path)) for _ in range(EACH_MAX)]
    try:
        async with asyncio.timeout(20):
            while waiting_now() < before_it + EACH_MAX:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        answer = await feed.get(path)
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) >= 1
        made = await Scim(served, tenant.token).post("/Users", {"userName": "free@contoso.com"})
        assert made.status == 201
    finally:
        answers = await asyncio.gather(*waiting)
    assert {each.body["items"][0]["type"] for each in answers} == {"UserProvisioned"}


async def test_those_who_wait_cost_one_read_of_the_log(
    served: Served, feed: Admin, provider: Scim, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[tuple[object, ...]] = []
    original = asyncpg.Connection.fetch

    async def counted(self: Any, query: str, *args: Any, **kwargs: Any) -> Any:
        if "data_before" in query and args[1] == before:
            reads.append(args)
        return await original(self, query, *args, **kwargs)

    before = await end(feed)
    waiting = [asyncio.create_task(feed.get(f"/events?after={before}&wait=30")) for _ in range(10)]
    await asyncio.sleep(0.3)
    monkeypatch.setattr(asyncpg.Connection, "fetch", counted)
    await make_user(provider)
    await asyncio.gather(*waiting)

    assert 0 < len(reads) <= 4


async def test_ocsf_has_what_its_classes_require(feed: Admin, provider: Scim) -> None:
    before = await end(feed)
    user_id = await make_user(provider, displayName="Ada")
    group = await provider.post(
        "/Groups", {"displayName": secrets.token_hex(4), "members": [{"value": user_id}]}
    )
    await provider.delete(f"/Users/{user_id}")

    items = (await feed.get(f"/events?after={before}&format=ocsf")).body["items"]

    by_type = {each["metadata"]["event_code"]: each for each in items}
    assert all(each["type_uid"] == each["class_uid"] * 100 + each["activity_id"] for each in items)
    assert all({"time", "severity_id", "metadata", "category_uid"} <= each.keys() for each in items)
    assert by_type["UserProvisioned"]["user"]["uid"] == user_id
    assert by_type["UserProvisioned"]["user"]["full_name"] == "Ada"
    assert by_type["MembersAdded"]["group"]["uid"] == group.body["id"]
    assert by_type["UserDeleted"]["activity_name"] == "Delete"


async def test_a_consumer_goes_on_after_its_connection_of_postgres_is_lost(
    served: Served, feed: Admin, provider: Scim
) -> None:
    before = await end(feed)
    waiting = asyncio.create_task(feed.get(f"/events?after={before}&wait=30"))
    await asyncio.sleep(0.1)
    killed = await served.owner.fetchval(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name = 'scim-ledger feed' AND datname = current_database()"
    )
    assert killed == 1
    user_id = await make_user(provider)

    async with asyncio.timeout(20):
        assert (await waiting).body["items"][0]["resourceId"] == user_id
