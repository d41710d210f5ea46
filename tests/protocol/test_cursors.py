"""Pages by cursor (RFC 9865): every resource once, forwards and back, whatever happens meanwhile."""

import base64
import secrets
from asyncio import gather
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.scim.queries.cursor import TIMEOUT_S
from tests.invariants import check_log
from tests.protocol.crowd import CROWD, SORTS, ids, make_crowd, pages, walk
from tests.protocol.resources import people, values
from tests.serving import Answer, Scim, Served, Tenant, make_tenant

EVERYBODY = CROWD
FILTERS = ("", "title pr", 'userName sw "b"', "active eq true", 'not (userName co "-01")')


def refusal(answer: Answer) -> tuple[int, str]:
    """Return the status and scimType of a refusal."""
    return answer.status, answer.body.get("scimType", "")


async def first_cursor(scim: Scim, **query: str) -> str:
    """Return the cursor of the second page."""
    page = await scim.find("/Users", cursor="", count="2", **query)
    cursor: str = page.body["nextCursor"]
    return cursor


@pytest.mark.parametrize("order", ["ascending", "descending"])
async def test_pages_lead_forwards_and_back_in_every_order(crowd: Scim, order: str) -> None:
    queries: list[dict[str, str]] = [{"sortBy": name, "sortOrder": order} for name in SORTS]

    walks = await gather(*(walk(crowd, "/Users", count="5", **each) for each in queries))

    whole = await gather(*(crowd.find("/Users", count="1000", **each) for each in queries))
    expected = [ids(each.body) for each in whole]
    assert [there for there, _ in walks] == expected
    assert [back for _, back in walks] == expected


@pytest.fixture(scope="module")
async def town(served: Served) -> AsyncIterator[Tenant]:
    """Yield an organization with a crowd, which tests only read; then check its log."""
    tenant = await make_tenant(served.runtime, f"Town {secrets.token_hex(6)}")
    await make_crowd(served, Scim(served, tenant.token), tenant)
    yield tenant
    await check_log(served.owner, served.runtime.sealer, tenant.id)


@pytest.fixture
def crowd(served: Served, town: Tenant) -> Scim:
    """Return a client of an organization with a crowd, which tests only read."""
    return Scim(served, town.token)


@given(
    sort=st.sampled_from(SORTS),
    order=st.sampled_from(["ascending", "descending"]),
    text=st.sampled_from(FILTERS),
    size=st.integers(1, 30),
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # The fixture is only read.
)
async def test_pages_by_cursor_are_pages_by_index_are_one_big_page(
    crowd: Scim, sort: str, order: str, text: str, size: int
) -> None:
    query = {"sortBy": sort, "sortOrder": order} | ({"filter": text} if text else {})

    big = await crowd.find("/Users", count="1000", **query)
    there, back = await walk(crowd, "/Users", count=str(size), **query)
    starts = range(1, EVERYBODY + 1, size)
    indexed = await gather(
        *(crowd.find("/Users", startIndex=str(n), count=str(size), **query) for n in starts)
    )

    expected = ids(big.body)
    assert there == back == expected
    assert [each for page in indexed for each in ids(page.body)] == expected


async def test_the_first_page_has_no_previous_and_the_last_no_next(crowd: Scim) -> None:
    found = await pages(crowd, "/Users", count="10")

    assert [sorted(page.keys() & {"nextCursor", "previousCursor"}) for page in found] == [
        ["nextCursor"],
        ["nextCursor", "previousCursor"],
        ["previousCursor"],
    ]
    assert [(page["totalResults"], page["itemsPerPage"]) for page in found] == [
        (EVERYBODY, 10),
        (EVERYBODY, 10),
        (EVERYBODY, 3),
    ]
    assert "startIndex" not in found[0]


async def test_the_page_before_the_second_is_the_first(crowd: Scim) -> None:
    first, second, *_ = await pages(crowd, "/Users", count="7", sortBy="title")

    back = await crowd.find("/Users", count="7", sortBy="title", cursor=second["previousCursor"])

    assert back.body["Resources"] == first["Resources"]
    assert "previousCursor" not in back.body
    again = await crowd.find("/Users", count="7", sortBy="title", cursor=back.body["nextCursor"])
    assert again.body["Resources"] == second["Resources"]


