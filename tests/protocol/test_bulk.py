"""POST /Bulk (RFC 7644 §3.7): many operations, each answered as if it came alone."""

from typing import Any

import pytest

from schema.scim import urns
from tests.protocol.resources import values
from tests.serving import Answer, Scim, Served, Tenant, patch_op

UNKNOWN = "01a20ac2-c1ba-72cf-a811-23dbe6a27250"


async def bulk(scim: Scim, *operations: Any, **more: Any) -> list[dict[str, Any]]:
    """Send operations in a bulk and return their results."""
    answer = await ask(scim, *operations, **more)
    assert answer.status == 200, answer
    assert answer.body.keys() == {"schemas", "Operations"}
    assert answer.body["schemas"] == [urns.BULK_RESPONSE]
    results: list[dict[str, Any]] = answer.body["Operations"]
    return results


async def ask(scim: Scim, *operations: Any, **more: Any) -> Answer:
    """Send a BulkRequest."""
    body = {"schemas": [urns.BULK_REQUEST], "Operations": list(operations), **more}
    return await scim.post("/Bulk", body)


def post_user(name: str, **attributes: Any) -> dict[str, Any]:
    """Return the operation that makes a user; its bulkId is the userName."""
    data = {"userName": name, **attributes}
    return {"method": "POST", "path": "/Users", "bulkId": name, "data": data}


def post_group(name: str, *members: str) -> dict[str, Any]:
    """Return the operation that makes a group of these members; its bulkId is the displayName."""
    data = {"displayName": name, "members": values(members)}
    return {"method": "POST", "path": "/Groups", "bulkId": name, "data": data}


def on(method: str, path: str, data: Any = None, **more: Any) -> dict[str, Any]:
    """Return an operation on a resource."""
    return {"method": method, "path": path, "data": data, **more}


def add_members(*members: str) -> dict[str, Any]:
    """Return the PatchOp that adds members."""
    return patch_op({"op": "add", "path": "members", "value": values(members)})


def statuses(results: list[dict[str, Any]]) -> list[str]:
    """Return the status of each result."""
    return [each["status"] for each in results]


def id_of(result: dict[str, Any]) -> str:
    """Return the id of the resource that a result is about."""
    return str(result["location"]).rpartition("/")[2]


@pytest.mark.parametrize("path", ["users", "/USERS/", "//Users"])
async def test_a_path_is_read_in_other_spellings(scim: Scim, path: str) -> None:
    (made,) = await bulk(scim, on("POST", path, {"userName": "ada"}))
    (gone,) = await bulk(scim, on("DELETE", f"{path}/{id_of(made)}"))

    assert (made["status"], gone["status"]) == ("201", "204")
    assert gone["location"] == made["location"]


async def test_each_operation_answers_as_its_request_would(scim: Scim) -> None:
    ada = await scim.post("/Users", {"userName": "ada"})
    bob = await scim.post("/Users", {"userName": "bob"})
    cid = await scim.post("/Users", {"userName": "cid"})
    title = patch_op({"op": "add", "path": "title", "value": "Lead"})

    results = await bulk(
        scim,
        post_user("new"),
        on("PUT", f"/Users/{ada.body['id']}", {"userName": "ada", "title": "Countess"}),
        on("PATCH", f"/Users/{bob.body['id']}", title),
        on("DELETE", f"/Users/{cid.body['id']}"),
    )

    made = await scim.find("/Users", filter='userName eq "new"')
    location = made.body["Resources"][0]["meta"]["location"]
    assert results == [
        {
            "method": "POST",
            "bulkId": "new",
            "location": location,
            "status": "201",
            "version": 'W/"1"',
        },
        {
            "method": "PUT",
            "location": ada.headers["Location"],
            "status": "200",
            "version": 'W/"2"',
        },
        {
            "method": "PATCH",
            "location": bob.headers["Location"],
            "status": "200",
            "version": 'W/"2"',
        },
        {"method": "DELETE", "location": cid.headers["Location"], "status": "204"},
    ]
    assert (await scim.get(f"/Users/{bob.body['id']}")).body["title"] == "Lead"
    assert (await scim.get(f"/Users/{cid.body['id']}")).status == 404


