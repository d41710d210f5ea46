"""Fields that several forms have: a person, a reason. What is wrong is said at the field."""

from uuid import UUID

from schema.scim.errors import NotFound
from service.console.framework.call import ConsoleCall
from service.replay.resolve import find_person


async def person_in(call: ConsoleCall) -> UUID | None:
    """Return the person whom a form names by userName or id; None if it names nobody."""
    wanted = call.form.value("person")
    if not wanted:
        call.form.refuse(
            "person", call.t("export.no_person", "Enter the userName or the id of the person.")
        )
        return None
    runtime = call.runtime
    try:
        async with runtime.pool.acquire() as connection:
            return await find_person(connection, runtime.sealer, call.organization.id, wanted)
    except NotFound as error:
        call.form.refuse("person", call.said(error))
        return None


def reason_in(call: ConsoleCall) -> str:
    """Return the reason that a form gives; empty if it gives none."""
    reason = call.form.value("reason")
    if not reason:
        call.form.refuse(
            "reason", call.t("privacy.no_reason", "Enter the reason: a number of a case.")
        )
    return reason
