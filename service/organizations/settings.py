"""Changes the settings of an organization."""

from collections.abc import Mapping
from typing import Any

from eventstore.events import Provenance
from schema.events.organization import Organization
from service.callers.caller import Caller
from service.runtime import Runtime
from service.write.commands import ChangeSettings


async def change_settings(
    runtime: Runtime,
    organization: Organization,
    settings: Mapping[str, Any],
    *,
    provenance: Provenance,
) -> bool:
    """Change settings, by the names of schema/events/settings.py; None returns one to its default.

    Return whether that changed anything. Errors: InvalidValue, Forbidden.
    """
    command = ChangeSettings(organization.id, settings)
    caller = Caller(organization, None, provenance.source)
    outcome = await runtime.lanes.submit(command, caller, provenance)
    return outcome.is_changed