async def test_a_group_has_the_members_that_the_same_bulk_makes(scim: Scim) -> None:
    results = await bulk(
        scim, post_group("Sales", "bulkId:ada", "bulkId:bob"), post_user("ada"), post_user("bob")
    )

    assert statuses(results) == ["201", "201", "201"]
    assert [each["bulkId"] for each in results] == ["Sales", "ada", "bob"]
    group = await scim.get(f"/Groups/{id_of(results[0])}")
    shown = [each["value"] for each in group.body["members"]]
    assert sorted(shown) == sorted(map(id_of, results[1:]))


async def test_references_lead_through_any_order(scim: Scim) -> None:
    manager = {urns.ENTERPRISE_USER: {"manager": {"value": "bulkId:boss"}}}

    results = await bulk(
        scim,
        on("PATCH", "/Groups/bulkId:all", add_members("bulkId:ada")),
        post_group("all", "bulkId:inner"),
        post_group("inner", "bulkId:boss"),
        post_user("ada", **manager),
        on("PATCH", "Users/bulkId:ada", [{"op": "add", "path": "title", "value": "Lead"}]),
        post_user("boss"),
    )

    assert statuses(results) == ["200", "201", "201", "201", "200", "201"]
    ada = await scim.get(f"/Users/{id_of(results[3])}")
    everyone = await scim.get(f"/Groups/{id_of(results[1])}")
    assert ada.body[urns.ENTERPRISE_USER]["manager"]["value"] == id_of(results[5])
    assert (ada.body["title"], id_of(results[4])) == ("Lead", ada.body["id"])
    members = {each["value"]: each["type"] for each in everyone.body["members"]}
    assert members == {ada.body["id"]: "User", id_of(results[2]): "Group"}


async def test_operations_on_one_resource_keep_their_order(scim: Scim) -> None:
    ada = await scim.post("/Users", {"userName": "ada"})
    group = await scim.post("/Groups", {"displayName": "Sales"})
    path = f"/Groups/{group.body['id']}"
    everyone = patch_op({"op": "remove", "path": "members"})

    results = await bulk(
        scim,
        on("PATCH", path, add_members("bulkId:bob")),
        on("PATCH", path, everyone),
        on("PATCH", path, add_members(ada.body["id"])),
        post_user("bob"),
    )

    assert statuses(results) == ["200", "200", "200", "201"]
    shown = await scim.get(path)
    assert [each["value"] for each in shown.body["members"]] == [ada.body["id"]]


async def test_a_name_that_one_operation_frees_is_there_for_the_next(scim: Scim) -> None:
    ada = await scim.post("/Users", {"userName": "ada"})

    results = await bulk(
        scim, on("DELETE", f"/Users/{ada.body['id']}"), post_user("ada"), post_user("Ada")
    )

    assert statuses(results) == ["204", "201", "409"]
    assert results[2]["response"]["scimType"] == "uniqueness"


async def test_a_circle_is_refused_and_the_rest_is_done(scim: Scim) -> None:
    results = await bulk(
        scim,
        post_group("a", "bulkId:b"),
        post_group("b", "bulkId:a"),
        post_group("self", "bulkId:self"),
        post_group("c", "bulkId:a", "bulkId:ada"),
        post_user("ada"),
        post_group("d", "bulkId:ada"),
    )

    assert statuses(results) == ["409", "409", "409", "409", "201", "201"]
    assert results[0] == {
        "method": "POST",
        "bulkId": "a",
        "status": "409",
        "response": {
            "schemas": [urns.ERROR],
            "status": "409",
            "detail": results[0]["response"]["detail"],
        },
    }
    assert "circle" in results[0]["response"]["detail"]
    assert (await scim.get("/Groups")).body["totalResults"] == 1


