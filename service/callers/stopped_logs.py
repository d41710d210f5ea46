"""The logs whose requests are stopped: a new event would take a position that already meant something else.

What compares logs with their checkpoints stops and releases them; authentication refuses their requests. The command line
goes on, because it repairs.
"""

from collections.abc import Mapping
from uuid import UUID

from schema.scim.errors import Unavailable


class StoppedLogs:
    """The stopped logs of this process, each with the code that says why."""

    def __init__(self) -> None:
        self._codes: dict[UUID, str] = {}
        self._held: Mapping[UUID, str] = {}

    def __len__(self) -> int:
        """Return how many logs are stopped."""
        return len(self._codes)

    def __contains__(self, organization_id: UUID) -> bool:
        """Return whether a log is stopped, or moves, or has moved."""
        return organization_id in self._codes or organization_id in self._held

    def stop(self, organization_id: UUID, code: str) -> None:
        """Refuse the requests of an organization from now on."""
        self._codes[organization_id] = code

    def release(self, organization_id: UUID) -> None:
        """Accept the requests of an organization again."""
        self._codes.pop(organization_id, None)

    def hold(self, states: Mapping[UUID, str]) -> None:
        """Refuse the requests of the organizations that move or have moved, and of no others."""
        self._held = states

    def refuse(self, organization_id: UUID) -> None:
        """Raise Unavailable if the requests of an organization are stopped."""
        if self._codes and (code := self._codes.get(organization_id)):
            raise stopped(code)
        if self._held and (state := self._held.get(organization_id)):
            raise held(state)


def held(state: str = "moving") -> Unavailable:
    """Return the refusal of a request whose organization moves, or has moved, to another database."""
    if state == "moved":
        return Unavailable("This organization is served elsewhere now: send the request again.")
    return Unavailable("This organization is being moved: send the request again.")


def stopped(code: str) -> Unavailable:
    """Return the refusal of a request whose log contradicts its checkpoints."""
    return Unavailable(
        f"The log of this organization contradicts its checkpoints ({code}): the operator must look at it "
        "with `scim-ledger audit verify` before it takes requests again."
    )
