"""Provisioning cycles and refusals: what a cycle changed, why requests were refused, and what to change."""

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from service.ids import new_id
from service.requests.background import keeping_requests
from service.requests.flush import TAKEN_MAX, flush, forget_old
from service.requests.forget import forget_person
from service.requests.kept import WAITING_MAX, KeptRequest, KeptRequests, Text
from tests.admin.client import Admin, with_scope
from tests.admin.test_audit import AUDIT
from tests.following import until_followed
from tests.protocol.test_token_claims import claims, signed
from tests.serving import Scim, Served, Tenant, make_tenant, patch_op

ANNA, BEN = "anna@contoso.com", "ben@contoso.com"
LATE_S = 20.0


@dataclass
class Provisioned:
    """A cycle that made Anna and a group, changed nothing twice, and had requests refused."""

    served: Served
    tenant: Tenant
    scim: Scim
    audit: Admin
    full: Admin  # Its token may also read names.
    anna: str
    group: str

    async def refusals(self, admin: Admin | None = None, query: str = "") -> list[dict[str, Any]]:
        """Return kept requests, newest first."""
        answer = await (admin or self.full).get(f"/refusals?limit=200{query}")
        assert answer.status == 200, answer
        items: list[dict[str, Any]] = answer.body["items"]
        return items