async def test_what_refers_to_a_failed_operation_fails(scim: Scim) -> None:
    bad = post_user("bad", roleId=UNKNOWN)
    manager = {urns.ENTERPRISE_USER: {"manager": {"value": "bulkId:bad"}}}

    results = await bulk(
        scim,
        post_group("Sales", "bulkId:bad"),
        bad,
        post_user("ada", **manager),
        post_group("Other", "bulkId:nowhere"),
        on("DELETE", "/Users/bulkId:nobody"),
    )

    assert statuses(results) == ["400"] * 5
    details = [each["response"]["detail"] for each in results]
    assert "'bad' has failed" in details[0]
    assert "'nowhere' belongs to no operation" in details[3]
    assert (await scim.get("/Users")).body["totalResults"] == 0


MALFORMED: list[object] = [
    {},
    [],
    "POST",
    None,
    {"method": "GET", "path": "/Users"},
    {"method": 7, "path": "/Users", "data": {"userName": "x"}},
    {"method": "POST", "data": {"userName": "x"}},
    {"method": "POST", "path": ["/Users"], "data": {"userName": "x"}},
    {"method": "POST", "path": "/Users"},
    {"method": "POST", "path": "/Users", "data": []},
    {"method": "POST", "path": "/Users", "data": {"userName": 7.5}},
    {"method": "POST", "path": "/Roles", "data": {"displayName": "x"}},
    {"method": "POST", "path": f"/Users/{UNKNOWN}", "data": {"userName": "x"}},
    {"method": "POST", "path": "/Users?x", "data": {"userName": "x"}},
    {"method": "PATCH", "path": "/Users", "data": []},
    {"method": "PATCH", "path": f"/Users/{UNKNOWN}", "data": {"Operations": 7}},
    {"method": "DELETE", "path": "/Users"},
    {"method": "DELETE", "path": "/Bulk"},
    {"method": "PUT", "path": "../Users/x", "data": {"userName": "x"}},
]


@pytest.mark.parametrize("operation", MALFORMED, ids=str)
async def test_a_malformed_operation_is_refused_alone(scim: Scim, operation: object) -> None:
    results = await bulk(scim, operation, post_user("ada"))

    assert statuses(results) == ["400", "201"]
    assert results[0]["response"]["schemas"] == [urns.ERROR]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", [UNKNOWN, "nobody"])
async def test_what_is_not_there_is_refused_with_its_location(
    scim: Scim, method: str, name: str
) -> None:
    data = {"PUT": {"userName": "x"}, "PATCH": [{"op": "remove", "path": "title"}]}.get(method)

    (result,) = await bulk(scim, on(method, f"/Users/{name}", data))

    assert (result["status"], result["location"]) == ("404", f"{scim.base}/Users/{name}")


async def test_a_version_is_a_precondition(scim: Scim) -> None:
    ada = await scim.post("/Users", {"userName": "ada"})
    path, title = f"/Users/{ada.body['id']}", [{"op": "add", "path": "title", "value": "Lead"}]

    results = await bulk(
        scim,
        on("PATCH", path, title, version='W/"1"'),
        on("PATCH", path, [{"op": "remove", "path": "title"}], version='W/"1"'),
        on("DELETE", path, version="3694e05e9dff591"),
        on("DELETE", path, version='W/"2"'),
    )

    assert statuses(results) == ["200", "412", "412", "204"]
    assert results[1]["location"] == ada.headers["Location"]


async def test_after_as_many_errors_as_accepted_the_rest_is_left(scim: Scim) -> None:
    gone = on("DELETE", f"/Users/{UNKNOWN}")
    operations = [post_user("a"), gone, post_user("b"), gone, post_user("c")]

    one = await bulk(scim, *operations, failOnErrors=1)
    two = await bulk(scim, *operations, failOnErrors=2)
    many = await bulk(scim, *operations, failOnErrors=9)

    assert statuses(one) == ["201", "404"]
    assert statuses(two) == ["409", "404"]
    assert statuses(many) == ["409", "404", "201", "404", "201"]


