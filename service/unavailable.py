"""The refusal that a client gets during an outage: its request is not at fault and may be sent again."""

from collections.abc import Iterator
from contextlib import contextmanager

from eventstore.postgres.outages import Outage, classify
from schema.scim.errors import Unavailable


def unavailable(outage: Outage) -> Unavailable:
    """Return the refusal for an outage."""
    if outage in {Outage.OTHER_RELEASE, Outage.INCOMPLETE_ROW}:
        return Unavailable(
            "The tables are of another release: the operator must rebuild them; try again later."
        )
    return Unavailable("The database cannot be reached: try again.")


@contextmanager
def unavailable_in_outages() -> Iterator[None]:
    """Refuse what an outage stops in the block. Errors: Unavailable; all others pass."""
    try:
        yield
    except Exception as error:
        outage = classify(error)
        if outage is Outage.NONE:
            raise
        raise unavailable(outage) from error
