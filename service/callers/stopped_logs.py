"""The logs whose requests are stopped: a new event would take a position that already meant something else.

What compares logs with their checkpoints stops and releases them; authentication refuses their requests. The command line
goes on, because it repairs.
"""

from uuid import UUID

from schema.scim.errors import Unavailable


class StoppedLogs:
    """The stopped logs of this process, each with the code that says why."""

    def __init__(self) -> None:
        self._codes: dict[UUID, str] = {}

    def __len__(self) -> int:
        """Return how many logs are stopped."""
        return len(self._codes)

    def __contains__(self, organization_id: UUID) -> bool:
        """Return whether a log is stopped."""
        return organization_id in self._codes

    def stop(self, organization_id: UUID, code: str) -> None:
        """Refuse the requests of an organization from now on."""
        self._codes[organization_id] = code

    def release(self, organization_id: UUID) -> None:
        """Accept the requests of an organization again."""
        self._codes.pop(organization_id, None)

    def refuse(self, organization_id: UUID) -> None:
        """Raise Unavailable if the requests of an organization are stopped."""
        if self._codes and (code := self._codes.get(organization_id)):
            raise stopped(code)


def stopped(code: str) -> Unavailable:
    """Return the refusal of a request whose log contradicts its checkpoints."""
    return Unavailable(
        f"The log of this organization contradicts its checkpoints ({code}): the operator must look at it "
        "with `scim-ledger audit verify` before it takes requests again."
    )
