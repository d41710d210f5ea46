"""Long work beside the event loop: a group of 100,000 members must delay others by milliseconds, not a second.

Only one such piece of work runs at a time, since all would share one interpreter anyway. Python switches back to
the event loop every few milliseconds. The work must be pure: it may change only values that nothing else uses.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

LONG_BYTES = 65_536  # Of a request: about ten milliseconds of work.
LONG_MEMBERS = 2_000  # Of groups that a decision looks at.

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="offload")
P = ParamSpec("P")
T = TypeVar("T")


async def offload(
    work: Callable[P, T],
    is_long: bool,  # noqa: FBT001 - a keyword would be one of the work's.
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Call a function, in a thread if it may take long, and return its result. Errors: the function's."""
    if not is_long:
        return work(*args, **kwargs)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_thread, partial(work, *args, **kwargs))
