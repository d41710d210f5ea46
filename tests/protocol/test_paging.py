"""Pages of a query by index (RFC 7644 §3.4.2.4), and sorting (§3.4.2.3)."""

from asyncio import gather

import pytest

from tests.protocol.resources import people
from tests.serving import Answer, Scim

TWELVE = 12  # The users made here. The technical account is in no list.


def numbers(answer: Answer) -> tuple[int, int, int]:
    """Return totalResults, startIndex and itemsPerPage of a list, after a check that they fit its content."""
    body = answer.body
    assert answer.status == 200
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    assert body["itemsPerPage"] == len(body["Resources"])
    return body["totalResults"], body["startIndex"], body["itemsPerPage"]


async def test_pages_follow_each_other_without_overlap_or_gap(scim: Scim) -> None:
    await people(scim, 12)

    pages = [await scim.get(f"/Users?startIndex={start}&count=5") for start in (1, 6, 11)]

    assert [numbers(each) for each in pages] == [(TWELVE, 1, 5), (TWELVE, 6, 5), (TWELVE, 11, 2)]
    ids = [each["id"] for page in pages for each in page.body["Resources"]]
    whole = await scim.get("/Users")
    assert ids == [each["id"] for each in whole.body["Resources"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (TWELVE, 1, TWELVE)),
        ("startIndex=0&count=2", (TWELVE, 1, 2)),
        ("startIndex=-5&count=2", (TWELVE, 1, 2)),
        ("count=-1", (TWELVE, 1, 0)),
        ("count=0", (TWELVE, 1, 0)),
        ("startIndex=14", (TWELVE, 14, 0)),
        ("startIndex=99999999999999999999999&count=5", (TWELVE, 2**62, 0)),
        ("count=99999999999999999999999", (TWELVE, 1, TWELVE)),
        ("startIndex=&count=", (TWELVE, 1, TWELVE)),
        ('filter=userName sw "user-"&count=5', (12, 1, 5)),
        ('filter=userName sw "user-"&startIndex=11&count=5', (12, 11, 2)),
        ('filter=userName eq "user-00000"&count=0', (1, 1, 0)),
        ('filter=userName eq "user-00000"&startIndex=2', (1, 2, 0)),
        ('filter=userName eq "nobody"', (0, 1, 0)),
        ('filter=userName eq "nobody"&startIndex=7&count=3', (0, 7, 0)),
    ],
)
async def test_a_page_says_what_it_holds(
    scim: Scim, query: str, expected: tuple[int, int, int]
) -> None:
    await people(scim, 12)

    assert numbers(await scim.get(f"/Users?{query}")) == expected


async def test_what_has_the_same_external_id_comes_in_pages_too(scim: Scim) -> None:
    await gather(
        *(scim.post("/Users", {"userName": f"u{n}", "externalId": "same"}) for n in range(101))
    )
    same = '/Users?filter=externalId eq "same"'

    pages = [await scim.get(f"{same}{more}") for more in ("", "&count=101", "&startIndex=101")]

    assert [numbers(each) for each in pages] == [(101, 1, 100), (101, 1, 101), (101, 101, 1)]
    found = [user["id"] for page in (pages[0], pages[2]) for user in page.body["Resources"]]
    assert len(set(found)) == 101


@pytest.mark.parametrize("endpoint", ["/Users", "/Groups"])
@pytest.mark.parametrize("query", ["startIndex=one", "count=1.5", "count=ten", "count=٣"])
async def test_a_number_that_is_none_is_refused(scim: Scim, endpoint: str, query: str) -> None:
    refused = await scim.get(f"{endpoint}?{query}")

    assert (refused.status, refused.body["scimType"]) == (400, "invalidValue")
    assert query.partition("=")[0].lower() in refused.body["detail"].lower()


async def test_groups_are_paged_too(scim: Scim) -> None:
    for number in range(3):
        await scim.post("/Groups", {"displayName": f"Group {number}"})

    page = await scim.get("/Groups?startIndex=2&count=1&excludedAttributes=members")

    assert numbers(page) == (3, 2, 1)
    assert page.body["Resources"][0]["displayName"] == "Group 1"


async def test_an_organization_without_groups_has_an_empty_list(scim: Scim) -> None:
    listed = await scim.get("/Groups")

    assert numbers(listed) == (0, 1, 0)
    assert listed.body["Resources"] == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sortBy=userName", ["user-00000", "user-00001", "user-00002"]),
        ("sortBy=userName&sortOrder=descending", ["user-00002", "user-00001", "user-00000"]),
        ("sortBy=meta.created&sortOrder=ascending", ["user-00000", "user-00001", "user-00002"]),
    ],
)
async def test_a_list_is_sorted(scim: Scim, query: str, expected: list[str]) -> None:
    for number in range(3):
        await scim.post("/Users", {"userName": f"user-{number:05}"})

    listed = await scim.get(f'/Users?filter=userName sw "user-"&{query}')

    assert [each["userName"] for each in listed.body["Resources"]] == expected


async def test_sorting_by_what_nobody_knows_is_refused(scim: Scim) -> None:
    refused = await scim.get("/Users?sortBy=shoeSize")

    assert (refused.status, refused.body["scimType"]) == (400, "invalidPath")


@pytest.mark.parametrize(
    "query",
    [
        "filter=userName+eq+%22a%2Bb%40x.com%22",
        "filter=userName%20eq%20%22a%2Bb%40x.com%22&aadOptscim062020",
        "FILTER=UserName%20EQ%20%22A%2BB%40X.COM%22",
        "filter=(userName eq %22a%2Bb@x.com%22)",
        "filter=urn:ietf:params:scim:schemas:core:2.0:User:userName+eq+%22a%2Bb@x.com%22",
    ],
)
async def test_a_query_is_decoded_once(scim: Scim, query: str) -> None:
    made = await scim.post("/Users", {"userName": "a+b@x.com"})

    found = await scim.get(f"/Users?{query}")

    assert found.body["Resources"] == [made.body]


@pytest.mark.parametrize(
    "text",
    [
        "userName",
        "userName eq",
        'userName eq "ada',
        'userName is "ada"',
        'shoeSize eq "44"',
        'userName eq "a" and',
        "(userName pr",
        "",
        "   ",
        'userName eq "a" userName eq "b"',
    ],
)
@pytest.mark.parametrize("endpoint", ["/Users", "/Groups"])
async def test_a_filter_that_is_none_never_gives_the_full_list(
    scim: Scim, endpoint: str, text: str
) -> None:
    refused = await scim.find(endpoint, filter=text)

    assert (refused.status, refused.body["scimType"]) == (400, "invalidFilter")


async def test_inactive_users_are_found_by_every_query(scim: Scim) -> None:
    made = await scim.post("/Users", {"userName": "ada", "externalId": "a-1", "active": False})

    queries: list[dict[str, str]] = [
        {"filter": 'userName eq "ADA"'},
        {"filter": 'externalId eq "a-1"'},
        {"filter": 'active eq "False"'},
        {"filter": f'id eq "{made.body["id"]}"'},
    ]
    found = [await scim.find("/Users", **each) for each in queries]
    assert [each.body["Resources"] for each in found] == [[made.body]] * 4
    assert made.body in (await scim.get("/Users")).body["Resources"]
