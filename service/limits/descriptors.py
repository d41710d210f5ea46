"""How many files and connections this process may have open, and how many connections clients may use."""

import resource
from contextlib import suppress

# 64 for Postgres connections outside the pool, its watcher, files and listening sockets. 128 for the backlog: so many
# connections may be accepted before one that was closed to make room is gone.
RESERVED = 192
CONNECTIONS_MIN = 16
CONNECTIONS_MAX = 65_536  # If nothing limits the descriptors.


def raise_limit() -> None:
    """Let this process open as many files as the system allows: the usual low limit only serves `select`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):  # macOS reports a limit that it does not grant.
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def connections_max(pool_size_max: int) -> int:
    """Return how many clients may be connected at once; the other descriptors are for everything else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return CONNECTIONS_MAX
    return min(max(soft - pool_size_max - RESERVED, CONNECTIONS_MIN), CONNECTIONS_MAX)
