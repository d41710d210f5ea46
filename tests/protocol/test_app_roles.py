"""Entra's app roles, in `roles` (RFC 7643 §4.1.2): kept as sent; one that names a role assigns it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest
import structlog

from schema.scim.urns import CLM_USER
from service import log
from service.app import serving
from tests.serving import Answer, Scim, Served, Tenant, settings

KIND = "WindowsAzureActiveDirectoryRole"
ROLE_NAMES = ["Administrator", "Editor", "Contributor", "Validator", "Reader"]


def app_role(value: str) -> str:
    """Return an app role as Entra sends it in an update: JSON as text."""
    sent = {"id": "06b07648-ecfe-589f-9d2f-6325724a46ee", "value": value, "displayName": "Role"}
    return orjson.dumps(sent).decode()


def role_of(answer: Answer, organization: Tenant) -> str:
    """Return the name of a user's role, after a check that both attributes of it agree."""
    assert answer.status in (200, 201), answer
    assert answer.body[CLM_USER] == {"roleId": answer.body["roleId"]}
    names = {role_id: name for name, role_id in organization.roles.items()}
    return names[answer.body["roleId"]]


async def patched(scim: Scim, *operations: Any, **attributes: Any) -> Answer:
    """Make a user, patch it, and return the answer to the PATCH."""
    made = await scim.post("/Users", {"userName": "ada", **attributes})
    return await scim.patch(f"/Users/{made.body['id']}", *operations)


@pytest.mark.parametrize(
    "roles",
    [
        [{"primary": True, "type": KIND, "value": "Editor"}],
        [{"primary": "True", "type": KIND, "value": "eDITOR", "display": "Whatever"}],
        [{"primary": False, "type": KIND, "displayName": "Editor", "value": "Editor"}],
        [{"value": "Editor", "display": "Editor"}, {"value": "Accountant", "display": "x"}],
        [{"value": app_role("Editor")}],
    ],
    ids=str,
)
async def test_a_user_created_with_an_app_role_of_ours_has_it(
    scim: Scim, organization: Tenant, roles: list[dict[str, Any]]
) -> None:
    made = await scim.post("/Users", {"userName": "ada", "roles": roles})

    assert role_of(made, organization) == "Editor"
    as_booleans = [
        {**each, **({"primary": True} if each.get("primary") == "True" else {})} for each in roles
    ]
    assert made.body["roles"] == as_booleans


@pytest.mark.parametrize("name", ROLE_NAMES)
async def test_a_role_is_named_by_its_uuid_too(scim: Scim, organization: Tenant, name: str) -> None:
    made = await scim.post(
        "/Users", {"userName": "ada", "roles": [{"value": organization.roles[name].upper()}]}
    )

    assert role_of(made, organization) == name


async def test_app_roles_that_are_none_of_ours_are_kept_and_assign_nothing(
    scim: Scim, organization: Tenant
) -> None:
    roles = [{"value": "Accountant", "type": KIND}, {"value": "{not json"}, {"value": "{}"}]

    made = await scim.post("/Users", {"userName": "ada", "roles": roles})

    assert (role_of(made, organization), made.body["roles"]) == ("Reader", roles)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Add", "path": 'roles[primary eq "True"].value', "value": "Validator"},
        {"op": "Replace", "path": 'roles[primary eq "True"].value', "value": "Validator"},
        {"op": "Add", "path": "roles", "value": [{"value": app_role("Validator")}]},
        {"op": "replace", "path": "roles", "value": [{"value": "Validator", "type": KIND}]},
        {"op": "add", "path": "roles", "value": {"value": "Validator"}},
        {"op": "replace", "value": {"roles": [{"value": "Validator"}]}},
        {"op": "replace", "value": {'roles[primary eq "True"].value': "Validator"}},
    ],
    ids=str,
)
async def test_a_patch_with_an_app_role_of_ours_assigns_it(
    scim: Scim, organization: Tenant, operation: dict[str, Any]
) -> None:
    answer = await patched(scim, operation, roles=[{"primary": True, "value": "Editor"}])

    assert role_of(answer, organization) == "Validator"


async def test_the_latest_app_role_that_was_added_wins(scim: Scim, organization: Tenant) -> None:
    made = await scim.post("/Users", {"userName": "ada", "roles": [{"value": app_role("Editor")}]})
    path = f"/Users/{made.body['id']}"
    later = {"op": "Add", "path": "roles", "value": [{"value": app_role("Validator")}]}

    answer = await scim.patch(path, later)
    again = await scim.patch(path, later)

    assert role_of(answer, organization) == "Validator"
    assert [each["value"] for each in answer.body["roles"]] == [
        app_role("Editor"),
        app_role("Validator"),
    ]
    assert (role_of(again, organization), again.headers["ETag"]) == ("Validator", 'W/"3"')


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "roles"},
        {"op": "Remove", "path": "roles", "value": [{"value": "editor"}]},
        {"op": "Remove", "path": 'roles[value eq "Editor"]'},
        {"op": "Replace", "path": 'roles[primary eq "True"].value', "value": ""},
        {"op": "replace", "path": "roles", "value": []},
        {"op": "replace", "path": "roles", "value": [{"value": "Accountant"}]},
        {"op": "replace", "value": {"roles": [{"value": "Accountant"}]}},
    ],
    ids=str,
)
async def test_who_loses_the_app_role_loses_the_role(
    scim: Scim, organization: Tenant, operation: dict[str, Any]
) -> None:
    answer = await patched(scim, operation, roles=[{"primary": True, "value": "Editor"}])

    assert role_of(answer, organization) == "Reader"


