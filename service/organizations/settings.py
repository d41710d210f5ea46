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
    name: str | None = None,
    provenance: Provenance,
) -> bool:
    """Change settings, by the names of schema/events/settings.py, and the name if one is given: all or nothing.

    None returns a setting to its default; what is given of an object is merged into the present one.
    Return whether that changed anything. Errors: InvalidValue, Forbidden, Uniqueness.
    """
    command = ChangeSettings(organization.id, settings, name)
    caller = Caller(organization, None, provenance.source)
    outcome = await runtime.lanes.submit(command, caller, provenance)
    return outcome.is_changed
