"""The audit API reads the directory as it was: people, groups, where each value came from, and what differs."""

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from service.replay import as_of
from tests.admin.client import Admin, with_scope
from tests.following import until_followed
from tests.serving import Scim, Served, make_tenant

AUDIT = "/api/audit/v1"
ANNA, BERG, BEN = "anna@contoso.com", "anna.berg@contoso.com", "ben@contoso.com"


@dataclass
class Story:
    """Anna became an Editor and was renamed, then she was deleted; Ben left Legal; Carl came."""

    audit: Admin
    anna: str
    ben: str
    carl: str
    legal: str
    first: str  # An instant when Anna and Ben were in Legal.
    renamed: str  # An instant after the new name.


@pytest.fixture(scope="module")
async def story(served: Served) -> Story:
    """Give the story, once it can be read as the past."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    scim = Scim(served, tenant.token)
    anna = (await scim.post("/Users", {"userName": ANNA, "title": "Clerk"})).body["id"]
    ben = (await scim.post("/Users", {"userName": BEN, "displayName": "Ben"})).body["id"]
    members = [{"value": anna}, {"value": ben}]
    legal = (await scim.post("/Groups", {"displayName": "Legal", "members": members})).body["id"]
    last = "SELECT max(recorded_at) FROM eventstore.events WHERE organization_id = $1"
    first = (await served.owner.fetchval(last, tenant.id)).isoformat()
    editor = {"op": "replace", "path": "roleId", "value": tenant.roles["Editor"]}
    await scim.patch(f"/Users/{anna}", editor)
    berg = {"op": "replace", "path": "userName", "value": BERG}
    changed = await scim.patch(f"/Users/{anna}", berg)
    renamed = changed.body["meta"]["lastModified"]
    await scim.patch(f"/Groups/{legal}", {"op": "remove", "path": f'members[value eq "{ben}"]'})
    await scim.delete(f"/Users/{anna}")
    carl = (await scim.post("/Users", {"userName": "carl@contoso.com"})).body["id"]
    await until_followed(served, tenant)
    audit = Admin(served, with_scope(served, tenant, "audit:read"), AUDIT)
    return Story(audit, anna, ben, carl, legal, first, renamed)


def names(answer: Any) -> list[str]:
    """Return the userNames in an answer, without the technical account's."""
    assert answer.status == 200, answer
    found = [each["userName"] for each in answer.body["items"]]
    return [each for each in found if each.endswith("contoso.com")]


async def test_people_are_listed_as_they_were_under_their_names_of_then(story: Story) -> None:
    first = await story.audit.get(f"/users?at={quote(story.first)}")
    assert names(first) == [ANNA, BEN]
    assert names(await story.audit.get(f"/users?at={quote(story.renamed)}")) == [BERG, BEN]
    assert names(await story.audit.get("/users")) == [BEN, "carl@contoso.com"]
    at = quote(story.renamed)
    assert names(await story.audit.get(f"/users?at={at}&role=Editor")) == [BERG]
    assert names(await story.audit.get(f"/users?at={at}&q=be")) == [BEN]
    assert names(await story.audit.get(f"/users?at={at}&active=false")) == []


async def test_pages_of_people_hold_everybody_once(story: Story) -> None:
    found: list[str] = []
    cursor = ""
    for _ in range(5):
        page = await story.audit.get(f"/users?at={quote(story.first)}&limit=1&cursor={cursor}")
        found += names(page)
        cursor = page.body["nextCursor"]
        if cursor is None:
            break
    assert found == [ANNA, BEN]


async def test_a_person_who_is_gone_is_read_as_she_was_with_the_origin_of_each_value(
    story: Story,
) -> None:
    answer = await story.audit.get(f"/users/{story.anna}?at={quote(story.renamed)}")
    assert answer.status == 200
    body = answer.body
    assert (body["userName"], body["role"], body["active"]) == (BERG, "Editor", True)
    assert body["groups"] == [{"id": story.legal, "name": "Legal"}]
    assert body["existsToday"] is False
    found = {each["attribute"]: each for each in body["attributes"]}
    assert {name: each["origin"]["type"] for name, each in found.items()} == {
        "userName": "UserChanged",
        "title": "UserProvisioned",
        "active": "UserProvisioned",
        "roleId": "RoleAssigned",
    }
    assert all(each["differsToday"] and each["today"] is None for each in found.values())
    assert found["userName"]["origin"]["actor"]["kind"] == "account"