async def test_one_page_that_holds_everything_has_no_cursors(crowd: Scim) -> None:
    (page,) = await pages(crowd, "/Users", count=str(EVERYBODY))

    assert page.keys() == {"schemas", "totalResults", "itemsPerPage", "Resources"}


async def test_a_query_without_a_match_is_one_empty_page(scim: Scim) -> None:
    (page,) = await pages(scim, "/Users", filter='userName eq "nobody"')

    assert (page["totalResults"], page["itemsPerPage"], page["Resources"]) == (0, 0, [])


async def test_a_count_of_zero_returns_only_the_total(crowd: Scim) -> None:
    page = await crowd.find("/Users", cursor="", count="0")

    assert page.status == 200
    assert (page.body["totalResults"], page.body["Resources"]) == (EVERYBODY, [])


async def test_texts_too_long_for_a_url_lead_through_all_pages(scim: Scim) -> None:
    for number in range(5):
        title = "\U0001f600" * 20_000 + str(number % 3)
        await scim.post("/Users", {"userName": f"u-{number}", "title": title})
    query = {"sortBy": "title", "attributes": "userName"}

    there, back = await walk(scim, "/Users", count="1", **query)

    whole = await scim.find("/Users", **query)
    assert there == back == ids(whole.body)
    assert len(there) == 5


async def test_a_long_query_leads_through_all_pages(scim: Scim) -> None:
    await people(scim, 3)
    asked = {
        "filter": "userName pr"
        + "".join(f' and userName ne "{n}{chr(0x1F600) * 60}"' for n in range(90)),
        "sortOrder": "x" * 70_000,
        "count": 2,
    }

    first = await scim.post("/Users/.search", {**asked, "cursor": ""})
    second = await scim.post("/Users/.search", {**asked, "cursor": first.body["nextCursor"]})

    assert len(ids(first.body) + ids(second.body)) == 3
    assert len(first.body["nextCursor"]) < 1_000


async def wander(scim: Scim, sort: str, gone: list[str]) -> list[str]:
    """Return the ids of all pages in an order. After each of the first pages, a user leaves and one comes."""
    seen, cursor = list[str](), ""
    for number, user_id in enumerate(gone):
        page = (await scim.find("/Users", cursor=cursor, count="2", sortBy=sort)).body
        seen, cursor = seen + ids(page), page["nextCursor"]
        await scim.delete(f"/Users/{user_id}")
        await scim.post("/Users", {"userName": f"new-{number}", "title": f"m{number}"})
    rest = await pages(scim, "/Users", cursor=cursor, count="2", sortBy=sort)
    return seen + [each for page in rest for each in ids(page)]


@pytest.mark.parametrize("sort", ["userName", "title", "active", "meta.lastModified"])
async def test_who_stays_is_seen_once_while_others_come_and_go(
    served: Served, scim: Scim, organization: Tenant, sort: str
) -> None:
    made = await make_crowd(served, scim, organization)

    seen = await wander(scim, sort, gone=made[:6])

    assert sorted(set(seen) & set(made[6:])) == sorted(made[6:])
    assert len(seen) == len(set(seen))


async def test_a_page_goes_on_where_the_row_at_its_edge_is_gone(scim: Scim) -> None:
    await people(scim, 9)
    whole = await scim.find("/Users", sortBy="userName")
    first = await scim.find("/Users", sortBy="userName", count="4", cursor="")
    await scim.delete(f"/Users/{ids(first.body)[-1]}")

    second = await scim.find(
        "/Users", sortBy="userName", count="4", cursor=first.body["nextCursor"]
    )

    assert ids(second.body) == ids(whole.body)[4:8]


async def test_groups_have_pages_with_members_and_without(scim: Scim) -> None:
    members = await people(scim, 3)
    for number in range(5):
        sent = {"displayName": f"Group {number}", "members": values(members[:number])}
        assert (await scim.post("/Groups", sent)).status == 201

    found = await pages(scim, "/Groups", count="2", sortBy="displayName")
    lean = await pages(scim, "/Groups", count="2", excludedAttributes="members")

    shown = [each for page in found for each in page["Resources"]]
    assert [each["displayName"] for each in shown] == [f"Group {number}" for number in range(5)]
    assert [len(each.get("members", [])) for each in shown] == [0, 1, 2, 3, 3]
    assert [each for page in lean for each in page["Resources"] if "members" in each] == []


