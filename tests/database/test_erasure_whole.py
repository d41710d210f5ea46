"""After erasures the log is whole: rebuilds, comparisons and proofs agree, and a restore undoes nothing unnoticed."""

import secrets
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from eventstore.postgres.connection import Connection
from eventstore.trees.check import Sources, check_all
from projections.directory.organizations import Everything, list_everything
from projections.rebuild.rebuild import rebuild
from schema.scim.definitions import USER
from schema.scim.errors import Conflict, InvalidValue, NotFound
from service.callers.caller import Caller
from service.cli.provenance import cli_provenance
from service.erasure import organization
from service.erasure.export import export_organization
from service.erasure.holds import lift_hold, list_holds, set_hold
from service.erasure.organization import erase_organization
from service.erasure.people import Place, erase_person
from service.ids import new_id
from service.organizations.register import find_organization
from service.proof.folder_copy import FolderCopy
from service.write.commands import CreateUser
from tests.database.rebuilding import differences, rebuild_context, silent
from tests.database.test_erasure import ENTERPRISE, MARK, PERSON, House, add, make_house, traces
from tests.following import until_followed
from tests.invariants import check_log
from tests.serving import Served, started


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(FolderCopy(tmp_path / "outside", tmp_path / "mark"), 30)


async def erase(served: Served, house: House, user: str, place: Place) -> Any:
    found = await find_organization(served.runtime, str(house.tenant.id))
    return await erase_person(
        served.runtime,
        found,
        UUID(user),
        reason="Request 5",
        is_forced=True,
        provenance=cli_provenance(),
        place=place,
    )


async def test_rebuild_verify_and_proof_agree_and_an_undone_erasure_is_found(
    database_url: str, place: Place
) -> None:
    async with started(database_url) as served:
        house = await make_house(served)
        person = await add(house, **PERSON)
        by_id = {"value": person, "displayName": PERSON["displayName"]}
        await add(house, **{ENTERPRISE: {"manager": by_id}})
        key = await served.owner.fetchrow(
            "SELECT * FROM eventstore.subject_keys WHERE subject_id = $1::text::uuid", person
        )
        receipt = await erase(served, house, person, place)

        context = rebuild_context(database_url)
        assert await differences(context) == []
        await rebuild(context, silent)
        assert await differences(context) == []
        assert await traces(served.owner, MARK) == []
        await check_log(served.owner, served.runtime.sealer, house.tenant.id)

        outside = await place.copy.load([house.tenant.id])
        [erased] = outside[house.tenant.id].erased
        assert (str(erased.subject_id), erased.position) == (person, receipt.position)
        sources = Sources(outside, served.runtime.sealer.mark_key)
        verdict = await check_all(served.owner, house.tenant.id, sources, lambda _at, _of: None)
        assert [each.code for each in verdict.findings] == []

        # An older backup of the keys is put back.
        await served.owner.execute(
            "INSERT INTO eventstore.subject_keys VALUES ($1, $2, $3, $4)", *key
        )
        verdict = await check_all(served.owner, house.tenant.id, sources, lambda _at, _of: None)
        assert [each.code for each in verdict.findings] == ["erasure_undone"]
        await rebuild(context, silent)
        assert await traces(served.owner, MARK) == []
        shown = await house.audit.get(f"/users/{person}/timeline")
        assert MARK not in str(shown.body).lower()

        await erase(served, house, person, place)
        verdict = await check_all(served.owner, house.tenant.id, sources, lambda _at, _of: None)
        assert [each.code for each in verdict.findings] == []


async def test_a_legal_hold_refuses_until_it_is_lifted(served: Served, place: Place) -> None:
    house = await make_house(served)
    person = await add(house, displayName="Wanda Odd")
    found = await find_organization(served.runtime, str(house.tenant.id))
    user_id = UUID(person)
    by = cli_provenance("Legal")
    body = {"subjectId": person, "reason": "Request 6", "force": True}

    with pytest.raises(InvalidValue):
        await set_hold(served.runtime, found, user_id, reason="Odd sues us", provenance=by)
    with pytest.raises(NotFound):
        await set_hold(served.runtime, found, new_id(), reason="Case 1", provenance=by)
    for subject in (user_id, None):
        assert await set_hold(served.runtime, found, subject, reason="Case 1", provenance=by)
        assert not await set_hold(served.runtime, found, subject, reason="Case 1", provenance=by)
        refused = await house.eraser.post("/erasures", body)
        assert refused.status == 409
        assert "as Legal" in refused.body["detail"]
        assert "audit hold lift" in refused.body["detail"]
        with pytest.raises(Conflict):
            await erase_organization(
                served.runtime, found, reason="End", provenance=by, place=place
            )
        [hold] = await list_holds(served.runtime, found)
        assert (hold.subject_id, hold.reason) == (subject, "Case 1")
        await lift_hold(served.runtime, found, subject, reason="Closed", provenance=by)
        with pytest.raises(NotFound):
            await lift_hold(served.runtime, found, subject, reason="Closed", provenance=by)
    assert (await house.scim.get(f"/Users/{person}")).status == 200
    assert (await house.eraser.post("/erasures", body)).status == 201


