"""New ids are UUIDv7 (RFC 9562 §5.7): what is made later sorts later."""

from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from service.ids import new_id, uuid7
from tests.rules.documents import FEW

TIMES = st.integers(0, 2**48 - 1)
RANDOMNESS = st.binary(min_size=10, max_size=10)


def test_the_example_of_the_rfc() -> None:
    # RFC 9562 appendix A.6: rand_a is 0xCC3, rand_b is 0x18C4DC0C0C07398F.
    randomness = (0xCC3 << 64 | 0x18C4DC0C0C07398F).to_bytes(10, "big")

    assert uuid7(0x017F22E279B0, randomness) == UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")


@FEW
@given(TIMES, RANDOMNESS)
def test_an_id_tells_its_version_and_its_time(unix_ms: int, randomness: bytes) -> None:
    made = uuid7(unix_ms, randomness)

    assert (made.version, made.variant, made.int >> 80) == (7, RFC_4122, unix_ms)


@FEW
@given(TIMES.filter(bool), RANDOMNESS, RANDOMNESS)
def test_a_later_id_sorts_later(unix_ms: int, earlier: bytes, later: bytes) -> None:
    assert uuid7(unix_ms - 1, earlier) < uuid7(unix_ms, later)


def test_two_new_ids_differ() -> None:
    assert new_id() != new_id()
