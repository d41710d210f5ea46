"""Legal holds: what may not be erased, until somebody who is entitled to lifts them."""

from uuid import UUID

from eventstore.events import Provenance
from schema.events.organization import Organization
from service.callers.caller import Caller
from service.erasure.people import existing_events
from service.erasure.values import checked_reason, read_names
from service.runtime import Runtime
from service.write.commands import LiftLegalHold, SetLegalHold
from service.write.decide.state import LegalHold
from service.write.former_users import load_legal_holds


async def set_hold(
    runtime: Runtime,
    organization: Organization,
    user_id: UUID | None,
    *,
    reason: str,
    provenance: Provenance,
) -> bool:
    """Let nobody erase a person, or (None) anybody of the organization; return whether that is new.

    Errors: NotFound; InvalidValue if the reason names the person.
    """
    reason = await _checked(runtime, organization, user_id, reason)
    command = SetLegalHold(organization.id, user_id, reason)
    caller = Caller(organization, None, provenance.source)
    return (await runtime.lanes.submit(command, caller, provenance)).is_changed


async def lift_hold(
    runtime: Runtime,
    organization: Organization,
    user_id: UUID | None,
    *,
    reason: str,
    provenance: Provenance,
) -> None:
    """End a legal hold. Errors: NotFound if there is none; InvalidValue if the reason names the person."""
    reason = await _checked(runtime, organization, user_id, reason)
    command = LiftLegalHold(organization.id, user_id, reason)
    await runtime.lanes.submit(command, Caller(organization, None, provenance.source), provenance)


async def list_holds(runtime: Runtime, organization: Organization) -> list[LegalHold]:
    """Return the legal holds that stand, oldest first."""
    async with runtime.pool.acquire() as connection:
        holds = await load_legal_holds(connection, organization.id)
    return sorted(holds.values(), key=lambda each: each.position)


async def _checked(
    runtime: Runtime, organization: Organization, user_id: UUID | None, reason: str
) -> str:
    if user_id is None:
        return checked_reason(reason)
    async with runtime.pool.acquire() as connection:
        events = await existing_events(connection, organization.id, user_id)
        _, parts = await read_names(connection, runtime.sealer, events)
    return checked_reason(reason, parts)
