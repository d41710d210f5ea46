"""What takes long on the event loop is done in slices, and the garbage collector does not stop it."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from time import perf_counter
from typing import Any, Final

import pytest

from eventstore.append import _together
from eventstore.slices import SLICE_S, in_slices
from service.ids import new_id
from service.limits import garbage
from service.limits.garbage import collecting_garbage, pausable, tune_gc
from service.limits.turns import RECENT_S, Turns, Working
from service.scim.unknown_names import NAMES_LOOKED_AT_MAX, shown_of
from tests.database.events import new_event
from tests.turns import another_task

LIVING = 600_000  # Objects.


class Node:
    """Something that can refer to itself."""

    me: "Node"


EAGER: Final[Any] = {"every_s": 0.001, "due_after": 0}  # A collection is always due.


@pytest.fixture
def own_gc() -> Iterator[None]:
    """Put the collector back as it was."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    gc.collect()


@pytest.fixture
def none_by_itself() -> Iterator[None]:
    """Let the interpreter begin no collection."""
    gc.disable()
    yield
    gc.enable()


def make_cycle() -> asyncio.Event:
    """Make garbage that only a collection frees; return an event that is set then."""
    node, freed = Node(), asyncio.Event()
    node.me = node
    weakref.finalize(node, freed.set)
    gc.collect()  # It is among the oldest objects now: no collection of younger ones frees it.
    return freed


async def test_other_tasks_run_between_slices() -> None:
    seen = []
    async with another_task() as turns:
        async for value in in_slices(range(5)):
            until = perf_counter() + 1.1 * SLICE_S
            while perf_counter() < until:
                pass
            seen.append((value, turns.count))
    assert [value for value, _ in seen] == list(range(5))
    assert len({each for _, each in seen}) == 5, seen


@pytest.mark.usefixtures("own_gc")
def test_no_collection_looks_at_everything_by_itself() -> None:
    tune_gc()
    generations: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            generations.append(info["generation"])

    gc.callbacks.append(note)
    try:
        living = [[number] for number in range(LIVING)]
    finally:
        gc.callbacks.remove(note)
    assert len(living) == LIVING
    assert 2 not in generations
    # The objects that survived are looked at in small numbers, too, and not half a million of them at once.
    assert generations.count(1) >= 5


@pytest.mark.usefixtures("own_gc", "none_by_itself")
async def test_everything_is_collected_while_no_large_request_is_in_work() -> None:
    looked, is_quiet = asyncio.Event(), False

    def quiet() -> bool:
        looked.set()
        return is_quiet

    freed = make_cycle()
    async with collecting_garbage(quiet, **EAGER), asyncio.timeout(10):
        for _ in range(3):
            looked.clear()
            await looked.wait()
        assert not freed.is_set()
        is_quiet = True
        await freed.wait()


@pytest.mark.usefixtures("own_gc", "none_by_itself")
async def test_nothing_is_collected_in_a_pause() -> None:
    looked = asyncio.Event()

    def quiet() -> bool:
        looked.set()
        return True

    freed = make_cycle()
    with pausable() as pause:
        pause.begin()
        async with collecting_garbage(quiet, **EAGER), asyncio.timeout(10):
            for _ in range(3):
                looked.clear()
                await looked.wait()
            assert not freed.is_set()
            pause.end()
            await freed.wait()


@pytest.mark.usefixtures("own_gc", "none_by_itself")
async def test_a_process_that_grows_too_large_is_collected_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garbage, "BYTES_MAX", 1)
    freed = make_cycle()
    async with collecting_garbage(lambda: False, **EAGER), asyncio.timeout(10):
        await freed.wait()


def test_events_are_written_in_pieces_of_bounded_size() -> None:
    large, small = new_event(personal=b"x" * 300_000), new_event()
    assert [len(each) for each in _together([large] * 3)] == [1, 1, 1]
    assert [len(each) for each in _together([small] * 2_500)] == [1_000, 1_000, 500]
    assert [len(each) for each in _together([small, large, small, large])] == [3, 1]
    assert list(_together([])) == []


def test_of_very_many_unknown_names_the_first_are_looked_at() -> None:
    names = ["nickName"] * 2 + ["unheard-of"] * NAMES_LOOKED_AT_MAX + ["title"]
    assert shown_of(names) == ["nickName"] * 2


def test_an_organization_knows_whether_others_work() -> None:
    now_s = 100.0
    working = Working(clock_s=lambda: now_s)
    turns = Turns(working=working)
    one, other = new_id(), new_id()
    assert not working.has_others(one)
    turns.take_now(one)
    assert (working.has_others(one), working.has_others(other)) == (False, True)
    turns.take_now(other)
    turns.take_now(one)
    turns.take_now(one)
    assert (working.has_others(one), working.has_others(other)) == (True, True)
    now_s += RECENT_S
    turns.take_now(one)
    assert (working.has_others(one), working.has_others(other)) == (False, True)