async def test_a_search_goes_by_cursor_too(crowd: Scim) -> None:
    asked = {"filter": "active eq true", "count": 6, "cursor": "", "attributes": ["userName"]}
    first = await crowd.post("/Users/.search", asked)

    second = await crowd.post("/Users/.search", {**asked, "cursor": first.body["nextCursor"]})

    whole = await crowd.find("/Users", filter="active eq true")
    assert ids(first.body) + ids(second.body) == ids(whole.body)[:12]
    assert second.body["Resources"][0].keys() == {"id", "schemas", "userName"}


async def test_another_selection_or_size_of_page_is_the_same_query(crowd: Scim) -> None:
    cursor = await first_cursor(crowd)

    page = await crowd.find("/Users", cursor=cursor, count="3", attributes="userName")

    assert (page.status, page.body["itemsPerPage"]) == (200, 3)


def forgeries(cursor: str) -> dict[str, str]:
    """Return texts that are not our cursors, by how each was made from a real one."""
    other = "A" if cursor[40] != "A" else "B"
    return {
        "guessed": "x",
        "another alphabet": f"!{cursor}",
        "cut": cursor[:20],
        "changed": cursor[:40] + other + cursor[41:],
        "invented": "A" * 200,
        "not ASCII": f"é{cursor}",
        "endless": cursor * 1_000,
    }


@pytest.mark.parametrize("forgery", list(forgeries("x" * 41)))
async def test_a_cursor_that_we_did_not_give_is_refused(crowd: Scim, forgery: str) -> None:
    body = {"cursor": forgeries(await first_cursor(crowd))[forgery]}

    assert refusal(await crowd.post("/Users/.search", body)) == (400, "invalidCursor")


async def test_a_cursor_of_another_organization_is_refused(crowd: Scim, other_scim: Scim) -> None:
    cursor = await first_cursor(crowd)

    refused = await other_scim.find("/Users", cursor=cursor)

    assert refusal(refused) == (400, "invalidCursor")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/Users", {"filter": "title pr"}),
        ("/Users", {"sortBy": "userName"}),
        ("/Users", {"sortOrder": "descending"}),
        ("/Groups", {}),
    ],
)
async def test_a_cursor_of_another_query_is_refused(
    crowd: Scim, path: str, query: dict[str, str]
) -> None:
    cursor = await first_cursor(crowd)

    refused = await crowd.find(path, cursor=cursor, **query)

    assert refusal(refused) == (400, "invalidCursor")
    assert "another query" in refused.body["detail"]


def aged(served: Served, organization: Tenant, cursor: str, seconds: int) -> str:
    """Return a cursor that looks as if it was given so many seconds ago."""
    sealer, context = served.runtime.sealer, f"cursor {organization.id}"
    opened: list[Any] = orjson.loads(
        sealer.unwrap_secret(base64.urlsafe_b64decode(cursor + "=="), context=context)
    )
    opened[-1] -= seconds
    sealed = sealer.wrap_secret(orjson.dumps(opened), context=context)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


async def test_a_cursor_expires(served: Served, crowd: Scim, town: Tenant) -> None:
    cursor = await first_cursor(crowd)
    config = await crowd.get("/ServiceProviderConfig")

    young = aged(served, town, cursor, TIMEOUT_S - 60)
    old = aged(served, town, cursor, TIMEOUT_S + 1)

    assert config.body["pagination"]["cursorTimeout"] == TIMEOUT_S
    assert (await crowd.find("/Users", cursor=young)).status == 200
    assert refusal(await crowd.find("/Users", cursor=old)) == (400, "expiredCursor")


@pytest.mark.parametrize("count", ["-1", "1001", "ten", "1.5", "9" * 30])
async def test_a_count_beyond_a_page_is_refused(scim: Scim, count: str) -> None:
    refused = await scim.find("/Users", cursor="", count=count)

    assert refusal(refused) == (400, "invalidCount")
    assert "1,000" in refused.body["detail"]


async def test_a_cursor_holds_nothing_to_read(crowd: Scim) -> None:
    cursor = await first_cursor(crowd, sortBy="userName")

    content = base64.urlsafe_b64decode(cursor + "==")

    assert set(cursor).isdisjoint("+/=")
    assert b"userName" not in content
    assert b"-00" not in content
