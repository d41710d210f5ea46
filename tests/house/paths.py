"""Records a request's path through our own code: which modules its calls enter, and how often they return to one."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

OURS = ("schema", "eventstore", "projections", "service")
# Runs when a cached connection has returned to the pool: on a slow machine this falls into a request, on a fast one not.
BY_THE_CLOCK = "service.database.pool:_leave_as_it_is"


@dataclass(slots=True)
class Path:
    """The modules whose functions were called, in order. Consecutive calls in one module are one stay."""

    stays: list[str] = field(default_factory=list)

    @property
    def modules(self) -> set[str]:
        """Return the distinct modules."""
        return set(self.stays)

    @property
    def returns(self) -> int:
        """Return how many stays were in a module that had already been left."""
        return len(self.stays) - len(self.modules)

    def enter(self, module: str) -> None:
        """Add a call of a function in a module."""
        if not self.stays or self.stays[-1] != module:
            self.stays.append(module)


# The path that a context belongs to. The context of a connection outlives the request that is followed.
FOLLOWED: ContextVar[Path | None] = ContextVar("followed", default=None)


@contextmanager
def followed(first: str, last: str) -> Iterator[Path]:
    """Give the path from the first call of one function to that of another; names are module:function.

    Tasks that the request starts count too, because they inherit its context; other tasks do not. A coroutine
    that resumes after waiting is not a new call.
    """
    path = Path()
    seen: dict[int, FrameType] = {}  # Keeping the frames keeps their ids from being reused.
    is_over = False

    def note(frame: FrameType, event: str, _: Any) -> None:
        nonlocal is_over
        module = str(frame.f_globals.get("__name__", ""))
        if is_over or event != "call" or module.partition(".")[0] not in OURS or id(frame) in seen:
            return
        seen[id(frame)] = frame
        if is_no_call(frame):
            return
        name = f"{module}:{frame.f_code.co_name}"
        if name == first and not path.stays:
            FOLLOWED.set(path)
        if FOLLOWED.get() is path and name != BY_THE_CLOCK:
            path.enter(module)
            is_over = name == last

    sys.setprofile(note)
    try:
        yield path
    finally:
        sys.setprofile(None)


def is_no_call(frame: FrameType) -> bool:
    """Return whether the source shows no function call: a dunder method or a property."""
    name, owner = frame.f_code.co_name, type(frame.f_locals.get("self"))
    return name.startswith("__") or isinstance(getattr(owner, name, None), property)
