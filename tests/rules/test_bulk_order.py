"""The order in which a bulk is carried out: as sent, except where a reference needs another operation first."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.scim.bulk.order import in_sent_order, portions, referred, sequence
from service.scim.bulk.references import references


def post(bulk_id: str, *refers_to: str) -> dict[str, Any]:
    """Return an operation that creates a group, whose members other operations create."""
    members = [{"value": f"bulkId:{each}"} for each in refers_to]
    return {"method": "POST", "path": "/Groups", "bulkid": bulk_id, "data": {"members": members}}


def patch(path: str, *refers_to: str) -> dict[str, Any]:
    """Return an operation on a group."""
    return {**post("", *refers_to), "method": "PATCH", "path": path, "bulkid": None}


def order(*operations: dict[str, Any]) -> tuple[list[int], set[int]]:
    """Return the places of operations in the order of a bulk, and the places that circles leave out."""
    places = {each["bulkid"]: n for n, each in enumerate(operations) if each["bulkid"]}
    before = referred([references(each) for each in operations], places)
    return sequence(in_sent_order(operations, before))


def test_without_references_the_order_is_that_sent() -> None:
    assert order(post("a"), post("b"), post("c")) == ([0, 1, 2], set())


def test_what_refers_backwards_stays_where_it_is() -> None:
    assert order(post("a"), post("b", "a"), post("c"), post("d", "c", "a"))[0] == [0, 1, 2, 3]


def test_what_refers_forwards_comes_after_it() -> None:
    assert order(post("a", "c"), post("b"), post("c"))[0] == [1, 2, 0]


def test_a_chain_is_turned_around() -> None:
    chain = [post(str(n), str(n + 1)) for n in range(1_000)]

    assert order(*chain, post("1000")) == (list(range(1_000, -1, -1)), set())


def test_operations_on_one_resource_do_not_overtake_each_other() -> None:
    done, _ = order(patch("/Groups/1", "a"), patch("groups/1/"), patch("/Groups/2"), post("a"))

    assert done == [2, 3, 0, 1]


def test_a_circle_and_what_leads_to_it_is_left_out() -> None:
    done, circular = order(
        post("a", "b"), post("b", "c"), post("c", "a"), post("d", "a"), post("e"), post("f", "f")
    )

    assert (done, circular) == ([4], {0, 1, 2, 3, 5})


def test_a_reference_to_nothing_holds_nothing_up() -> None:
    assert order(post("a", "nowhere"), post("b"))[0] == [0, 1]


def test_a_portion_ends_before_what_refers_to_one_in_it() -> None:
    before = {0: set[int](), 1: set[int](), 2: {1}, 3: {0}, 4: {3}}

    assert list(portions(range(5), before, 10)) == [[0, 1], [2, 3], [4]]


def test_a_portion_has_a_size() -> None:
    before = {place: set[int]() for place in range(5)}

    assert list(portions(range(5), before, 2)) == [[0, 1], [2, 3], [4]]


BEFORE = st.integers(1, 12).flatmap(
    lambda size: st.fixed_dictionaries(
        {place: st.sets(st.integers(0, size - 1), max_size=3) for place in range(size)}
    )
)


@given(before=BEFORE, size_max=st.integers(1, 5))
def test_every_operation_has_a_place_after_what_it_waits_for(
    before: dict[int, set[int]], size_max: int
) -> None:
    done, circular = sequence(before)

    assert sorted([*done, *circular]) == sorted(before)
    assert all(before[place] <= set(done[:n]) for n, place in enumerate(done))
    assert all(before[place] & circular for place in circular)
    cut = list(portions(done, before, size_max))
    assert [place for portion in cut for place in portion] == done
    assert all(before[place].isdisjoint(portion) for portion in cut for place in portion)
    assert {len(portion) <= size_max for portion in cut} <= {True}
