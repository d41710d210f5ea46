"""How many files and connections this process may have open, and how many of them clients get."""

import resource
from contextlib import suppress

# For Postgres beyond the pool, its watcher, files and sockets that listen: 64. As many as the backlog, 128, may
# be accepted before a connection that is closed for them is gone.
RESERVED = 192
CONNECTIONS_MIN = 16
CONNECTIONS_MAX = 65_536  # Where nothing limits the descriptors.


def raise_limit() -> None:
    """Let this process open as many files as the system allows it: the usual limit is for `select`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):  # macOS names a limit that it does not grant.
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def connections_max(pool_size_max: int) -> int:
    """Return how many clients may be connected at once, so that descriptors are left for all else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return CONNECTIONS_MAX
    return min(max(soft - pool_size_max - RESERVED, CONNECTIONS_MIN), CONNECTIONS_MAX)
