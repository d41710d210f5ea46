"""Registers extension schemas for an organization."""

import orjson

from eventstore.events import Provenance
from schema.events.organization import Organization
from schema.scim.errors import InvalidValue
from schema.scim.extension import refuse_other_case
from schema.scim.json_text import refuse_repeated_keys, without_mark
from service.callers.acting import acting
from service.runtime import Runtime
from service.write.commands import RegisterSchema


async def register_schema(
    runtime: Runtime, organization: Organization, text: bytes, *, provenance: Provenance
) -> bool:
    """Register an extension schema given as JSON; return whether that changed anything.

    Errors: InvalidValue and InvalidSyntax; the message says what to change.
    """
    sent = without_mark(text)
    try:
        document = orjson.loads(sent)
    except orjson.JSONDecodeError as error:
        raise InvalidValue(f"The file is not JSON in UTF-8: {error}.") from None
    refuse_repeated_keys(sent)
    if isinstance(document, dict):
        refuse_other_case(organization.schemas, str(document.get("id")))
    command = RegisterSchema(organization.id, document)
    outcome = await runtime.lanes.submit(command, acting(organization, provenance), provenance)
    return outcome.is_changed