async def test_a_role_that_came_by_its_id_outlives_an_app_role_of_another(
    scim: Scim, organization: Tenant
) -> None:
    validator = {"op": "add", "path": "roleId", "value": organization.roles["Validator"]}
    made = await scim.post("/Users", {"userName": "ada", "roles": [{"value": "Editor"}]})
    await scim.patch(f"/Users/{made.body['id']}", validator)

    answer = await scim.patch(f"/Users/{made.body['id']}", {"op": "remove", "path": "roles"})

    assert role_of(answer, organization) == "Validator"


async def test_a_put_takes_an_app_role_away_where_it_lists_others(
    scim: Scim, organization: Tenant
) -> None:
    made = await scim.post("/Users", {"userName": "ada", "roles": [{"value": "Editor"}]})
    path = f"/Users/{made.body['id']}"

    kept = await scim.put(path, {"userName": "ada", "title": "Boss"})
    assert role_of(kept, organization) == "Editor"

    await scim.put(path, {"userName": "ada", "roles": [{"value": "Editor"}]})
    listed = await scim.put(path, {"userName": "ada", "roles": [{"value": "Accountant"}]})
    assert role_of(listed, organization) == "Reader"


async def test_a_put_of_the_same_app_roles_leaves_a_later_role(
    scim: Scim, organization: Tenant
) -> None:
    body = {"userName": "ada", "roles": [{"value": "Editor"}]}
    path = f"/Users/{(await scim.post('/Users', body)).body['id']}"
    validator = {"op": "add", "path": "roleId", "value": organization.roles["Validator"]}
    await scim.patch(path, validator)

    assert role_of(await scim.put(path, {**body, "title": "Boss"}), organization) == "Validator"


@pytest.mark.parametrize("name", ["displayName", "display"])
async def test_an_app_role_is_named_by_what_it_is_called_too(
    scim: Scim, organization: Tenant, name: str
) -> None:
    roles = [{"value": "25", name: "Editor", "type": KIND}]

    made = await scim.post("/Users", {"userName": "ada", "roles": roles})

    assert role_of(made, organization) == "Editor"


