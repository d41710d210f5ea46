"""The audit API: a story of an organization, and the questions that auditors ask about it."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from service.ids import new_id
from service.replay import answers
from tests.admin.client import Admin, with_scope
from tests.following import until_followed
from tests.invariants import check_log
from tests.serving import Scim, Served, Tenant, make_tenant

AUDIT = "/api/audit/v1"
ANNA, BEN = "anna@contoso.com", "ben@contoso.com"


@dataclass
class Story:
    """What happened: Anna became an Editor, was renamed and left; Ben joined Legal and was deactivated."""

    audit: Admin
    admin: Admin
    anna: str
    ben: str
    legal: str
    before: str  # An instant before Anna became an Editor.
    between: str  # An instant while she was.


@pytest.fixture(scope="module")
async def story(served: Served) -> AsyncIterator[Story]:
    """Give the story, once history has all of it."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    scim, admin = Scim(served, tenant.token), Admin(served, with_scope(served, tenant, "admin"))
    roles = {each["name"]: each["id"] for each in (await admin.get("/roles")).body["items"]}
    anna = (await scim.post("/Users", {"userName": ANNA, "title": "Clerk"})).body
    ben = (await scim.post("/Users", {"userName": BEN, "displayName": "Ben"})).body
    members = [{"value": anna["id"]}, {"value": ben["id"]}]
    legal = (await scim.post("/Groups", {"displayName": "Legal", "members": members})).body
    before = ben["meta"]["created"]
    editor = {"op": "replace", "path": "roleId", "value": roles["Editor"]}
    between = (await scim.patch(f"/Users/{anna['id']}", editor)).body["meta"]["lastModified"]
    renamed = {"op": "replace", "path": "userName", "value": "anna.berg@contoso.com"}
    await scim.patch(
        f"/Users/{anna['id']}", renamed, {"op": "replace", "path": "title", "value": "Head"}
    )
    await scim.patch(f"/Users/{ben['id']}", {"op": "replace", "path": "active", "value": False})
    await scim.delete(f"/Users/{anna['id']}")
    audit = Admin(served, with_scope(served, tenant, "audit:read"), AUDIT)
    made = Story(audit, admin, anna["id"], ben["id"], legal["id"], before, between)
    await until_followed(served, tenant)
    yield made
    await check_log(served.owner, served.runtime.sealer, tenant.id)


def types(answer: Any) -> list[str]:
    """Return the types of the events in an answer."""
    assert answer.status == 200, answer
    return [each["type"] for each in answer.body["items"]]


async def test_who_held_a_role_on_a_day(story: Story) -> None:
    then = await story.audit.get(f"/roles/Editor/holders?at={quote(story.between)}")
    now = await story.audit.get("/roles/editor/holders")
    earlier = await story.audit.get(f"/roles/Editor/holders?at={quote(story.before)}")

    assert [(each["id"], each["userName"], each["active"]) for each in then.body["items"]] == [
        (story.anna, ANNA, True)
    ]
    assert now.body["items"] == earlier.body["items"] == []
    assert then.body["position"] < now.body["position"]
    readers = await story.audit.get(f"/roles/Reader/holders?at={quote(story.between)}")
    assert [each["userName"] for each in readers.body["items"]] == [BEN]


async def test_every_change_to_one_person_and_by_whom(story: Story) -> None:
    answer = await story.audit.get(f"/users/{story.anna}/timeline?order=asc")

    assert types(answer) == [
        "UserProvisioned",
        "MembersAdded",
        "RoleAssigned",
        "UserChanged",
        "MembersRemoved",
        "UserDeleted",
    ]
    changed = answer.body["items"][3]
    assert sorted(
        (each["attribute"], each["before"], each["after"]) for each in changed["changes"]
    ) == [
        ("title", "Clerk", "Head"),
        ("userName", ANNA, "anna.berg@contoso.com"),
    ]
    assert {each["actor"]["kind"] for each in answer.body["items"]} == {"account"}
    assert {each["resourceName"] for each in answer.body["items"]} == {
        "anna.berg@contoso.com",
        "Legal",
    }


async def test_a_sentence_reads_like_one(story: Story) -> None:
    answer = await story.audit.get(
        f"/users/{story.anna}/timeline?type=RoleAssigned,MembersAdded&order=asc"
    )

    token = answer.body["items"][0]["token"]["label"]
    actor = answer.body["items"][0]["actor"]["name"]
    assert [each["sentence"] for each in answer.body["items"]] == [
        f"{actor} (token “{token}”) added anna.berg@contoso.com and {BEN} to Legal.",
        f"{actor} (token “{token}”) changed the role of anna.berg@contoso.com from Reader to Editor.",
    ]


