"""`scim2-client` as a second, independent client: it discovers the service and validates everything it reads."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from scim2_client.engines.httpx2 import AsyncSCIMClient
from scim2_models import PatchOp, PatchOperation, SCIMException, ScimProvider, SearchRequest

from tests.serving import Scim

KNOWN: dict[
    str, ScimProvider
] = {}  # Discovery makes a class of each schema: seconds of work, done once.


@pytest.fixture
async def client(scim: Scim) -> AsyncIterator[AsyncSCIMClient]:
    """Give a client that knows only what discovery returns about the service."""
    headers = {"Authorization": f"Bearer {scim.token}"}
    async with httpx2.AsyncClient(base_url=scim.base, headers=headers) as http:
        if scim.base not in KNOWN:
            discovering = AsyncSCIMClient(http)
            await discovering.discover()
            KNOWN[scim.base] = discovering.provider
        yield AsyncSCIMClient(http, provider=KNOWN[scim.base])


def model_for(client: AsyncSCIMClient, name: str) -> Any:
    """Return the model that the client built from /Schemas for a resource type."""
    return client.provider.model_for(name)


def replacing(model: Any, path: Any, value: Any) -> Any:
    """Return a PatchOp that replaces one attribute."""
    operation: Any = PatchOperation(op=PatchOperation.Op.replace_, path=path, value=value)
    return PatchOp[model](operations=[operation])


def matching(text: Any) -> Any:
    """Return a query with a filter."""
    return SearchRequest(filter=text)


async def test_a_user_goes_round(client: AsyncSCIMClient) -> None:
    user = model_for(client, "User")
    made: Any = await client.create(user(user_name="ada", display_name="Ada"))

    assert await client.query(user, made.id) == made
    found: Any = await client.query(user, matching('userName eq "ADA"'))
    assert (found.total_results, found.resources) == (1, [made])
    patched: Any = await client.modify(user, made.id, replacing(user, "displayName", "Ada King"))
    assert (patched.display_name, patched.meta.version) == ("Ada King", 'W/"2"')
    patched.display_name = "Ada Lovelace"
    replaced: Any = await client.replace(patched)
    assert (replaced.display_name, replaced.user_name) == ("Ada Lovelace", "ada")
    assert await client.delete(user, made.id) is None
    with pytest.raises(SCIMException, match="no user"):
        await client.query(user, made.id)


async def test_a_group_goes_round(client: AsyncSCIMClient) -> None:
    user, group = model_for(client, "User"), model_for(client, "Group")
    ada: Any = await client.create(user(user_name="ada"))
    made: Any = await client.create(group(display_name="Sales"))

    value = [{"value": ada.id}]
    patched: Any = await client.modify(group, made.id, replacing(group, "members", value))
    assert [each.value for each in patched.members] == [ada.id]
    found: Any = await client.query(group, matching('displayName eq "sales"'))
    assert found.resources == [patched]
    assert await client.delete(group, made.id) is None


async def test_a_role_is_read(client: AsyncSCIMClient) -> None:
    roles: Any = await client.query(model_for(client, "Role"))

    names = [each.display_name for each in roles.resources]
    assert names == ["Administrator", "Editor", "Contributor", "Validator", "Reader"]


async def test_a_conflict_is_understood(client: AsyncSCIMClient) -> None:
    user = model_for(client, "User")
    await client.create(user(user_name="ada"))

    with pytest.raises(SCIMException, match="taken"):
        await client.create(user(user_name="ADA"))