@pytest.mark.parametrize(
    "sent",
    [
        {"roles": [{"value": "Editor"}], "roleId": "Validator"},
        {"roles": [{"value": "Editor"}, {"value": "Reader"}], "roleId": "Validator"},
        {"roles": [{"value": "Editor"}], CLM_USER: {"roleId": "Reader"}},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_a_role_id_that_roles_do_not_name_is_refused(
    scim: Scim, organization: Tenant, method: str, sent: dict[str, Any]
) -> None:
    body = with_ids({"userName": "ada", **sent}, organization)
    other = await scim.post("/Users", {"userName": "ada" if method != "POST" else "bob"})
    path = "/Users" if method == "POST" else f"/Users/{other.body['id']}"
    patch = {"Operations": [{"op": "replace", "value": body}]}

    refused = await scim.send(method, path, patch if method == "PATCH" else body)

    assert (refused.status, refused.body["scimType"]) == (400, "invalidValue")
    assert "different roles" in refused.body["detail"]
    assert (await scim.get(f"/Users/{other.body['id']}")).body == other.body


def with_ids(body: dict[str, Any], organization: Tenant) -> dict[str, Any]:
    """Return a body whose roleId, under either name, is the UUID of the role and not its name."""
    if "roleId" in body:
        return {**body, "roleId": organization.roles[body["roleId"]]}
    if CLM_USER in body:
        return {**body, CLM_USER: {"roleId": organization.roles[body[CLM_USER]["roleId"]]}}
    return body


async def test_roles_and_role_id_that_agree_are_one_role(scim: Scim, organization: Tenant) -> None:
    body = {
        "userName": "ada",
        "roleId": organization.roles["Editor"],
        CLM_USER: {"roleId": organization.roles["Editor"]},
        "roles": [{"value": "Editor"}, {"value": organization.roles["Editor"]}],
    }

    assert role_of(await scim.post("/Users", body), organization) == "Editor"


async def test_in_two_requests_the_later_wins(scim: Scim, organization: Tenant) -> None:
    made = await scim.post("/Users", {"userName": "ada", "roles": [{"value": "Editor"}]})
    path, validator = f"/Users/{made.body['id']}", organization.roles["Validator"]

    by_id = await scim.patch(path, {"op": "replace", "path": "roleId", "value": validator})
    by_app = await scim.patch(
        path, {"op": "replace", "path": "roles", "value": [{"value": "Contributor"}]}
    )

    assert [role_of(each, organization) for each in (made, by_id, by_app)] == [
        "Editor",
        "Validator",
        "Contributor",
    ]
    assert by_id.body["roles"] == [{"value": "Editor"}]


async def test_a_put_of_what_was_read_changes_no_role(scim: Scim, organization: Tenant) -> None:
    made = await scim.post("/Users", {"userName": "ada", "roles": [{"value": "Editor"}]})
    path, reader = f"/Users/{made.body['id']}", organization.roles["Reader"]
    read = await scim.patch(path, {"op": "replace", "path": "roleId", "value": reader})

    put = await scim.put(path, read.body)

    assert (put.body, put.headers["ETag"]) == (read.body, read.headers["ETag"])


async def test_users_are_found_by_their_app_roles(scim: Scim) -> None:
    made = await scim.post(
        "/Users", {"userName": "ada", "roles": [{"primary": "True", "value": "X"}]}
    )

    found = [
        await scim.find("/Users", filter='roles[primary eq "True" and value eq "x"]'),
        await scim.find("/Users", filter='roles.value eq "X"'),
    ]

    assert [each.body["Resources"] for each in found] == [[made.body]] * 2


@pytest.mark.parametrize(
    ("names", "role"),
    [
        (["Editor", "Validator"], "Editor"),
        (["Reader", "Contributor"], "Contributor"),
        (["Administrator", "Reader"], "Reader"),
        (["Validator", "Administrator", "Contributor", "Reader"], "Contributor"),
    ],
)
@pytest.mark.parametrize("send", [lambda name: name, lambda name: {"value": app_role(name)}])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "Bulk"])
async def test_two_roles_at_once_give_the_strongest_but_administrator(
    served: Served, scim: Scim, organization: Tenant, method: str, send: Any, names: Any, role: str
) -> None:
    body = {"userName": "ada", "roles": [send(name) for name in names]}
    made_before = {"userName": "ada" if method in ("PUT", "PATCH") else "bob"}
    other = await scim.post("/Users", made_before)
    patch = {"Operations": [{"op": "replace", "value": body}]}
    bulk = {"Operations": [{"method": "POST", "path": "/Users", "bulkId": "1", "data": body}]}
    requests = {
        "POST": ("POST", "/Users", body),
        "PUT": ("PUT", f"/Users/{other.body['id']}", body),
        "PATCH": ("PATCH", f"/Users/{other.body['id']}", patch),
        "Bulk": ("POST", "/Bulk", bulk),
    }

    await scim.send(*requests[method])

    found = await scim.find("/Users", filter='userName eq "ada"')
    made = found.body["Resources"][0]
    assert made["roleId"] == organization.roles[role]
    facts = await served.owner.fetchval(
        "SELECT data::text FROM eventstore.events WHERE stream_id = $1"
        " AND data::text LIKE '%conflictingRoleIds%' ORDER BY version DESC",
        made["id"],
    )
    named = {organization.roles[name] for name in names}
    assert set(orjson.loads(facts)["conflictingRoleIds"]) == named


async def test_a_conflict_of_roles_is_in_the_log_line_of_its_request(
    served: Served, scim: Scim
) -> None:
    ada = {"userName": "ada", "roles": ["Reader", "Editor"]}
    bob = {"userName": "bob", "roles": ["Validator", "Administrator"]}
    bulk = [
        {"method": "POST", "path": "/Users", "bulkId": each["userName"], "data": each}
        for each in ({**ada, "userName": "eve"}, bob)
    ]

    with lines() as said:
        async with serving(served.runtime, settings("postgresql://x@localhost/x")) as port:
            heard = Scim(replace(served, port=port), scim.token)
            await heard.post("/Users", ada)
            await heard.post("/Users", {"userName": "kim", "roles": ["Reader"]})
            await heard.post("/Bulk", {"Operations": bulk})

    noted = [each.get("role_conflicts") for each in said if each["event"] == "request_answered"]
    assert noted == [
        [["Editor", "Reader"]],
        None,
        [["Editor", "Reader"], ["Validator", "Administrator"]],
    ]


class KeptLines(list[dict[str, Any]]):
    """A logger that keeps its lines."""

    def info(self, line: str) -> None:
        """Keep a line."""
        self.append(orjson.loads(line))


@contextmanager
def lines() -> Iterator[KeptLines]:
    """Yield the lines that are logged within the block."""
    former, kept = structlog.get_config(), KeptLines()
    structlog.configure(
        processors=log.as_json(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: kept,
    )
    try:
        yield kept
    finally:
        structlog.configure(**former)
