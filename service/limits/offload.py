"""Long work beside the event loop: a group of 100,000 members must cost others milliseconds, not a second.

Only one such piece of work runs at a time, since they would share one interpreter anyway. Python lets the loop
have its turn every few milliseconds meanwhile. What is done here must be pure, but for values of its own.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

LONG_BYTES = 65_536  # Of a request: what takes about ten milliseconds.
LONG_MEMBERS = 2_000  # Of groups that a decision looks at.

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aside")
P = ParamSpec("P")
T = TypeVar("T")


async def offload(
    work: Callable[P, T],
    is_long: bool,  # noqa: FBT001 - a keyword would be one of the work's.
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Return what a function returns, called in a thread where that may take long. Errors: its own."""
    if not is_long:
        return work(*args, **kwargs)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_thread, partial(work, *args, **kwargs))