async def test_when_and_why_a_person_lost_access(story: Story) -> None:
    answer = await story.audit.get(f"/users/{story.ben}/access")

    assert answer.status == 200
    assert answer.body["hasAccess"] is False
    assert answer.body["lostBy"].endswith(f"deactivated {BEN}.")
    assert [each["role"] for each in answer.body["roles"]] == ["Reader"]
    assert [(each["group"], each["until"]) for each in answer.body["groups"]] == [("Legal", None)]


async def test_access_is_lost_by_the_event_that_ended_it(served: Served, stranger: Tenant) -> None:
    scim = Scim(served, stranger.token)
    audit = Admin(served, with_scope(served, stranger, "audit:read"), AUDIT)
    user = (await scim.post("/Users", {"userName": "leaves@x.example"})).body["id"]
    await scim.patch(f"/Users/{user}", {"op": "replace", "path": "active", "value": False})
    await scim.delete(f"/Users/{user}")
    never = (await scim.post("/Users", {"userName": "never@x.example", "active": False})).body["id"]
    await until_followed(served, stranger)

    lost = (await audit.get(f"/users/{user}/access")).body
    assert lost["events"][-1]["type"] == "UserDeleted"
    assert lost["lostBy"].endswith("deactivated leaves@x.example.")
    assert lost["lostAt"] == lost["events"][-2]["recordedAt"]
    inactive = (await audit.get(f"/users/{never}/access")).body
    assert (inactive["hasAccess"], inactive["lostAt"], inactive["lostBy"]) == (False, None, None)


async def test_all_events_of_access_are_read(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (await story.audit.get(f"/users/{story.anna}/access")).body
    monkeypatch.setattr(answers, "PAGE", 2)
    in_pages = (await story.audit.get(f"/users/{story.anna}/access")).body
    monkeypatch.setattr(answers, "ACCESS_EVENTS_MAX", 3)
    newest = (await story.audit.get(f"/users/{story.anna}/access")).body

    assert in_pages == whole
    assert len(whole["events"]) == 5
    assert newest["events"] == whole["events"][-3:]


async def test_who_was_in_a_group_on_a_day(story: Story) -> None:
    then = await story.audit.get(f"/groups/{story.legal}/members?at={quote(story.between)}")
    now = await story.audit.get(f"/groups/{story.legal}/members")

    assert {each["userName"] for each in then.body["items"]} == {ANNA, BEN}
    assert {each["userName"] for each in now.body["items"]} == {BEN}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("type=UserDeactivated", ["UserDeactivated"]),
        ("type=userdeactivated", ["UserDeactivated"]),
        ("role=Editor", ["RoleAssigned"]),
        ("userName=anna.berg%40contoso.com&attribute=title", ["UserChanged", "UserProvisioned"]),
        (f"userName={quote(ANNA)}&type=UserDeleted", ["UserDeleted"]),
        ("group=legal&type=MembersRemoved", ["MembersRemoved"]),
        (f"attribute=roleId&userName={quote(ANNA)}", ["RoleAssigned", "UserProvisioned"]),
        (f"attribute=active&userName={quote(BEN)}", ["UserDeactivated", "UserProvisioned"]),
        ("source=cli&type=TokenIssued", ["TokenIssued"]),
        ("source=api", []),
        ("userName=nobody&type=UserDeleted", []),
        ("group=Nothing", []),
        ("from=2001-01-01&to=2001-12-31", []),
        ("from=0001-01-01&type=UserDeleted", ["UserDeleted"]),
        ("from=0001-01-01&to=0001-01-01", []),
        ("from=2001-01-01&zone=Europe/Paris&type=UserDeleted", ["UserDeleted"]),
        ("actor=nobody", []),
    ],
)
async def test_a_search_finds_what_matches_all_that_is_given(
    story: Story, query: str, expected: list[str]
) -> None:
    assert types(await story.audit.get(f"/events?{query}")) == expected


