"""SCIM reads the past: what a GET answered once, it answers again with the instant of then in SCIM-As-Of."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from schema.scim import urns
from tests.following import until_followed
from tests.serving import Answer, Scim, Served, Tenant, make_tenant

QUERIES = (
    "/Users",
    "/Users?sortBy=displayName&sortOrder=descending&count=2",
    "/Users?startIndex=2&count=1&sortBy=userName",
    '/Users?filter=userName eq "ANNA@contoso.com"',
    '/Users?filter=userName sw "a" and active eq true&attributes=userName',
    '/Users?filter=emails.value eq "anna@contoso.com"',
    '/Users?filter=emails[type eq "work" and value co "contoso"]',
    f'/Users?filter={urns.ENTERPRISE_USER}:employeeNumber eq "7"',
    '/Users?filter=groups.display eq "Legal"',
    "/Users?filter=active eq false",
    "/Users?count=0",
    '/Users?filter=meta.version eq "W/\\"1\\""',
    "/Groups",
    "/Groups?excludedAttributes=members",
    '/Groups?filter=displayName eq "legal"',
    '/Groups?filter=members.display sw "ann"&attributes=displayName',
    "/Groups?sortBy=displayName&count=1",
)


@dataclass
class Moment:
    """What the directory answered at an instant."""

    at: str
    answers: dict[str, Answer] = field(default_factory=dict)


@dataclass
class Story:
    """A client, and what it was answered after each change."""

    scim: Scim
    moments: Sequence[Moment]


@pytest.fixture(scope="module")
async def story(served: Served) -> Story:
    """Give a story of two people and two groups, once all of it can be read as the past."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    scim, roles = Scim(served, tenant.token), tenant.roles
    moments = [await moment(served, tenant, scim, [])]
    paths = list[str]()

    async def then(answer: Answer, path: str | None = None) -> Any:
        assert answer.status < 300, answer
        if path is not None:
            paths.append(f"{path}/{answer.body['id']}")
        moments.append(await moment(served, tenant, scim, paths))
        return answer.body and answer.body["id"]

    emails = [{"type": "work", "value": "anna@contoso.com"}]
    person = {"userName": "anna@contoso.com", "displayName": "Anna", "emails": emails}
    employee = {urns.ENTERPRISE_USER: {"employeeNumber": "7"}}
    anna = await then(await scim.post("/Users", person | employee), "/Users")
    ben = await then(await scim.post("/Users", {"userName": "ben@contoso.com"}), "/Users")
    members = [{"value": anna}, {"value": ben}]
    legal = {"displayName": "Legal", "members": members}
    group = await then(await scim.post("/Groups", legal), "/Groups")
    nested = {"displayName": "All", "members": [{"value": group}]}
    await then(await scim.post("/Groups", nested), "/Groups")
    for path, operation in (
        (f"/Users/{anna}", ("replace", "roleId", roles["Editor"])),
        (f"/Users/{anna}", ("replace", "displayName", "Änna Berg")),
        (f"/Users/{anna}", ("replace", "userName", "anna.berg@contoso.com")),
        (f"/Users/{anna}", ("remove", "emails", None)),
        (f"/Groups/{group}", ("replace", "displayName", "Law")),
        (f"/Groups/{group}", ("remove", f'members[value eq "{ben}"]', None)),
        (f"/Users/{ben}", ("replace", "active", False)),
    ):
        op, target, value = operation
        change = {"op": op, "path": target} | ({} if value is None else {"value": value})
        await then(await scim.patch(path, change))
    await then(await scim.delete(f"/Users/{anna}"))
    await then(await scim.post("/Users", {"userName": "Anna@Contoso.com"}), "/Users")
    await then(await scim.delete(f"/Groups/{group}"))
    await until_followed(served, tenant)
    return Story(scim, moments)


