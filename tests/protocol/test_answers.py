"""What every answer has: its media type, the request's id, and errors that say what to change."""

import asyncio
from importlib.metadata import version
from uuid import UUID

import pytest

from eventstore.read import read
from tests.serving import Answer, Scim, Served, Tenant, checked, make_tenant, started

USERS = "/Users"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/Nothing", 404),
        ("GET", "/Users/1/2", 404),
        ("GET", "/Users/1/2/", 404),
        ("GET", "/nothing/", 404),
        ("DELETE", "/users/", 405),
        ("POST", "/Users/1", 405),
        ("DELETE", "/Users", 405),
        ("OPTIONS", "/Users", 405),
        ("TRACE", "/Users", 405),
        ("PATCH", "/Groups", 405),
        ("PROPFIND", "/Users", 405),
        ("GET", "/Bulk", 405),
        ("GET", "/.search", 405),
    ],
)
async def test_what_nobody_serves_is_refused_in_scim(
    scim: Scim, method: str, path: str, status: int
) -> None:
    refused = await scim.send(method, path)

    assert refused.status == status
    assert ("Allow" in refused.headers) == (status == 405)


@pytest.mark.parametrize(
    "path",
    [
        "/Users/",
        "//Users",
        "/users",
        "/USERS//?count=1",
        "/groups/",
        "/schemas/",
        "/me/",
        "/",
        "//",
    ],
)
async def test_an_endpoint_is_found_under_other_spellings(scim: Scim, path: str) -> None:
    assert (await scim.get(path)).status == 200


async def test_a_resource_is_written_and_read_under_other_spellings(scim: Scim) -> None:
    made = await scim.post("/users/", {"userName": "ada"})
    path = f"//USERS/{made.body['id']}/"

    patched = await scim.patch(path, {"op": "Replace", "path": "title", "value": "Countess"})
    searched = await scim.post("/users/.search/", {"filter": 'userName eq "ada"'})

    assert (await scim.get(path)).body == patched.body
    assert searched.body["Resources"] == [patched.body]
    assert (await scim.delete(path)).status == 204


async def test_a_method_that_http_does_not_know_is_refused_in_scim(scim: Scim) -> None:
    refused = await scim.send("BREW", USERS)

    assert refused.status == 400
    assert "invalid method" in refused.body["detail"]


@pytest.mark.parametrize(
    "media_type", ["text/plain", "text/html", "application/xml", "application"]
)
async def test_a_body_of_another_media_type_is_refused(scim: Scim, media_type: str) -> None:
    refused = await scim.post(USERS, {"userName": "ada"}, Content_Type=media_type)

    assert refused.status == 415
    assert "application/scim+json" in refused.body["detail"]


@pytest.mark.parametrize(
    "media_type",
    [
        "application/scim+json",
        "application/json",
        "Application/SCIM+JSON; Charset=UTF-8",
        "application/json;charset=utf-8; profile=x",
    ],
)
async def test_a_body_of_json_is_taken(scim: Scim, media_type: str) -> None:
    made = await scim.post(USERS, {"userName": "ada"}, Content_Type=media_type)

    assert made.status == 201


@pytest.mark.parametrize(
    "accept", ["application/scim+json", "application/json", "text/html", "*/*"]
)
async def test_the_answer_is_scim_whatever_is_accepted(scim: Scim, accept: str) -> None:
    assert (await scim.get(USERS, Accept=accept)).status == 200


async def test_an_answer_to_head_has_no_body(scim: Scim) -> None:
    headers = await scim.send("HEAD", "/Roles")

    assert (headers.status, headers.body) == (200, None)


async def test_the_request_id_is_that_of_the_events(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    made = await scim.post(USERS, {"userName": "ada"})
    role = {"op": "add", "path": "roleId", "value": organization.roles["Editor"]}
    off = {"op": "replace", "path": "active", "value": False}

    patched = await scim.patch(f"/Users/{made.body['id']}", role, off)

    events = await read(served.owner, organization.id, after=4, limit=10)
    assert [(each.type, each.request_id) for each in events] == [
        ("UserProvisioned", UUID(made.headers["X-Request-Id"])),
        ("RoleAssigned", UUID(patched.headers["X-Request-Id"])),
        ("UserDeactivated", UUID(patched.headers["X-Request-Id"])),
    ]
    origins = {(each.actor_id, each.token_id, each.source) for each in events}
    assert origins == {(organization.account_id, organization.token_id, "scim")}


async def test_requests_have_ids_of_their_own(scim: Scim) -> None:
    answers = await asyncio.gather(*(scim.get("/Roles") for _ in range(20)))

    assert len({each.headers["X-Request-Id"] for each in answers}) == 20


async def test_the_service_is_alive_and_ready(served: Served) -> None:
    origin = f"http://127.0.0.1:{served.port}"
    async with (
        served.session.get(f"{origin}/healthz") as alive,
        served.session.get(f"{origin}/readyz") as ready,
    ):
        assert (alive.status, await alive.json()) == (
            200,
            {"status": "alive", "version": version("scim-ledger")},
        )
        assert (ready.status, await ready.json()) == (200, {"status": "ready"})


async def test_a_fault_of_ours_is_a_scim_error_with_the_request_id(database_url: str) -> None:
    async with started(database_url) as served:
        scim = Scim(served, (await make_tenant(served.runtime, "Contoso")).token)
        await served.owner.execute("ALTER TABLE directory.groups ALTER COLUMN document TYPE text")

        failed = checked(await scim.ask("GET", "/Groups"))

        assert failed.status == 500
        assert failed.headers["X-Request-Id"] in failed.body["detail"]
        assert "directory" not in failed.body["detail"]
        assert (await scim.get("/Roles")).status == 200


async def test_a_lost_database_is_503_and_to_be_tried_again(database_url: str) -> None:
    async with started(database_url) as served:
        scim = Scim(served, (await make_tenant(served.runtime, "Contoso")).token)
        assert (await scim.get("/Users")).status == 200
        await served.owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

        answers = [
            await scim.ask("GET", "/Users"),
            await scim.ask("POST", "/Users", {"userName": "a"}),
        ]
        later = await scim.get("/Users")

        assert all(is_served_or_to_be_tried_again(each) for each in answers)
        assert later.status == 200


def is_served_or_to_be_tried_again(answer: Answer) -> bool:
    """Return whether an answer is a success, or a refusal that says when to try again."""
    checked(answer)
    return answer.status < 300 or (answer.status == 503 and "Retry-After" in answer.headers)
