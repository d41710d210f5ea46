"""How many files and connections this process may have open, and how many connections clients may use."""

import resource
from contextlib import suppress

RESERVED = (
    64  # For Postgres connections outside the pool, its watcher, files and listening sockets.
)
# Connections that wait to be accepted. As many descriptors are kept: so many connections may be accepted before one
# that was closed to make room is gone. Clients whose connection finds no place try again after a second.
BACKLOG_MIN, BACKLOG_MAX = 128, 1_024
BACKLOG_PART = 16  # Of the descriptors.
CONNECTIONS_MIN = 16
CONNECTIONS_MAX = 65_536  # If nothing limits the descriptors.


def raise_limit() -> None:
    """Let this process open as many files as the system allows: the usual low limit only serves `select`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):  # macOS reports a limit that it does not grant.
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def backlog() -> int:
    """Return how many connections may wait to be accepted."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return BACKLOG_MAX
    return min(max(soft // BACKLOG_PART, BACKLOG_MIN), BACKLOG_MAX)


def connections_max(pool_size_max: int) -> int:
    """Return how many clients may be connected at once; the other descriptors are for everything else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return CONNECTIONS_MAX
    left = soft - pool_size_max - RESERVED - backlog()
    return min(max(left, CONNECTIONS_MIN), CONNECTIONS_MAX)
