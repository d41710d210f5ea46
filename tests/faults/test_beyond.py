"""A stream with an event of a later release: its writes are refused with the event and a remedy, not retried for ever."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from projections.directory.organizations import list_organizations
from schema.scim.errors import ScimError
from service.cli.provenance import cli_provenance
from service.organizations.tokens import issue_token
from tests.serving import Scim, Served, Tenant, make_tenant, started

APPEND = (
    "INSERT INTO eventstore.events (organization_id, position, stream_id, version, event_id, type,"
    "                               schema_version, recorded_at, actor_id, request_id, source, data)"
    " SELECT tail.organization_id, tail.position + 1, $2,"
    "        (SELECT max(version) + 1 FROM eventstore.events"
    "          WHERE organization_id = $1 AND stream_id = $2),"
    "        gen_random_uuid(), $3, $4, tail.recorded_at + interval '1 ms', tail.actor_id,"
    "        tail.request_id, 'cli', $5"
    "   FROM eventstore.events AS tail WHERE organization_id = $1"
    "  ORDER BY position DESC LIMIT 1 RETURNING position"
)


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Served]:
    """Give a service on its own database."""
    async with started(database_url) as running:
        yield running


@pytest.fixture
async def tenant(own: Served) -> Tenant:
    """Give an organization of that service."""
    return await make_tenant(own.runtime, "Contoso")


@pytest.fixture
def scim(own: Served, tenant: Tenant) -> Scim:
    """Give a client of that organization."""
    return Scim(own, tenant.token)


async def append(
    own: Served, tenant: Tenant, stream_id: str, event_type: str, version: int = 1
) -> int:
    """Append an event directly, as a later release would; return its position."""
    position: int = await own.owner.fetchval(
        APPEND, tenant.id, UUID(stream_id), event_type, version, "{}"
    )
    return position


@pytest.mark.parametrize(
    ("event_type", "version", "knows"),
    [
        ("UserTeleported", 1, "knows no event of that type"),
        ("UserChanged", 7, "knows version 1 of it"),
    ],
)
async def test_a_write_to_a_user_names_the_event_and_what_to_do(
    event_type: str, version: int, knows: str, own: Served, tenant: Tenant, scim: Scim
) -> None:
    ada = (await scim.post("/Users", {"userName": "ada"})).body["id"]
    position = await append(own, tenant, ada, event_type, version)
    title = {"op": "replace", "path": "title", "value": "Countess"}
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [title]}
    for method, sent in (("PATCH", body), ("PUT", {"userName": "eve"}), ("DELETE", None)):
        answer = await scim.ask(method, f"/Users/{ada}", sent)
        assert answer.status == 503
        assert "Retry-After" not in answer.headers
        assert f"{event_type} version {version} at position {position}" in answer.body["detail"]
        assert knows in answer.body["detail"]
        assert "must upgrade the service" in answer.body["detail"]


async def test_a_write_to_a_group_names_it_too_and_its_neighbors_succeed(
    own: Served, tenant: Tenant, scim: Scim
) -> None:
    legal = (await scim.post("/Groups", {"displayName": "Legal"})).body["id"]
    await append(own, tenant, legal, "GroupArchived")
    name = {"op": "replace", "path": "displayName", "value": "Law"}
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [name]}
    with capture_logs() as lines:
        answer = await scim.ask("PATCH", f"/Groups/{legal}", body)

    assert (answer.status, "GroupArchived" in answer.body["detail"]) == (503, True)
    assert "log_goes_beyond" in [each["event"] for each in lines]
    assert (await scim.get(f"/Groups/{legal}")).status == 200
    assert (await scim.post("/Groups", {"displayName": "Sales"})).status == 201


async def test_a_write_to_the_organization_names_it_too(own: Served, tenant: Tenant) -> None:
    await append(own, tenant, str(tenant.id), "OrganizationMerged")
    async with own.runtime.pool.acquire() as connection:
        [organization] = await list_organizations(connection)

    with pytest.raises(ScimError, match="OrganizationMerged version 1 at position"):
        await issue_token(own.runtime, organization, "another", provenance=cli_provenance())


async def test_a_directory_that_lacks_a_known_event_asks_for_a_rebuild(
    own: Served, tenant: Tenant, scim: Scim
) -> None:
    ada = (await scim.post("/Users", {"userName": "ada"})).body["id"]
    await append(own, tenant, ada, "UserDeactivated")
    answer = await scim.ask("DELETE", f"/Users/{ada}")

    assert (answer.status, answer.headers.get("Retry-After")) == (503, None)
    assert "scim-ledger projections rebuild directory" in answer.body["detail"]
