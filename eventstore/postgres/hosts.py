"""Which of several servers to connect to first, and when to go on to the next.

A machine that has lost its power or its network neither answers nor refuses. The driver tries all servers of a URL
under one timeout, so such a machine, listed first, would keep us from the others forever. Here each server has a
timeout of its own, and the next attempt begins with the server that answered last.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import lru_cache
from time import monotonic
from typing import Final

import asyncpg

from eventstore.postgres.outages import classify

HOST_TIMEOUT_S = 2.0  # For one of several servers, to connect and to authenticate.
SILENT_S = 0.5  # Whoever gives up on a server after so long has found it silent.

Connect = Callable[[str], Awaitable[asyncpg.Connection]]


class HostOrder:
    """The order in which this process tries the servers of a URL. Connections that are made at once share it."""

    def __init__(self, count: int) -> None:
        self._order = list(range(count))

    def __iter__(self) -> Iterator[int]:
        return iter(tuple(self._order))

    def answered(self, host: int) -> None:
        """Try this server first from now on."""
        self._order.remove(host)
        self._order.insert(0, host)

    def was_silent(self, host: int) -> None:
        """Try this server last from now on."""
        self._order.remove(host)
        self._order.append(host)


@lru_cache(maxsize=64)
def order_of(names: tuple[str, ...]) -> HostOrder:
    """Return the order of the servers with these names; all logins on them share it."""
    return HostOrder(len(names))


# What a server of another kind raises, in the words of `target_session_attrs`.
NOT_OF_THIS_KIND: Final = asyncpg.TargetServerAttributeNotMatched


async def connect_to_one(
    names: Sequence[str], urls: Sequence[str], connect: Connect
) -> asyncpg.Connection:
    """Return a connection to the first server that accepts one. `connect` bounds its own time.

    A server that is down, silent, busy or of another kind is passed over. Any other error, such as a refused
    password, ends the search. Errors: the last of a server that should have answered; TargetServerAttributeNotMatched
    if all answer, and none is of the wanted kind.
    """
    order = order_of(tuple(names))
    passed_over: Exception | None = None
    for host in order:
        began_s = monotonic()
        try:
            connection = await connect(urls[host])
        except BaseException as error:
            if (
                monotonic() - began_s >= SILENT_S
            ):  # Also if whoever asked for a connection waits no longer.
                order.was_silent(host)
            if not isinstance(error, Exception) or not classify(error).passes:
                raise
            if passed_over is None or not isinstance(error, NOT_OF_THIS_KIND):
                passed_over = _named(error, names[host])
        else:
            order.answered(host)
            return connection
    assert passed_over is not None, "A URL names at least one server."
    raise passed_over


def _named(error: Exception, name: str) -> Exception:
    """Return the error, with the server's name if it says nothing."""
    if isinstance(error, TimeoutError) and not str(error):
        return TimeoutError(f"{name} does not answer.")
    return error
