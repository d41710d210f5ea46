"""Record erasures outside of the database, so that an older backup cannot undo one unnoticed."""

from uuid import UUID

import structlog

from eventstore.proof.outside_lines import Erased
from service.proof.outside import OutsideCopy

log = structlog.get_logger()


async def record_outside(copy: OutsideCopy, organization_id: UUID, erased: Erased) -> bool:
    """Write that a person was erased; return whether it was written. If not, a running service writes it later."""
    try:
        await copy.save_erased(organization_id, erased)
    except OSError as error:
        log.warning(
            "erasure_not_recorded_outside",
            place=copy.place,
            organization_id=str(organization_id),
            error=str(error),
        )
        return False
    return True