async def moment(served: Served, tenant: Tenant, scim: Scim, paths: Sequence[str]) -> Moment:
    """Return what is answered now, and the instant of the last event."""
    last = "SELECT max(recorded_at) FROM eventstore.events WHERE organization_id = $1"
    at: datetime = await served.owner.fetchval(last, tenant.id)
    found = Moment(at.astimezone(UTC).isoformat())
    for each in (*QUERIES, *paths):
        found.answers[each] = await scim.get(each)
    return found


async def test_the_past_is_answered_as_it_was(story: Story) -> None:
    for number, each in enumerate(story.moments):
        for path, was in each.answers.items():
            again = await story.scim.get(path, SCIM_As_Of=each.at)
            place = (number, path)
            assert (place, again.status) == (place, was.status)
            if was.status == 200:
                assert (place, again.body) == (place, was.body)
                assert again.headers.get("ETag") == was.headers.get("ETag")
                assert again.headers["Vary"] == was.headers["Vary"] == "SCIM-As-Of"


async def test_a_cursor_goes_on_in_the_past(story: Story) -> None:
    then = story.moments[3]
    whole = then.answers["/Users"].body["Resources"]
    found, cursor = list[Any](), ""
    for _ in range(10):
        page = await story.scim.get(f"/Users?count=1&cursor={quote(cursor)}", SCIM_As_Of=then.at)
        assert page.body["totalResults"] == len(whole)
        found += page.body["Resources"]
        if "nextCursor" not in page.body:
            break
        cursor = page.body["nextCursor"]
    assert found == whole

    now = await story.scim.get(f"/Users?count=1&cursor={quote(cursor)}")
    assert (now.status, now.body["scimType"]) == (400, "invalidCursor")


async def test_before_the_beginning_there_is_nothing(story: Story) -> None:
    nobody = await story.scim.get("/Users", SCIM_As_Of="2001-01-01")
    assert (nobody.status, nobody.body["totalResults"]) == (200, 0)
    first = next(path for path in story.moments[-1].answers if path.startswith("/Users/"))
    unknown = await story.scim.get(first, SCIM_As_Of="2001-01-01T00:00:00Z")
    assert (unknown.status, "then" in unknown.body["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("yesterday", "2026-03-31T17:00:00Z"),
        ("", "2026-03-31T17:00:00Z"),
        ("2026-02-30", "day of the calendar"),
        ("2026-02-28T10:00:00", "add Z for UTC"),
        ("2026-02-28T25:00:00Z", "one of the clock"),
        ((datetime.now(UTC) + timedelta(days=2)).isoformat(), "in the future"),
    ],
    ids=range(6),
)
async def test_a_bad_instant_is_refused_and_the_answer_says_what_to_send(
    story: Story, sent: str, said: str
) -> None:
    answer = await story.scim.get("/Users", SCIM_As_Of=sent)
    assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")
    assert said in answer.body["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/Users"),
        ("PATCH", "/Users/x"),
        ("PUT", "/Groups/x"),
        ("DELETE", "/Groups/x"),
        ("POST", "/Users/.search"),
        ("POST", "/Bulk"),
        ("GET", "/Me"),
        ("GET", "/"),
        ("GET", "/Schemas"),
    ],
)
async def test_the_header_is_refused_where_it_would_be_passed_over(
    story: Story, method: str, path: str
) -> None:
    body: Any = None if method in {"GET", "DELETE"} else {}
    answer = await story.scim.send(method, path, body, SCIM_As_Of="2026-01-01")
    assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")
    assert "SCIM-As-Of" in answer.body["detail"]


async def test_what_is_not_followed_yet_is_not_answered_from_an_earlier_state(
    served: Served,
) -> None:
    tenant = await make_tenant(served.runtime, f"Behind {secrets.token_hex(6)}")
    await until_followed(served, tenant)
    await served.owner.execute(
        "UPDATE followers.checkpoints SET position = position - 1"
        " WHERE organization_id = $1 AND projection = 'versions'",
        tenant.id,
    )
    now = datetime.now(UTC).isoformat()
    answer = await Scim(served, tenant.token).ask("GET", "/Users", SCIM_As_Of=now)
    assert (answer.status, answer.headers["Retry-After"].isdigit()) == (503, True)