async def test_events_are_found_by_resource_request_token_and_actor(story: Story) -> None:
    last = (await story.audit.get("/events?limit=1")).body["items"][0]

    of_request = await story.audit.get(f"/events?request={last['requestId']}")
    assert types(of_request) == ["UserDeleted", "MembersRemoved"]
    by_token = await story.audit.get(f"/events?token={last['token']['id']}&type=UserDeactivated")
    assert types(by_token) == ["UserDeactivated"]
    of_resource = await story.audit.get(f"/events?resource={story.ben}&order=asc")
    assert types(of_resource) == ["UserProvisioned", "UserDeactivated"]
    by_actor = await story.audit.get(f"/events?actor={last['actor']['id']}&type=GroupCreated")
    assert types(by_actor) == ["GroupCreated"]
    assert types(await story.audit.get("/events?actor=technical-account&type=GroupCreated")) == [
        "GroupCreated"
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("group=legal", ["MembersRemoved", "GroupCreated"]),
        ("group=Nothing", []),
        (f"userName={quote(BEN)}", []),
        (f"resource={new_id()}", []),
    ],
    ids=["the group", "no group", "a person", "another resource"],
)
async def test_a_timeline_of_a_group_holds_what_the_query_asks_for(
    story: Story, query: str, expected: list[str]
) -> None:
    found = types(await story.audit.get(f"/groups/{story.legal}/timeline?{query}"))

    assert [each for each in found if each != "MembersAdded"] == expected


async def test_a_timeline_of_a_person_holds_what_the_query_asks_for(story: Story) -> None:
    path = f"/users/{story.anna}/timeline"

    assert types(await story.audit.get(f"{path}?group=Nothing")) == []
    assert set(types(await story.audit.get(f"{path}?group=legal"))) == {
        "MembersAdded",
        "MembersRemoved",
    }


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_pages_hold_every_event_once_and_do_not_shift(story: Story, order: str) -> None:
    whole = await story.audit.get(f"/events?order={order}&limit=200")
    found: list[Any] = []
    cursor = ""
    while True:
        page = (await story.audit.get(f"/events?order={order}&limit=3{cursor}")).body
        found += page["items"]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert found == whole.body["items"]
    positions = [each["position"] for each in found]
    assert positions == sorted(positions, reverse=order == "desc")
    assert len(positions) == whole.body["position"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("from=2026-02-30", "from"),
        ("to=2026-03-31T17:00:00", "to"),
        ("from=2026-03-31&to=2026-03-30", "to"),
        ("zone=Mars", "zone"),
        ("limit=201", "limit"),
        ("limit=0", "limit"),
        ("type=UserPromoted", "type"),
        ("role=Emperor", "role"),
        ("token=x", "token"),
        ("order=up", "order"),
        ("cursor=zzz", "cursor"),
        ("color=red", "color"),
    ],
)
async def test_a_parameter_that_is_refused_is_named(
    story: Story, query: str, parameter: str
) -> None:
    answer = await story.audit.get(f"/events?{query}")

    assert answer.status == 400
    assert [each["parameter"] for each in answer.body["errors"]] == [parameter]


@pytest.mark.parametrize(
    "path", ["/users/{}/timeline", "/users/{}/access", "/groups/{}/timeline", "/groups/{}/members"]
)
async def test_what_another_organization_has_is_not_there(
    served: Served, story: Story, stranger: Tenant, path: str
) -> None:
    other = Admin(served, with_scope(served, stranger, "audit:read"), AUDIT)
    resource = story.legal if "groups" in path else story.anna

    assert (await story.audit.get(path.format(resource))).status == 200
    assert (await other.get(path.format(resource))).status == 404
    assert (await story.audit.get(path.format(new_id()))).status == 404
    wrong = story.anna if "groups" in path else story.legal
    assert (await story.audit.get(path.format(wrong))).status == 404


async def test_an_unknown_role_is_not_there(story: Story) -> None:
    answer = await story.audit.get("/roles/Emperor/holders")

    assert answer.status == 404
    assert "Administrator, Editor" in answer.body["detail"]


async def test_somebody_who_is_erased_keeps_a_number_and_no_name(
    served: Served, stranger: Tenant
) -> None:
    scim = Scim(served, stranger.token)
    audit = Admin(served, with_scope(served, stranger, "audit:read"), AUDIT)
    user = (await scim.post("/Users", {"userName": "gone@x.example", "title": "Secret"})).body["id"]
    await scim.delete(f"/Users/{user}")
    for table, column in (
        ("eventstore.subject_keys", "subject_id"),
        ("directory.former_users", "id"),
    ):
        await served.owner.execute(f"DELETE FROM {table} WHERE {column} = $1::text::uuid", user)
    await until_followed(served, stranger)

    answer = await audit.get(f"/users/{user}/timeline?order=asc")
    created = answer.body["items"][0]
    assert created["resourceName"] == f"Erased person {created['position']}"
    assert {each["isErased"] for each in created["changes"]} == {True}
    assert "gone@x" not in str(answer.body)
    assert "Secret" not in str(answer.body)
