"""New ids are UUIDv7 (RFC 9562 §5.7): a later id sorts later, also within one millisecond."""

from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from service.ids import RANDOM_BITS, IdClock, new_id, uuid7
from tests.rules.documents import FEW

TIMES = st.integers(0, 2**48 - 1)
RANDOMNESS = st.integers(0, 2**RANDOM_BITS - 1)
STEPS = st.integers(0, 2**32 - 1)
GREATEST = 2**RANDOM_BITS - 1


def test_the_example_of_the_rfc() -> None:
    # RFC 9562 appendix A.6: rand_a is 0xCC3, rand_b is 0x18C4DC0C0C07398F.
    randomness = 0xCC3 << 62 | 0x18C4DC0C0C07398F

    made = uuid7(0x017F22E279B0 << RANDOM_BITS | randomness)
    assert made == UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")


@FEW
@given(TIMES, RANDOMNESS)
def test_an_id_holds_its_version_and_its_time(unix_ms: int, randomness: int) -> None:
    made = uuid7(unix_ms << RANDOM_BITS | randomness)

    assert (made.version, made.variant, made.int >> 80) == (7, RFC_4122, unix_ms)


@FEW
@given(TIMES, RANDOMNESS, RANDOMNESS)
def test_a_greater_number_is_a_greater_id(unix_ms: int, one: int, other: int) -> None:
    smaller, greater = sorted((unix_ms << RANDOM_BITS | one, unix_ms << RANDOM_BITS | other))

    assert (uuid7(smaller) < uuid7(greater)) == (smaller < greater)


@FEW
@given(st.lists(st.tuples(st.integers(0, 3), RANDOMNESS, STEPS), min_size=2))
def test_numbers_grow_whatever_the_clock_does(ticks: list[tuple[int, int, int]]) -> None:
    clock = IdClock()
    made = [clock.tick(*each) for each in ticks]

    assert made == sorted(set(made))


def test_a_new_millisecond_brings_new_randomness() -> None:
    clock = IdClock()
    clock.tick(1, GREATEST, 0)

    assert clock.tick(2, 7, 0) == 2 << RANDOM_BITS | 7


def test_where_the_random_part_overflows_the_time_runs_ahead() -> None:
    clock = IdClock()
    clock.tick(1, GREATEST, 0)

    assert [clock.tick(1, 0, 0) >> RANDOM_BITS, clock.tick(1, 0, 9) >> RANDOM_BITS] == [2, 2]


def test_new_ids_of_one_thread_are_in_the_order_of_their_making() -> None:
    made = [new_id() for _ in range(10_000)]

    assert made == sorted(set(made))


def test_new_ids_of_many_threads_are_in_the_order_of_each() -> None:
    with ThreadPoolExecutor(8) as threads:
        by_thread = list(threads.map(lambda _: [new_id() for _ in range(2_000)], range(8)))

    assert all(made == sorted(made) for made in by_thread)
    assert len({each for made in by_thread for each in made}) == 16_000