@pytest.fixture(scope="module")
async def cycle(served: Served) -> Provisioned:
    """Give the cycle, once it was written."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    scim = Scim(served, tenant.token)
    anna = (await scim.post("/Users", {"userName": ANNA, "title": "Clerk"})).body["id"]
    members = [{"value": anna}]
    group = (await scim.post("/Groups", {"displayName": "Legal", "members": members})).body["id"]
    await scim.get(f"/Users/{anna}")
    await scim.patch(f"/Users/{anna}", {"op": "replace", "path": "title", "value": "Clerk"})
    await scim.patch(f"/Users/{anna}", {"op": "replace", "path": "title", "value": "Head"})
    await scim.post("/Users", {"userName": ANNA.upper()})
    await scim.post("/Users", {"USERNAME": BEN, "roleId": "Emperor"})
    await scim.post("/Users", {"displayName": "Nobody"})
    await scim.post("/Users", {"userName": " "})
    await scim.patch(f"/Users/{anna}", {"op": "replace", "path": "active", "value": "Perhaps"})
    await scim.get(f"/Users/{new_id()}")
    add = {"op": "add", "path": "members", "value": [{"value": str(new_id())}]}
    await scim.patch(f"/Groups/{group}", add)
    bulk = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            {"method": "POST", "path": "/Users", "bulkId": "1", "data": {"userName": ANNA}},
            {
                "method": "PATCH",
                "path": f"/Users/{anna}",
                "data": patch_op({"op": "replace", "path": "title", "value": "Head"}),
            },
        ],
    }
    await scim.post("/Bulk", bulk)
    expired = signed(served.runtime.signing_key, claims(tenant) | {"exp": int(time.time()) - 60})
    await Scim(served, expired).get("/Users")
    made = Provisioned(
        served,
        tenant,
        scim,
        Admin(served, with_scope(served, tenant, "audit:read"), AUDIT),
        Admin(served, with_scope(served, tenant, "audit:read admin:read"), AUDIT),
        anna,
        group,
    )
    await until_followed(served, tenant)
    await until_kept(made, 9)
    return made


async def until_kept(cycle: Provisioned, count: int) -> None:
    """Return once so many refusals were written."""
    async with asyncio.timeout(LATE_S):
        while len(await cycle.refusals()) < count:  # noqa: ASYNC110 - the service writes them.
            await asyncio.sleep(0.1)


async def test_a_refused_request_says_what_was_found_and_what_to_change(cycle: Provisioned) -> None:
    found = {(each["finding"], each["operation"]): each for each in await cycle.refusals()}

    assert {finding for finding, _ in found} == {
        *("userNameTaken", "roleUnknown", "valueMissing", "valueBlank", "valueInvalid"),
        *("resourceNotFound", "memberUnknown", "tokenExpired"),
    }
    taken, role = found["userNameTaken", None], found["roleUnknown", None]
    assert taken["sentence"] == "Another user has this userName; case does not count."
    assert (taken["remedy"]["code"], taken["remedy"]["where"]) == ("matchUser", "identityProvider")
    assert taken["parameters"] == {"attribute": "userName", "owner": cycle.anna}
    assert taken["subject"] == {"id": None, "name": ANNA.upper()}
    assert (taken["status"], taken["scimType"]) == (409, "uniqueness")
    assert (taken["method"], taken["route"]) == ("POST", "/api/scim/v2/Users")
    assert (taken["requests"], taken["cycles"]) == (2, 1)
    assert taken["detail"].startswith("userName 'ANNA@CONTOSO.COM' is taken by")
    assert UUID(taken["requestId"]).version == 7
    assert taken["token"]["id"] == str(cycle.tenant.token_id)
    assert role["subject"]["name"] == BEN
    assert role["parameters"]["value"] == "Emperor"
    assert found["valueMissing", None]["attribute"] == "userName"
    assert found["valueMissing", None]["sentence"].startswith("userName is required")
    assert found["valueInvalid", None]["subject"] == {"id": cycle.anna, "name": ANNA}
    assert found["memberUnknown", None]["subject"] == {"id": cycle.group, "name": "Legal"}
    operation = found["userNameTaken", 0]
    assert (operation["route"], operation["subject"]["name"]) == ("/Users", ANNA)
    assert found["tokenExpired", None]["token"]["id"] == str(cycle.tenant.token_id)


async def test_without_the_right_to_read_people_what_was_sent_is_withheld(
    cycle: Provisioned,
) -> None:
    rows = await cycle.refusals(cycle.audit)
    taken = next(each for each in rows if each["finding"] == "userNameTaken")

    assert taken["isWithheld"]
    assert (taken["detail"], taken["parameters"], taken["subject"]["name"]) == (None, {}, None)
    assert taken["sentence"]
    assert "ANNA" not in str(rows)


async def test_refusals_are_found_by_what_is_known_of_them(cycle: Provisioned) -> None:
    everything = await cycle.refusals()
    [one] = (await cycle.audit.get("/cycles")).body["items"]

    assert [each["finding"] for each in await cycle.refusals(query="&finding=roleUnknown")] == [
        "roleUnknown"
    ]
    assert len(await cycle.refusals(query=f"&cycle={one['id']}")) == len(everything)
    assert await cycle.refusals(query=f"&token={new_id()}") == []
    assert await cycle.refusals(query="&to=2020-01-01") == []
    pages = [row for page in await cycle.full.pages("/refusals", 4) for row in page]
    assert pages == everything
    assert [each["at"] for each in pages] == sorted((each["at"] for each in pages), reverse=True)
    unchanged = await cycle.refusals(query="&kind=unchanged")
    assert [(each["method"], each["route"]) for each in unchanged] == [
        ("POST", "/api/scim/v2/Bulk"),
        ("PATCH", "/api/scim/v2/Users/{id}"),
    ]
    assert {each["finding"] for each in unchanged} == {None}
    assert unchanged[1]["subject"]["id"] == cycle.anna


@pytest.mark.parametrize(
    "query", ["finding=sky", "cycle=1", "limit=201", "from=2026-02-30", "kind=no", "cursor=x"]
)
async def test_a_wrong_parameter_of_refusals_is_named(cycle: Provisioned, query: str) -> None:
    answer = await cycle.audit.get(f"/refusals?{query}")

    assert answer.status == 400, answer
    assert answer.body["errors"][0]["parameter"] == query.partition("=")[0]


async def test_a_cycle_says_what_it_changed(cycle: Provisioned) -> None:
    [one] = (await cycle.audit.get("/cycles")).body["items"]
    answer = await cycle.audit.get(f"/cycles/{one['id']}")

    assert answer.status == 200, answer
    assert one["state"] == "running"
    assert one["token"]["id"] == str(cycle.tenant.token_id)
    assert one["counts"] == {
        "created": 2,
        "changed": 1,
        "deactivated": 0,
        "reactivated": 0,
        "deleted": 0,
        "roles": 0,
        "membersAdded": 1,
        "membersRemoved": 0,
        "unchanged": 2,
        "refused": 9,
        "requests": 14,
        "reads": 3,
    }
    assert 0 < one["durationS"] < 60
    assert one["slowest"]["durationMs"] > 0
    assert {name: answer.body[name] for name in one} == one
    assert (answer.body["before"], answer.body["difference"]) == (None, None)
    worst = answer.body["refusals"][0]
    assert (worst["finding"], worst["requests"], worst["cycles"]) == ("userNameTaken", 2, 1)
    assert sum(each["requests"] for each in answer.body["refusals"]) == 9


async def test_events_of_a_cycle_are_found(cycle: Provisioned) -> None:
    [one] = (await cycle.audit.get("/cycles")).body["items"]
    of_cycle = await cycle.audit.get(f"/events?cycle={one['id']}&order=asc")
    other = await cycle.audit.get(f"/events?cycle={one['id']}&token={new_id()}")
    unknown = await cycle.audit.get(f"/events?cycle={new_id()}")

    assert [each["type"] for each in of_cycle.body["items"]] == [
        "UserProvisioned",
        "GroupCreated",
        "MembersAdded",
        "UserChanged",
    ]
    assert other.body["items"] == []
    assert (unknown.status, unknown.body["errors"][0]["parameter"]) == (400, "cycle")


async def test_another_organization_sees_nothing_of_it(cycle: Provisioned) -> None:
    other = await make_tenant(cycle.served.runtime, f"Fabrikam {secrets.token_hex(6)}")
    admin = Admin(cycle.served, with_scope(cycle.served, other, "audit:read"), AUDIT)
    [one] = (await cycle.audit.get("/cycles")).body["items"]

    assert (await admin.get("/cycles")).body["items"] == []
    assert (await admin.get("/refusals")).body["items"] == []
    assert (await admin.get(f"/cycles/{one['id']}")).status == 404
    assert (await admin.get(f"/refusals?cycle={one['id']}")).status == 404


async def test_no_table_holds_what_was_sent_as_text(cycle: Provisioned) -> None:
    rows = await cycle.served.owner.fetch(
        "SELECT r::text, encode(sealed, 'escape') AS sealed FROM service.requests AS r"
        " WHERE organization_id = $1",
        cycle.tenant.id,
    )
    assert len(rows) == 11
    assert "contoso" not in str(rows).lower()
    assert "emperor" not in str(rows).lower()


async def test_what_is_said_about_a_person_is_forgotten(cycle: Provisioned) -> None:
    before = {each["id"]: each for each in await cycle.refusals()}
    async with cycle.served.runtime.pool.acquire() as connection:
        sealer = cycle.served.runtime.sealer
        place = (connection, cycle.tenant.id, UUID(cycle.anna))
        count = await forget_person(*place, [ANNA], sealer=sealer)
        again = await forget_person(*place, [ANNA], sealer=sealer)
    after = {each["id"]: each for each in await cycle.refusals()}

    erased = {each["id"] for each in after.values() if each["isErased"]}
    about = {key for key, each in before.items() if ANNA in str(each).lower()}
    assert (count, again) == (3, 0)
    assert erased == about
    assert {after[each]["detail"] for each in erased} == {None}
    assert {key: each for key, each in after.items() if key not in erased} == {
        key: each for key, each in before.items() if key not in erased
    }


def sent(
    cycle: Provisioned, kept: KeptRequests, token_id: UUID, *, ago_s: float, is_read: bool = False
) -> None:
    """Note a request of a token that came some seconds ago."""
    kept.see(
        (cycle.tenant.id, token_id),
        new_id(),
        "GET",
        "/Users",
        began_s=time.time() - ago_s,
        duration_ms=ago_s / 1_000,
        is_read=is_read,
        unchanged=0,
        refused=0,
    )


async def test_a_gap_of_ten_minutes_ends_a_cycle(cycle: Provisioned) -> None:
    kept, token_id, runtime = KeptRequests(), new_id(), cycle.served.runtime
    for ago_s in (4_000, 3_500, 2_800, 2_250, 2_249):
        sent(cycle, kept, token_id, ago_s=ago_s)
        await flush(runtime.pool, runtime.sealer, kept, 10)

    later, former = (await cycle.audit.get(f"/cycles?token={token_id}")).body["items"]
    answer = (await cycle.audit.get(f"/cycles/{later['id']}")).body

    assert [(each["counts"]["requests"], each["state"]) for each in (later, former)] == [
        (3, "over"),
        (2, "over"),
    ]
    assert [round(each["durationS"]) for each in (later, former)] == [551, 500]
    assert later["slowest"]["durationMs"] == 2.8
    assert answer["before"]["id"] == former["id"]
    assert answer["difference"]["requests"] == 1
    first = await cycle.audit.get(f"/cycles?token={token_id}&limit=1")
    second = await cycle.audit.get(
        f"/cycles?token={token_id}&limit=1&cursor={first.body['nextCursor']}"
    )
    assert [*first.body["items"], *second.body["items"]] == [later, former]
    assert second.body["nextCursor"] is None
    stored = "SELECT count(*) FROM service.cycles WHERE token_id = $1 AND counts IS NOT NULL"
    assert await cycle.served.owner.fetchval(stored, token_id) == 2


def refused(cycle: Provisioned, **changed: Any) -> KeptRequest:
    """Return a refused request."""
    made = KeptRequest(
        cycle.tenant.id,
        new_id(),
        time.time() - 86_400 * 40,
        new_id(),
        new_id(),
        None,
        True,
        "POST",
        "/Users",
        400,
        "invalidValue",
        "title",
        "valueInvalid",
        None,
        Text("Carla", "It does not fit.", {}),
        1.0,
    )
    return made._replace(**changed)


async def test_an_organization_keeps_so_many_requests_of_a_day(cycle: Provisioned) -> None:
    kept, runtime, mark = KeptRequests(), cycle.served.runtime, new_id()
    for count in (2, 3):
        for _ in range(count):
            kept.keep(refused(cycle, token_id=mark))
            kept.keep(refused(cycle, token_id=mark, is_refused=False, finding=None, text=None))
        await flush(runtime.pool, runtime.sealer, kept, 4)

    rows = await cycle.refusals(query=f"&token={mark}&kind=all")
    assert sorted(each["finding"] or "" for each in rows) == [""] * 4 + ["valueInvalid"] * 4
    await forget_old(runtime.pool, 39)
    assert await cycle.refusals(query=f"&token={mark}&kind=all") == []


async def test_a_text_that_is_no_unicode_is_kept(cycle: Provisioned) -> None:
    kept, runtime, mark = KeptRequests(), cycle.served.runtime, new_id()
    kept.keep(refused(cycle, token_id=mark, at_s=time.time(), text=Text("\ud800\0", "No.", {})))
    await flush(runtime.pool, runtime.sealer, kept, 100)

    [row] = await cycle.refusals(query=f"&token={mark}")
    assert row["subject"]["name"] == "?\0"


async def test_memory_is_bounded_and_floods_are_kept_once(cycle: Provisioned) -> None:
    kept = KeptRequests()
    for _ in range(WAITING_MAX + 5):
        kept.keep(refused(cycle))
        kept.keep(refused(cycle, status=429, finding="tooManyRequests"))
    taken, sightings = kept.take(WAITING_MAX)

    assert len(taken) == WAITING_MAX
    assert [each.finding for each in taken].count("tooManyRequests") == 1
    kept.keep(refused(cycle))
    kept.put_back(taken, sightings)
    assert len(kept) == WAITING_MAX


async def test_all_that_waits_is_written_at_the_end(cycle: Provisioned) -> None:
    kept, runtime, mark = KeptRequests(), cycle.served.runtime, new_id()
    async with keeping_requests(runtime.pool, runtime.sealer, kept, days=100, per_day=10_000):
        for _ in range(TAKEN_MAX + 1):
            kept.keep(refused(cycle, token_id=mark, at_s=time.time(), text=None))

    assert len(kept) == 0
    count = "SELECT count(*) FROM service.requests WHERE token_id = $1"
    assert await cycle.served.owner.fetchval(count, mark) == TAKEN_MAX + 1
    forget = "DELETE FROM service.requests WHERE token_id = $1"
    await cycle.served.owner.execute(forget, mark)


async def test_every_refusal_of_a_bulk_is_kept(cycle: Provisioned) -> None:
    gone = {"method": "DELETE", "path": f"/Users/{new_id()}"}

    answer = await cycle.scim.post("/Bulk", {"Operations": [gone] * 150})

    request_id = answer.headers["X-Request-Id"]
    count = "SELECT count(*) FROM service.requests WHERE request_id = $1::uuid"
    async with asyncio.timeout(LATE_S):
        while await cycle.served.owner.fetchval(count, request_id) < 150:  # noqa: ASYNC110 - as above.
            await asyncio.sleep(0.1)
