"""Who acts on the command line."""

import os
import pwd

from eventstore.events import Provenance
from schema.scim.errors import InvalidValue
from service.ids import new_id
from service.terminal import printable
from service.write.decide.organization import NAME_LENGTH_MAX


def cli_provenance(acting_as: str | None = None) -> Provenance:
    """Return who acts on the command line: the system account, and the name given with --as."""
    account = system_account()
    actor = (
        f"cli:{account} as {_checked_name(acting_as)}"
        if acting_as is not None
        else f"cli:{account}"
    )
    return Provenance(actor, None, new_id(), "cli")


def system_account() -> str:
    """Return the account of this process as `id` shows it, 1000(ada). Environment variables cannot change it."""
    uid = os.getuid()
    try:
        return f"{uid}({printable(pwd.getpwuid(uid).pw_name)})"
    except (OSError, KeyError):  # A container's user id may have no name.
        return str(uid)


def _checked_name(name: str) -> str:
    """Return a name that is printable text on one line. Errors: InvalidValue."""
    text = name.strip()
    if not text or len(text) > NAME_LENGTH_MAX or not text.isprintable():
        raise InvalidValue(
            f"--as takes a name of 1 to {NAME_LENGTH_MAX} characters, without control characters."
        )
    return text
