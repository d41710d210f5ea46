"""The log line of a refused request: the reason, the attribute, the organization and token; never a value."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt
import pytest

from schema.scim.urns import ENTERPRISE_USER
from service.callers.access_tokens import encode_token
from service.cli.provenance import cli_provenance
from service.organizations.register import find_organization
from service.organizations.tokens import revoke_token
from tests.protocol.extensions import URN, register
from tests.protocol.logged import Lines, logged
from tests.serving import Answer, Scim, Served, Tenant, patch_op

UNKNOWN = "01a20ac2-c1ba-72cf-a811-23dbe6a27250"
SECRET = "S3cret-Valüe"


@pytest.fixture
async def client(served: Served, organization: Tenant) -> AsyncIterator[tuple[Scim, Lines]]:
    """Yield a client of the organization, and the log of its requests."""
    await register(served, organization)
    async with logged(served, organization.token) as running:
        yield running


def last(lines: Lines, answer: Answer) -> dict[str, Any]:
    """Return the refusal's fields in the last log line, after a check that the line is this answer's."""
    line = lines.of("request_answered")[-1]
    assert line.pop("request_id") == answer.headers["X-Request-Id"]
    assert line.pop("status") == answer.status
    assert line.pop("duration_ms") >= 0
    return {name: value for name, value in line.items() if name not in ("method", "route")}


def whose(organization: Tenant) -> dict[str, str]:
    """Return the fields for the organization and the token of a request."""
    return {"organization_id": str(organization.id), "token_id": str(organization.token_id)}


def operation(path: str | None, value: Any, op: str = "replace") -> dict[str, Any]:
    """Return a PatchOp of one operation."""
    return patch_op({"op": op, **({"path": path} if path else {}), "value": value})


WRONG = [
    ("POST", "/Users", {"displayName": SECRET}, "invalidValue", "userName"),
    ("POST", "/Users", {"userName": "taken"}, "uniqueness", "userName"),
    ("POST", "/Users", {"userName": "a", "active": SECRET}, "invalidValue", "active"),
    (
        "POST",
        "/Users",
        {"userName": "a", "name": {"givenName": {"x": SECRET}}},
        "invalidValue",
        "name.givenName",
    ),
    ("POST", "/Users", {"userName": "a", "roleId": UNKNOWN}, "invalidValue", "roleId"),
    ("POST", "/Users", {"userName": "a", "roles": [[SECRET]]}, "invalidValue", "roles"),
    ("POST", "/Users", {"userName": "a", URN: {"Level": SECRET}}, "invalidValue", f"{URN}:Level"),
    (
        "POST",
        "/Users",
        {
            "userName": "a",
            "emails": [{"value": SECRET, "primary": True}, {"value": "b", "primary": True}],
        },
        "invalidValue",
        "emails",
    ),
    ("PUT", "{user}", {"userName": "taken"}, "uniqueness", "userName"),
    ("PUT", "{user}", {"userName": "a", "active": SECRET}, "invalidValue", "active"),
    ("PATCH", "{user}", operation("active", SECRET), "invalidValue", "active"),
    ("PATCH", "{user}", operation(None, {"active": SECRET}), "invalidValue", "active"),
    ("PATCH", "{user}", operation("userName", "taken"), "uniqueness", "userName"),
    ("PATCH", "{user}", operation("userName", ""), "invalidValue", "userName"),
    ("PATCH", "{user}", operation("groups", [{"value": SECRET}]), "mutability", "groups"),
    ("PATCH", "{user}", operation(f'emails[value eq "{SECRET}"', "x"), "invalidPath", "emails"),
    ("PATCH", "{user}", operation('emails[type ne "x"].value', SECRET), "noTarget", "emails.value"),
    ("PATCH", "{user}", operation(f"{URN}:Level", SECRET), "invalidValue", f"{URN}:Level"),
    (
        "PATCH",
        "{user}",
        operation(f"{ENTERPRISE_USER}:manager", [[SECRET]]),
        "invalidValue",
        f"{ENTERPRISE_USER}:manager",
    ),
    ("PATCH", "{user}", {"Operations": SECRET}, "invalidSyntax", None),
    ("POST", "/Groups", {"externalId": SECRET}, "invalidValue", "displayName"),
    ("POST", "/Groups", {"displayName": "Taken"}, "uniqueness", "displayName"),
    (
        "POST",
        "/Groups",
        {"displayName": "b", "members": [{"value": UNKNOWN}]},
        "invalidValue",
        "members",
    ),
    (
        "PATCH",
        "{group}",
        operation("members", [{"value": UNKNOWN}], "add"),
        "invalidValue",
        "members",
    ),
    ("PATCH", "{group}", operation("displayName", ""), "invalidValue", "displayName"),
    ("PATCH", "{group}", operation("id", SECRET), "mutability", "id"),
    ("GET", f'/Users?filter=active eq "{SECRET}"', None, "invalidFilter", "active"),
    ("GET", f'/Users?filter={SECRET} eq "x"', None, "invalidFilter", None),
    ("GET", f"/Users?sortBy={SECRET}", None, "invalidPath", None),
    ("POST", "/Users/.search", {"count": SECRET}, "invalidValue", None),
    ("DELETE", f"/Users/{UNKNOWN}", None, None, None),
    ("GET", f"/Groups/{SECRET}", None, None, None),
    ("POST", "/Me", {"userName": SECRET}, None, None),
]


@pytest.mark.parametrize(("method", "path", "body", "scim_type", "attribute"), WRONG)
async def test_a_refused_request_says_why_about_what_and_whose_it_is(
    client: tuple[Scim, Lines],
    organization: Tenant,
    method: str,
    path: str,
    body: Any,
    scim_type: str | None,
    attribute: str | None,
) -> None:
    scim, lines = client
    await scim.post("/Users", {"userName": "taken"})
    await scim.post("/Groups", {"displayName": "taken"})
    user = (await scim.post("/Users", {"userName": "ada"})).body["id"]
    group = (await scim.post("/Groups", {"displayName": "Sales"})).body["id"]

    answer = await scim.send(
        method, path.format(user=f"/Users/{user}", group=f"/Groups/{group}"), body
    )

    why = {"scim_type": scim_type, "attribute": attribute}
    given = {name: value for name, value in why.items() if value}
    assert answer.body.get("scimType") == scim_type
    assert last(lines, answer) == {**given, **whose(organization)}
    assert SECRET not in lines


async def test_a_request_that_is_not_refused_logs_no_refusal(client: tuple[Scim, Lines]) -> None:
    scim, lines = client

    answer = await scim.post("/Users", {"userName": "ada"})

    assert last(lines, answer) == {}


async def test_a_failed_precondition_is_logged_with_whose_it_is(
    client: tuple[Scim, Lines], organization: Tenant
) -> None:
    scim, lines = client
    user = (await scim.post("/Users", {"userName": "ada"})).body["id"]

    answer = await scim.delete(f"/Users/{user}", If_Match='W/"9"')

    assert answer.status == 412
    assert last(lines, answer) == whose(organization)


async def test_an_unknown_endpoint_is_logged_without_an_organization(
    client: tuple[Scim, Lines],
) -> None:
    scim, lines = client

    assert last(lines, await scim.get("/Nothing")) == {}


@pytest.mark.parametrize("token", [None, "a.b.c"])
async def test_a_token_that_is_not_ours_adds_nothing_to_the_log(
    served: Served, token: str | None
) -> None:
    async with logged(served, token) as (scim, lines):
        answer = await scim.get("/Users")

        assert answer.status == 401
        assert last(lines, answer) == {}


async def test_unverified_claims_are_left_out(served: Served, organization: Tenant) -> None:
    begin, _, signature = organization.token.rpartition(".")
    async with logged(served, f"{begin}.{signature[::-1]}") as (scim, lines):
        answer = await scim.get("/Users")

        assert answer.status == 401
        assert last(lines, answer) == {}
        assert str(organization.id) not in lines


async def test_a_revoked_token_is_logged_with_whose_it_was(
    served: Served, organization: Tenant
) -> None:
    found = await find_organization(served.runtime, str(organization.id))
    await revoke_token(served.runtime, found, organization.token_id, provenance=cli_provenance())
    async with logged(served, organization.token) as (scim, lines):
        answer = await scim.get("/Users")

        assert answer.status == 401
        assert last(lines, answer) == whose(organization)


def signed(served: Served, organization: Tenant, jti: str, ends: datetime | None) -> str:
    """Return a token signed by the service."""
    return encode_token(
        served.runtime.signing_key,
        organization_id=organization.id,
        account_id=UUID(organization.account_id),
        jti=jti,
        issued_at=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=ends,
    )


async def test_an_expired_token_is_logged_with_whose_it_was(
    served: Served, organization: Tenant
) -> None:
    known = jwt.decode(organization.token, options={"verify_signature": False})
    ended = datetime(2026, 1, 31, tzinfo=UTC)
    async with logged(served, signed(served, organization, known["jti"], ended)) as (scim, lines):
        answer = await scim.get("/Users")

        assert answer.status == 401
        assert last(lines, answer) == whose(organization)


async def test_a_signed_token_that_is_unknown_is_logged_with_its_organization(
    served: Served, organization: Tenant
) -> None:
    async with logged(served, signed(served, organization, "another", None)) as (scim, lines):
        answer = await scim.get("/Users")

        assert answer.status == 401
        assert last(lines, answer) == {"organization_id": str(organization.id)}


async def test_each_refused_operation_of_a_bulk_has_a_line(
    client: tuple[Scim, Lines], organization: Tenant
) -> None:
    scim, lines = client
    user = (await scim.post("/Users", {"userName": "ada"})).body["id"]
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": SECRET, "data": {"userName": "ADA"}},
        {"method": "post", "path": "/Groups", "data": {"displayName": "Sales"}},
        {"method": "PATCH", "path": f"/Users/{user}", "data": operation("active", SECRET)},
        {"method": "DELETE", "path": f"/Groups/{UNKNOWN}"},
        {"method": SECRET, "path": f"/{SECRET}"},
    ]

    answer = await scim.post("/Bulk", {"Operations": operations})

    common = {"request_id": answer.headers["X-Request-Id"], **whose(organization)}
    users, groups = {"endpoint": "/Users"}, {"endpoint": "/Groups"}
    taken = {"status": 409, "scim_type": "uniqueness", "attribute": "userName"}
    value = {"status": 400, "scim_type": "invalidValue", "attribute": "active"}
    assert sorted(lines.of("bulk_operation_refused"), key=lambda each: each["place"]) == [
        {**common, "place": 0, "method": "POST", **users, **taken},
        {**common, "place": 2, "method": "PATCH", **users, "resource_id": user, **value},
        {**common, "place": 3, "method": "DELETE", **groups, "resource_id": UNKNOWN, "status": 404},
        {**common, "place": 4, "status": 400, "scim_type": "invalidSyntax"},
    ]
    assert last(lines, answer) == {**whose(organization), "operations_refused": 4}
    assert SECRET not in lines


async def test_a_bulk_of_many_refusals_has_a_hundred_lines(client: tuple[Scim, Lines]) -> None:
    scim, lines = client
    gone = {"method": "DELETE", "path": f"/Users/{UNKNOWN}"}

    answer = await scim.post("/Bulk", {"Operations": [gone] * 150})

    assert len(lines.of("bulk_operation_refused")) == 100
    assert last(lines, answer)["operations_refused"] == 150


async def test_a_bulk_that_is_refused_whole_is_one_refused_request(
    client: tuple[Scim, Lines], organization: Tenant
) -> None:
    scim, lines = client

    answer = await scim.post("/Bulk", {"Operations": SECRET})

    assert last(lines, answer) == {"scim_type": "invalidSyntax", **whose(organization)}
    assert lines.of("bulk_operation_refused") == []
