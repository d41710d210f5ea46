"""The look for cycles is paused while a large batch works, and only then."""

import gc

import pytest

from service.limits.garbage import pausable
from service.limits.let_go import let_go


def test_a_pause_that_has_not_begun_changes_nothing() -> None:
    with pausable() as pause:
        assert gc.isenabled()
    assert not pause.has_begun


def test_the_last_pause_that_ends_lets_python_look_again() -> None:
    with pausable() as first:
        first.begin()
        first.begin()
        with pausable() as second:
            second.begin()
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_pause_ends_with_an_error_too() -> None:
    def fail() -> None:
        with pausable() as pause:
            pause.begin()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gc.isenabled()


def test_what_holds_objects_is_emptied() -> None:
    ids, numbers, pairs = set(range(1_000)), list(range(999)), dict.fromkeys(range(401))

    let_go(ids, numbers, pairs, [], {})

    assert (ids, numbers, pairs) == (set(), [], {})
