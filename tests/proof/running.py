"""A service with a log that is signed and copied outside, for tests that tamper with it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from eventstore.proof.notes import read_note
from eventstore.proof.outside_lines import OutsideLog
from eventstore.trees.check import Sources
from service.proof.copies import MARK
from service.proof.folder_copy import FolderCopy
from tests.serving import Scim, Served, Tenant, make_tenant, settings

SIGNED_S = 15.0  # A second, on a machine that does other things too.
BEGUN = "SELECT position FROM eventstore.events WHERE organization_id = $1 AND type = 'ProofBegun'"
TAIL = "SELECT max(position) FROM eventstore.events WHERE organization_id = $1"


@dataclass(frozen=True, slots=True)
class Proven:
    """A running service, and an organization whose log is signed up to its tail and copied outside."""

    served: Served
    tenant: Tenant
    scim: Scim

    @property
    def folder(self) -> Path:
        """Return the folder of the copy outside."""
        return settings(self.served.runtime.dsn).data_dir / "checkpoints"

    @property
    def copy(self) -> FolderCopy:
        """Return the copy outside."""
        return FolderCopy(self.folder, self.folder.with_name(MARK))

    async def outside(self) -> OutsideLog:
        """Return what the copy outside holds."""
        return (await self.copy.load([self.tenant.id], with_history=True))[self.tenant.id]

    async def sources(self) -> Sources:
        """Return what the log is compared with."""
        outside = await self.copy.load(with_history=True)
        return Sources(outside, self.served.runtime.sealer.mark_key)

    async def signed(self) -> int:
        """Wait until the copy outside holds a checkpoint of the whole log; return its size."""
        await until(self._is_signed)
        return await self._tail()

    async def is_begun(self) -> bool:
        """Return whether the log says that its proof began."""
        found = await self.served.owner.fetchval(BEGUN, self.tenant.id)
        return found is not None

    async def _is_signed(self) -> bool:
        return await is_copied(self.copy, self.tenant.id, await self._tail())

    async def _tail(self) -> int:
        tail: int = await self.served.owner.fetchval(TAIL, self.tenant.id)
        return tail


async def prove(served: Served, name: str, users: int = 5) -> Proven:
    """Make an organization with users, and wait until its log is signed and copied."""
    proven = await populate(served, name, users)
    await proven.signed()
    return proven


async def populate(served: Served, name: str, users: int) -> Proven:
    """Make an organization with users."""
    tenant = await make_tenant(served.runtime, name)
    proven = Proven(served, tenant, Scim(served, tenant.token))
    for number in range(users):
        answer = await proven.scim.post(
            "/Users", {"userName": f"user{number}@example.com", "displayName": f"User {number}"}
        )
        assert answer.status == 201
    return proven


async def is_copied(copy: FolderCopy, organization_id: UUID, size: int) -> bool:
    """Return whether the copy outside holds a checkpoint of a size."""
    held = (await copy.load([organization_id])).get(organization_id)
    latest = held.latest if held else None
    return latest is not None and read_note(latest).size == size


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(SIGNED_S):
        while not await is_so():  # noqa: ASYNC110 - files give no notice.
            await asyncio.sleep(0.05)