@pytest.mark.parametrize("name", ["failOnErrors", "failonerrors"])
@pytest.mark.parametrize("limit", [0, None])
async def test_a_limit_of_zero_errors_is_no_limit(scim: Scim, name: str, limit: int | None) -> None:
    gone = on("DELETE", f"/Users/{UNKNOWN}")

    results = await bulk(scim, gone, gone, post_user("ada"), **{name: limit})

    assert statuses(results) == ["404", "404", "201"]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"Operations": {}},
        {"Operations": [], "failOnErrors": -1},
        {"Operations": [], "failOnErrors": True},
        {"Operations": [], "failOnErrors": False},
        {"Operations": [], "failOnErrors": 1.0},
        {"Operations": [], "failOnErrors": "1"},
        {"Operations": [], "failOnErrors": []},
        {"Operations": [post_user("a"), post_user("a")]},
    ],
)
async def test_a_request_that_is_no_bulk_is_refused_whole(scim: Scim, body: object) -> None:
    refused = await scim.post("/Bulk", body)

    assert (refused.status, refused.body["scimType"]) == (400, "invalidSyntax")
    assert (await scim.get("/Users")).body["totalResults"] == 0


async def test_a_bulk_of_nothing_has_no_results(scim: Scim) -> None:
    assert await bulk(scim) == []


async def test_a_bulk_has_the_limits_that_are_announced(scim: Scim) -> None:
    limits = (await scim.get("/ServiceProviderConfig")).body["bulk"]
    gone = on("DELETE", f"/Users/{UNKNOWN}")
    large = post_user("ada", title="x" * limits["maxPayloadSize"])

    most = await bulk(scim, *[gone] * limits["maxOperations"])
    more = await ask(scim, *[gone] * (limits["maxOperations"] + 1))
    larger = await ask(scim, large)

    assert set(statuses(most)) == {"404"}
    assert (more.status, larger.status) == (413, 413)
    assert "scimType" not in more.body
    assert "maxOperations is 1,000" in more.body["detail"]
    assert f"{limits['maxPayloadSize']:,}" in larger.body["detail"]


async def test_a_thousand_users_and_their_group_are_made_at_once(scim: Scim) -> None:
    names = [f"user-{number}" for number in range(999)]
    group = post_group("Everyone", *(f"bulkId:{name}" for name in names))

    results = await bulk(scim, group, *map(post_user, names))

    assert set(statuses(results)) == {"201"}
    assert [each["bulkId"] for each in results] == ["Everyone", *names]
    shown = await scim.get(f"/Groups/{id_of(results[0])}?attributes=members.value")
    assert shown.body["members"] == values(sorted(map(id_of, results[1:])))


async def test_all_events_of_a_bulk_have_its_request_id(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    answer = await ask(scim, post_group("Sales", "bulkId:ada"), post_user("ada"), post_user("bob"))

    rows = await served.owner.fetch(
        """SELECT type, source FROM eventstore.events
           WHERE organization_id = $1 AND request_id = $2 ORDER BY position""",
        organization.id,
        answer.headers["X-Request-Id"],
    )
    assert [tuple(each) for each in rows] == [
        ("UserProvisioned", "scim"),
        ("GroupCreated", "scim"),
        ("MembersAdded", "scim"),
        ("UserProvisioned", "scim"),
    ]


async def test_a_bulk_does_not_go_around_the_protection_of_the_account(
    scim: Scim, organization: Tenant
) -> None:
    path = f"/Users/{organization.account_id}"

    results = await bulk(
        scim, on("DELETE", path), on("PATCH", path, [{"op": "remove", "path": "roleId"}])
    )

    assert statuses(results) == ["400", "400"]
    assert {each["response"]["scimType"] for each in results} == {"mutability"}


async def test_a_bulk_sees_nothing_of_another_organization(scim: Scim, other_scim: Scim) -> None:
    theirs = await other_scim.post("/Users", {"userName": "ada"})

    results = await bulk(
        scim, on("DELETE", f"/Users/{theirs.body['id']}"), post_group("Sales", theirs.body["id"])
    )

    assert statuses(results) == ["404", "400"]
    assert (await other_scim.get(f"/Users/{theirs.body['id']}")).body == theirs.body