async def test_an_organization_is_exported_and_then_erased(served: Served, place: Place) -> None:
    house, other = await make_house(served), await make_house(served)
    mark = "zqo" + secrets.token_hex(4)
    person = await add(house, displayName=f"A {mark}")
    legal = {"displayName": f"Legal {mark}", "members": [{"value": person}]}
    group = (await house.scim.post("/Groups", legal)).body["id"]
    renamed = {"op": "replace", "path": "displayName", "value": f"Law {mark}"}
    await house.scim.patch(f"/Groups/{group}", renamed)
    logged = "SELECT string_agg(data::text, '') FROM eventstore.events WHERE stream_id = $1"
    assert mark not in await served.owner.fetchval(logged, UUID(group))  # Names are sealed.
    former = await add(house, displayName=f"B {mark}")
    await house.scim.delete(f"/Users/{former}")
    found = await find_organization(served.runtime, str(house.tenant.id))
    by = cli_provenance()

    file = BytesIO()
    exported = await export_organization(served.runtime, found, file, provenance=by)
    *lines, trailer = map(orjson.loads, file.getvalue().splitlines())
    assert trailer == {"trailer": {"count": exported.events, "digest": exported.digest}}
    assert lines[0]["organization"]["name"] == found.name
    assert [each["position"] for each in lines[1:]] == list(range(1, exported.events + 1))
    assert f"A {mark}" in str(lines)
    assert f"Law {mark}" in str(lines)

    receipt = await erase_organization(
        served.runtime, found, reason="End of contract", provenance=by, place=place
    )

    assert (receipt.people, receipt.groups, receipt.tokens) == (3, 1, 1)
    # A batch that a follower wrote meanwhile did not see the erasure; the event of the erasure comes after it.
    await until_followed(served, house.tenant)
    assert await traces(served.owner, mark) == []
    keys = "SELECT count(*) FROM eventstore.subject_keys WHERE organization_id = $1"
    assert await served.owner.fetchval(keys, house.tenant.id) == 0
    assert await served.owner.fetchval(keys, other.tenant.id) == 1
    with pytest.raises(NotFound):
        await find_organization(served.runtime, str(house.tenant.id))
    await check_log(served.owner, served.runtime.sealer, house.tenant.id)
    outside = await place.copy.load([house.tenant.id])
    assert len(outside[house.tenant.id].erased) == 3
    assert await differences(rebuild_context(served.runtime.dsn), house.tenant.id) == []
    assert (await other.scim.get("/Users")).status == 200


async def test_whoever_is_added_while_a_contract_ends_is_erased_too(
    served: Served, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await make_house(served)
    await add(house)
    found = await find_organization(served.runtime, str(house.tenant.id))
    by, mark = cli_provenance(), "zqo" + secrets.token_hex(4)
    caller = Caller(found, None, by.source)
    late = {"userName": f"{mark}@contoso.example"}
    listed = list_everything

    async def add_after(connection: Connection, organization_id: UUID) -> Everything:
        monkeypatch.setattr(organization, "list_everything", listed)
        everything = await listed(connection, organization_id)
        await served.runtime.lanes.submit(CreateUser(new_id(), late, USER), caller, by)
        return everything

    monkeypatch.setattr(organization, "list_everything", add_after)
    receipt = await erase_organization(
        served.runtime, found, reason="End of contract", provenance=by, place=place
    )

    assert receipt.people == 3
    assert await traces(served.owner, mark) == []
    keys = "SELECT count(*) FROM eventstore.subject_keys WHERE organization_id = $1"
    assert await served.owner.fetchval(keys, house.tenant.id) == 0
    with pytest.raises(NotFound):  # Its caller was authenticated before.
        await served.runtime.lanes.submit(CreateUser(new_id(), late, USER), caller, by)
