"""Memory that requests work in: bounded in all and per organization, given in the order of those who wait."""

import asyncio

import pytest

from schema.scim.errors import Unavailable
from service.limits.working_memory import WorkingMemory


class Work:
    """A request that holds memory until it is ended."""

    def __init__(self, memory: WorkingMemory, holder: str, size: int) -> None:
        self._may_end = asyncio.Event()
        self.is_working = False
        self.task = asyncio.create_task(self._run(memory, holder, size))

    async def _run(self, memory: WorkingMemory, holder: str, size: int) -> None:
        async with memory.holding(holder, size):
            self.is_working = True
            await self._may_end.wait()
        self.is_working = False

    async def end(self) -> None:
        """End it."""
        self._may_end.set()
        await self.task


async def turns() -> None:
    """Let all tasks go on."""
    for _ in range(4):
        await asyncio.sleep(0)


async def test_those_who_wait_work_in_their_order() -> None:
    memory = WorkingMemory(10, 10, wait_s=5)
    first, second, third = (Work(memory, name, 6) for name in "abc")
    await turns()
    assert [each.is_working for each in (first, second, third)] == [True, False, False]
    small = Work(memory, "d", 1)  # It would fit, but others came before it.
    await turns()
    assert not small.is_working
    await first.end()
    await turns()
    assert [each.is_working for each in (second, third, small)] == [True, False, False]
    for each in (second, third, small):
        await each.end()


async def test_a_busy_organization_keeps_nobody_waiting() -> None:
    memory = WorkingMemory(10, 5, wait_s=5)
    busy = [Work(memory, "busy", 5) for _ in range(3)]
    other = Work(memory, "other", 5)
    await turns()
    assert [each.is_working for each in (*busy, other)] == [True, False, False, True]
    for each in (*busy, other):
        await each.end()


async def test_one_request_may_take_more_than_there_is_if_it_is_alone() -> None:
    memory = WorkingMemory(10, 5, wait_s=5)
    large = Work(memory, "a", 50)
    small = Work(memory, "b", 1)
    await turns()
    assert (large.is_working, small.is_working) == (True, False)
    await large.end()
    await small.end()


async def test_a_request_that_waits_too_long_is_refused_and_holds_nothing() -> None:
    memory = WorkingMemory(10, 10, wait_s=0.01)
    first = Work(memory, "a", 10)
    await turns()
    with pytest.raises(Unavailable):
        await memory.take("b", 1)
    left = Work(memory, "b", 10)
    await turns()
    left.task.cancel()
    await asyncio.wait([left.task])
    await first.end()
    async with memory.holding("b", 10):
        pass


async def test_no_memory_can_be_given_back() -> None:
    memory = WorkingMemory(10, 10, wait_s=5.0)
    await memory.take("ada", 4)
    memory.give_back("ada", 4)
    memory.give_back("ada", 0)
    assert memory.is_free
