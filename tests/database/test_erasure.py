"""Erasing people: nothing that names them is left in any table, and the log stays whole."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from service.ids import new_id
from tests.admin.client import Admin, with_scope
from tests.database.rebuilding import differences, rebuild_context
from tests.following import until_followed
from tests.invariants import check_log
from tests.serving import Scim, Served, Tenant, make_tenant

KEPT = "SELECT count(*) FROM service.requests WHERE organization_id = $1"
AUDIT = "/api/audit/v1"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
# Each value is nowhere else: what is found is a trace of the person.
MARK = "zqx" + secrets.token_hex(4)
PERSON = {
    "userName": f"Wanda.{MARK}@contoso.example",
    "externalId": f"ext-{MARK}",
    "displayName": f"Wanda {MARK}",
    "name": {"givenName": f"Given{MARK}", "familyName": f"Family{MARK}"},
    "title": f"Title{MARK}",
    "emails": [{"type": "work", "value": f"mail.{MARK}@contoso.example", "primary": True}],
    ENTERPRISE: {"employeeNumber": f"no-{MARK}"},
}


@dataclass
class House:
    """An organization, and clients with each scope."""

    tenant: Tenant
    scim: Scim
    eraser: Admin
    audit: Admin
    admin: Admin


async def make_house(served: Served) -> House:
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    return House(
        tenant,
        Scim(served, tenant.token),
        Admin(served, with_scope(served, tenant, "audit:erase"), AUDIT),
        Admin(served, with_scope(served, tenant, "audit:read"), AUDIT),
        Admin(served, with_scope(served, tenant, "admin")),
    )


@pytest.fixture(scope="module")
async def house(served: Served) -> AsyncIterator[House]:
    """Give an organization that all tests of the module share. Its log is checked afterwards."""
    made = await make_house(served)
    yield made
    await check_log(served.owner, served.runtime.sealer, made.tenant.id)


async def add(house: House, **values: Any) -> str:
    name = f"user-{secrets.token_hex(4)}@contoso.example"
    body: dict[str, Any] = (await house.scim.post("/Users", {"userName": name, **values})).body
    return str(body["id"])


async def traces(owner: asyncpg.Connection, mark: str) -> list[str]:
    """Return the tables of all schemas that have a row with a text, in any case."""
    tables = await owner.fetch(
        "SELECT format('%I.%I', nspname, relname) AS name FROM pg_class"
        " JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE relkind IN ('r', 'p', 'm') AND nspname NOT IN ('pg_catalog', 'information_schema')"
        " AND NOT starts_with(nspname, 'pg_toast')"
    )
    return [
        row["name"]
        for row in tables
        if await owner.fetchval(
            f"SELECT EXISTS (SELECT FROM {row['name']} AS held WHERE strpos(lower(held::text), $1) > 0)",
            mark.lower(),
        )
    ]


async def test_nothing_names_a_person_who_was_erased(served: Served, house: House) -> None:
    person = await add(house, **PERSON)
    by_id = {"value": person, "displayName": PERSON["displayName"]}
    report = await add(house, **{ENTERPRISE: {"manager": by_id}})
    by_name = await add(house, **{ENTERPRISE: {"manager": {"value": PERSON["userName"]}}})
    once = await add(house, **{ENTERPRISE: {"manager": by_id}})
    await house.scim.patch(
        f"/Users/{once}",
        {"op": "replace", "path": f"{ENTERPRISE}:manager", "value": {"value": report}},
    )
    gone = await add(house, **{ENTERPRISE: {"manager": by_id}})
    await house.scim.delete(f"/Users/{gone}")
    group = await house.scim.post(
        "/Groups", {"displayName": f"G {secrets.token_hex(4)}", "members": [{"value": person}]}
    )
    refused = await house.scim.post("/Users", {"userName": PERSON["userName"]})
    assert refused.status == 409
    while not await served.owner.fetchval(KEPT, house.tenant.id):  # noqa: ASYNC110 - another task writes it.
        await asyncio.sleep(0.05)
    await until_followed(served, house.tenant)
    assert sorted(await traces(served.owner, MARK)) == ["directory.users", "versions.user_versions"]
    for schema in ("directory_previous", "directory_next"):
        await copy_directory(served.owner, schema)
    assert len(await traces(served.owner, MARK)) == 4

    answer = await house.eraser.post(
        "/erasures", {"subjectId": person, "reason": "Request 4711", "force": True}
    )

    assert answer.status == 201, answer
    receipt = answer.body
    assert receipt["subjectId"] == person
    assert receipt["forced"] is True
    assert receipt["cleared"]["directory.users"] == 1
    assert receipt["cleared"]["directory_previous.users"] == 3
    assert receipt["cleared"]["service.requests"] == 1
    assert receipt["backups"]["retentionDays"] == 30
    assert receipt["outsideCopy"] == "written"
    await until_followed(served, house.tenant)
    assert await traces(served.owner, MARK) == []
    for path in (f"/users/{person}/timeline", f"/users/{report}/timeline", "/events?limit=200"):
        found = await house.audit.get(path)
        assert found.status == 200
        assert MARK not in str(found.body).lower()
    for user in (person, report, once, gone, by_name):
        data = await house.admin.get(f"/users/{user}/data")
        assert data.status == 200
        assert MARK not in str(data.body).lower(), user
    timeline = (await house.audit.get(f"/users/{person}/timeline?order=asc")).body["items"]
    assert timeline[-1]["type"] == "UserErased"
    assert (
        timeline[-1]["resourceName"]
        == receipt["name"]
        == f"Erased person {timeline[0]['position']}"
    )
    assert (await house.scim.get(f"/Users/{person}")).status == 404
    versions = rebuild_context(served.runtime.login.dsn, "versions")
    assert await differences(versions, house.tenant.id) == []
    assert (await house.scim.get(f"/Groups/{group.body['id']}")).body.get("members", []) == []
    shown = (await house.scim.get(f"/Users/{report}")).body[ENTERPRISE]["manager"]
    assert (shown["value"], shown.get("displayName")) == (person, None)
    assert ENTERPRISE not in (await house.scim.get(f"/Users/{by_name}")).body
    listed = (await house.eraser.get("/erasures")).body["items"]
    assert [each["subjectId"] for each in listed] == [person]
    for schema in ("directory_previous", "directory_next"):
        await served.owner.execute(f"DROP SCHEMA {schema} CASCADE")


async def copy_directory(owner: asyncpg.Connection, schema: str) -> None:
    """Copy the directory, as a rebuild leaves it."""
    await owner.execute(f"CREATE SCHEMA {schema}")
    tables = await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'directory'")
    for row in tables:
        name = row["tablename"]
        await owner.execute(f'CREATE TABLE {schema}."{name}" AS TABLE directory."{name}"')
    await owner.execute(f"GRANT USAGE ON SCHEMA {schema} TO scim_ledger_service")
    await owner.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO scim_ledger_service")


async def test_whom_the_directory_has_is_refused_unless_forced(house: House) -> None:
    person = await add(house)
    refused = await house.eraser.post("/erasures", {"subjectId": person, "reason": "Request 1"})
    assert refused.status == 409
    assert "delete it first" in refused.body["detail"]

    await house.scim.delete(f"/Users/{person}")
    done = await house.eraser.post("/erasures", {"subjectId": person, "reason": "Request 1"})
    assert (done.status, done.body["forced"]) == (201, False)


async def test_erasing_again_changes_nothing_more(served: Served, house: House) -> None:
    person = await add(house)
    body = {"subjectId": person, "reason": "Request 2", "force": True}
    first = await house.eraser.post("/erasures", body)
    await until_followed(served, house.tenant)  # A follower that was behind has deleted its row.
    again = await house.eraser.post("/erasures", body)

    assert (first.status, again.status) == (201, 201)
    assert again.body["cleared"] == {}
    assert again.body["name"] == first.body["name"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"reason": ""}, 422),
        ({"reason": "two\nlines"}, 422),
        ({"reason": "x" * 300}, 422),
        ({"reason": "asked by wanda odd"}, 422),
        ({"reason": "Oddly, Wand asked"}, 201),
        ({"subjectId": str(new_id())}, 404),
        ({"subjectId": "x"}, 422),
        ({"color": "red"}, 422),
    ],
)
async def test_a_bad_request_is_refused(house: House, change: Any, status: int) -> None:
    person = await add(house, displayName="Wanda Odd")
    body = {"subjectId": person, "reason": "Request 3", "force": True, **change}

    answer = await house.eraser.post("/erasures", body)

    assert answer.status == status, answer


async def test_only_its_scope_erases_and_only_in_its_organization(
    served: Served, house: House, other_organization: Tenant
) -> None:
    person = await add(house)
    body = {"subjectId": person, "reason": "Request 4", "force": True}
    stranger = Admin(served, with_scope(served, other_organization, "audit:erase"), AUDIT)

    assert (await house.audit.post("/erasures", body)).status == 403
    assert (await stranger.post("/erasures", body)).status == 404
    assert (await house.scim.get(f"/Users/{person}")).status == 200
    group = await house.scim.post("/Groups", {"displayName": f"G {secrets.token_hex(4)}"})
    for other in (group.body["id"], str(house.tenant.id)):
        answer = await house.eraser.post("/erasures", body | {"subjectId": other})
        assert answer.status == 404
    own = await house.eraser.post("/erasures", body | {"subjectId": house.tenant.account_id})
    assert own.status == 409


async def test_a_key_goes_only_with_its_event(
    service_connection: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    organization, subject = new_id(), new_id()
    await connection.execute(
        "INSERT INTO eventstore.subject_keys VALUES ($1, $2, 'key')", organization, subject
    )

    with pytest.raises(asyncpg.RestrictViolationError):
        await service_connection.fetch(
            "SELECT * FROM eventstore.erase_subject($1, $2)", organization, subject
        )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service_connection.execute("DELETE FROM eventstore.subject_keys")
    assert await connection.fetchval("SELECT count(*) FROM eventstore.subject_keys") == 1