async def test_of_many_events_the_newest_say_where_a_value_came_from(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_of, "EVENTS_MAX", 1)
    body = (await story.audit.get(f"/users/{story.anna}?at={quote(story.renamed)}")).body

    origins = {each["attribute"]: each["origin"] for each in body["attributes"]}
    assert origins["userName"]["type"] == "UserChanged"
    assert origins["title"] is None
    differences = await story.audit.get(f"/diff?from={quote(story.first)}")
    events = [event["type"] for item in differences.body["items"] for event in item["events"]]
    assert events == ["UserProvisioned"]  # Of Carl, the last of all.


async def test_what_is_the_same_today_says_so(story: Story) -> None:
    ben = (await story.audit.get(f"/users/{story.ben}?at={quote(story.first)}")).body
    assert ben["existsToday"] is True
    assert not any(each["differsToday"] for each in ben["attributes"])
    legal = (await story.audit.get(f"/groups/{story.legal}?at={quote(story.first)}")).body
    assert (legal["displayName"], legal["memberCount"]) == ("Legal", 2)
    assert [(each["attribute"], each["origin"]["type"]) for each in legal["attributes"]] == [
        ("displayName", "GroupCreated")
    ]


async def test_two_instants_are_compared(story: Story) -> None:
    query = f"from={quote(story.first)}&limit=1"
    items: list[Any] = []
    cursor = ""
    while True:
        page = await story.audit.get(f"/diff?{query}&cursor={cursor}")
        assert page.status == 200, page
        items += page.body["items"]
        if page.body["nextCursor"] is None:
            break
        cursor = page.body["nextCursor"]
    found = {each["name"]: each for each in items}
    assert found.keys() >= {BERG, "Legal", "carl@contoso.com"}
    assert BEN not in found
    anna, legal = found[BERG], found["Legal"]
    assert (anna["kind"], legal["kind"]) == ("deleted", "changed")
    assert found["carl@contoso.com"]["kind"] == "created"
    assert [each["type"] for each in anna["events"]] == [
        "RoleAssigned",
        "UserChanged",
        "UserDeleted",
    ]
    assert sorted(each["name"] for each in legal["left"]) == sorted([BERG, BEN])
    assert legal["joined"] == []

    between = f"/diff?from={quote(story.first)}&to={quote(story.renamed)}"
    changed = {each["name"]: each for each in (await story.audit.get(between)).body["items"]}
    assert changed.keys() >= {BERG}
    assert {
        each["attribute"]: (each["before"], each["after"]) for each in changed[BERG]["changes"]
    }["userName"] == (ANNA, BERG)


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/users?at=yesterday", "at"),
        ("/users?at=2026-02-30", "at"),
        ("/users?zone=Mars", "zone"),
        ("/users?role=Emperor", "role"),
        ("/users?limit=201", "limit"),
        ("/users?cursor=x", "cursor"),
        ("/diff", "from"),
        ("/diff?from=2026-03-02&to=2026-03-01", "to"),
        ("/diff?from=2026-03-02T10:00:00", "from"),
        ("/diff?from=2999-01-01", "from"),
        ("/diff?from=0001-01-01", "from"),
        ("/diff?from=2026-01-01&cursor=WyJkaWZmIiwieCJd", "cursor"),
    ],
)
async def test_a_bad_parameter_is_named(story: Story, path: str, parameter: str) -> None:
    answer = await story.audit.get(path)
    assert answer.status == 400, answer
    assert [each["parameter"] for each in answer.body["errors"]] == [parameter]


async def test_who_did_not_exist_then_is_not_found(served: Served, story: Story) -> None:
    for path in (f"/users/{story.carl}", f"/groups/{story.anna}", f"/users/{story.legal}"):
        answer = await story.audit.get(f"{path}?at={quote(story.first)}")
        assert (answer.status, "then" in answer.body["detail"]) == (404, True)
    other = await make_tenant(served.runtime, f"Other {secrets.token_hex(6)}")
    theirs = Admin(served, with_scope(served, other, "audit:read"), AUDIT)
    assert (await theirs.get(f"/users/{story.ben}")).status == 404
