"""What makes spans, for those who must not know with which library."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol
from uuid import UUID

ORGANIZATION: Final = "scim_ledger.organization.id"  # The attribute of requests and batches.


class Spans(Protocol):
    """What makes the spans of a process. Where no traces are wanted there is None in its place."""

    def current(self) -> Any:
        """Return what names the span that the running task works in; None if it works in none."""
        ...

    def batch(self, organization_id: UUID, requests: Sequence[Any]) -> AbstractContextManager[None]:
        """Let a block be the batch of some requests, which `current` has named."""
        ...

    def connecting(self, connect: Callable[..., Any]) -> Callable[..., Any]:
        """Return what connects, and makes a span of each statement that a traced request needs."""
        ...

    def traced(
        self,
        handle: Callable[[Any], Any],
        *,
        route_of: Callable[[Any], str | None],
        organization_of: Callable[[Any], UUID | None],
    ) -> Callable[[Any], Any]:
        """Return a handler that makes a span of each request."""
        ...

    def close(self) -> None:
        """Send what is left. It blocks."""
        ...
