"""The record of who read the log in the console: whatever page shows events, cycles or refusals records it."""

from collections.abc import Collection
from uuid import UUID

from service.console.framework.call import ConsoleCall


def record_reading(
    call: ConsoleCall,
    path: str,
    position: int,
    subjects: Collection[UUID] = (),
    *,
    names: Collection[str] = (),
) -> None:
    """Record that somebody read the log: about whom, as far as people or groups were named. Nobody has `names`."""
    call.runtime.reads.see(
        call.organization.id,
        call.provenance,
        f"/console{path}",
        position=position,
        subjects=subjects,
        names=names,
    )
