"""Long work beside the event loop: no work of one request may delay others by more than a moment.

Long work runs in one thread, since all threads would share one interpreter anyway. Python switches back to the
event loop every few milliseconds, unless one call into a library written in C takes longer: so no such call may
be about more than a megabyte. The work must be pure: it may change only values that nothing else uses.
Work that stays on the loop is done in slices (`eventstore/slices.py`).

The works of several organizations take turns, so that nobody waits for all the work of a busy one.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial
from typing import Any, NamedTuple, ParamSpec, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

LONG_BYTES = 8_192  # Of a request: about a millisecond of work.
LONG_MEMBERS = 500  # Of groups that a decision looks at.

P = ParamSpec("P")
T = TypeVar("T")

# The organization that the running task works for; None: nobody's.
WORKS_FOR: ContextVar[UUID | None] = ContextVar("works_for", default=None)


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
    thread = _threads.get(loop)
    if thread is None:
        thread = _threads[loop] = Thread(loop)
    begun = thread.run(WORKS_FOR.get(), partial(work, *args, **kwargs))
    del work, args, kwargs  # Else an error, which has this frame in its traceback, would keep them.
    result: T = await begun
    return result


def is_idle() -> bool:
    """Return whether no long work of the running event loop goes on."""
    thread = _threads.get(asyncio.get_running_loop())
    return thread is None or not thread.is_busy


class Item(NamedTuple):
    """Work that waits for the thread, and the future that its caller awaits."""

    work: Callable[[], Any]
    answer: asyncio.Future[Any]


class Thread:
    """The thread beside one event loop. Only the loop changes what waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.is_busy = False
        # By organization: the first one has waited longest for its turn.
        self._waiting: OrderedDict[UUID | None, deque[Item]] = OrderedDict()

    async def run(self, organization_id: UUID | None, work: Callable[[], Any]) -> Any:
        """Call a function in the thread, when it is the organization's turn, and return its result."""
        item = Item(work, self._loop.create_future())
        self._waiting.setdefault(organization_id, deque()).append(item)
        if not self.is_busy:
            self._begin_next()
        try:
            return await item.answer
        finally:
            # An error has this frame in its traceback, and would keep them in a circle.
            del item, work

    def _begin_next(self) -> None:
        item = self._take()
        self.is_busy = item is not None
        if item is not None:
            done = self._loop.run_in_executor(_executor, item.work)
            done.add_done_callback(partial(self._end, item.answer))

    def _take(self) -> Item | None:
        """Take the first work of the organization whose turn it is, and put the organization last."""
        while self._waiting:
            organization_id, items = self._waiting.popitem(last=False)
            item = items.popleft()
            if items:
                self._waiting[organization_id] = items
            if not item.answer.done():  # Else its caller has left.
                return item
        return None

    def _end(self, answer: asyncio.Future[Any], done: asyncio.Future[Any]) -> None:
        error = None if done.cancelled() else done.exception()
        if answer.done():
            pass
        elif error is not None:
            answer.set_exception(error)
        elif done.cancelled():
            answer.cancel()
        else:
            answer.set_result(done.result())
        self._begin_next()


_executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="offload")
_threads: WeakKeyDictionary[asyncio.AbstractEventLoop, Thread] = WeakKeyDictionary()
