"""A log that was there before its tree is hashed by the running service, which records where the proof begins."""

import asyncpg
import pytest

from eventstore.proof.verdicts import AuditExit
from service.organizations.register import find_organization
from service.proof.repair import begin
from service.proof.verify import Verification, verify_logs
from tests.proof.running import Proven, prove, until
from tests.proof.test_evidence import BY_HAND, silent
from tests.serving import Scim, settings, started

# What the migration finds: events without marks, and no tree.
BEFORE = """
ALTER TABLE eventstore.events DISABLE TRIGGER ALL;
ALTER TABLE proof.checkpoints DISABLE TRIGGER ALL;
UPDATE eventstore.events SET mark = NULL;
DELETE FROM proof.checkpoints;
DELETE FROM proof.tiles;
DELETE FROM proof.signers;
DELETE FROM proof.logs;
ALTER TABLE eventstore.events ENABLE TRIGGER ALL;
ALTER TABLE proof.checkpoints ENABLE TRIGGER ALL;
"""
FOUND = """
INSERT INTO proof.logs (organization_id, is_found)
SELECT DISTINCT organization_id, true FROM eventstore.events
"""


async def verified(proven: Proven) -> Verification:
    """Return what `audit verify` finds."""
    runtime = proven.served.runtime
    return await verify_logs(runtime, settings(runtime.dsn), silent)


@pytest.mark.parametrize("is_migrated", [True, False], ids=["by the migration", "by hand"])
async def test_a_log_of_before_is_proven_from_then_on(
    database_url: str, connection: asyncpg.Connection, *, is_migrated: bool
) -> None:
    async with started(database_url) as served:
        proven = await prove(served, "Contoso", users=2)
        before = await proven.signed()
    await connection.execute(BEFORE)
    if is_migrated:
        await connection.execute(FOUND)

    async with started(database_url) as served:
        later = Proven(served, proven.tenant, Scim(served, proven.tenant.token))
        if not is_migrated:
            found = await verified(later)
            assert (found.exit, found.verdicts[0].code) == (AuditExit.UNTRUSTED, "unproven")
            organization = await find_organization(served.runtime, None)
            await begin(
                served.runtime,
                settings(database_url),
                organization,
                reason="its checkpoints were lost",
                provenance=BY_HAND,
                report=silent,
            )
        answer = await later.scim.post("/Users", {"userName": "later"})
        assert answer.status == 201
        await until(later.is_begun)
        size = await later.signed()
        found = await verified(later)
        [begun] = await served.owner.fetch(
            "SELECT position FROM eventstore.events WHERE type = 'ProofBegun'"
        )

    assert found.exit == AuditExit.OK, found.verdicts
    assert found.verdicts[0].proven_from == begun["position"] > before
    assert found.verdicts[0].tail >= size
