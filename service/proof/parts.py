"""Puts the parts of the proof together, and keeps them running beside the requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from service.background.periodic import periodically
from service.config import Settings
from service.proof.copies import outside_copy, webhook_of
from service.proof.outside_writer import FLUSH_S, OutsideWriter
from service.proof.signer import CheckpointSigner
from service.proof.verdicts import Verdicts
from service.proof.watch import Declare, Watch
from service.runtime import Runtime

LOOK_EVERY_S: Final = 60.0
LOOK_AGAIN_S: Final = 5.0  # While a log is stopped: whoever repaired it waits.


@dataclass(frozen=True, slots=True)
class ProofStatus:
    """What /readyz says about the proof."""

    verdicts: Verdicts
    writer: OutsideWriter
    is_copy_required: bool

    def document(self) -> dict[str, Any]:
        """Return the contradicted logs, and whether the copy outside is late."""
        contradicted = [
            {"organizationId": str(key), "code": code}
            for key, code in self.verdicts.contradicted().items()
        ]
        late = {"outsideCopy": "late"} if self.writer.is_late else {}
        return {**({"contradictions": contradicted} if contradicted else {}), **late}

    def reason(self) -> str:
        """Return why the service is not ready; empty if it is."""
        if self.verdicts.is_database_put_back:
            return (
                "More than half of the logs contradict their checkpoints: an older backup may have been put back. "
                "Run scim-ledger audit verify."
            )
        if self.is_copy_required and self.writer.is_late:
            return "The copy of checkpoints outside of the database cannot be written."
        return ""


@asynccontextmanager
async def proving(
    runtime: Runtime, settings: Settings, declare: Declare | None = None
) -> AsyncIterator[ProofStatus]:
    """Compare all logs once, then sign and watch for the duration of the block.

    `declare` declares that the tail of a log is lost, where that is allowed.
    """
    copy, verdicts = outside_copy(settings), Verdicts(runtime.stopped)
    writer = OutsideWriter(runtime.pool, copy, verdicts, webhook_of(settings))
    watch = Watch(
        runtime.pool,
        copy,
        verdicts,
        runtime.heights,
        writer=writer,
        sealer=runtime.sealer,
        declare=declare,
    )
    await watch.look()
    signer = CheckpointSigner(runtime, copy, verdicts, writer)
    pace = _Pace(watch, runtime)
    writing = asyncio.create_task(writer.run(), name="outside copy")
    signing = asyncio.create_task(signer.run(), name="proof")
    try:
        async with periodically(
            pace.look,
            every_s=LOOK_AGAIN_S,
            name="proof watch",
            failed="proof_look_failed",
            postponed="proof_not_looked_at",
        ):
            yield ProofStatus(verdicts, writer, settings.outside_copy_required)
    finally:
        signer.stop()
        await signing
        writer.stop()
        _, pending = await asyncio.wait([writing], timeout=FLUSH_S)
        for each in pending:
            each.cancel()
        await asyncio.wait([writing])


class _Pace:
    """Looks every minute, and more often while a log is stopped."""

    def __init__(self, watch: Watch, runtime: Runtime) -> None:
        self._watch = watch
        self._runtime = runtime
        self._looked_at_s = asyncio.get_running_loop().time()

    async def look(self) -> None:
        """Look if it is time."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._looked_at_s >= LOOK_EVERY_S or len(self._runtime.stopped):
            self._looked_at_s = now_s
            await self._watch.look()
