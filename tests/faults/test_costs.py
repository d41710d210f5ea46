"""What a request costs is bounded before it runs: by one budget over all its operations, also those of a bulk."""

import gzip
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from schema.scim.budget import UNITS_MAX, Budget, Spending, weight
from schema.scim.definitions import USER
from schema.scim.errors import PayloadTooLarge
from schema.scim.patch.apply import apply
from schema.scim.patch.operations import read_patch
from schema.scim.resource import read_document
from tests.protocol.resources import people, values
from tests.serving import Scim, patch_op

SUBS = (
    "formatted",
    "streetAddress",
    "locality",
    "region",
    "postalCode",
    "country",
    "type",
)
ADDRESSES = [{sub: f"{sub} {number}" for sub in SUBS} for number in range(299)]
# One object for each set of keys: each address is looked up once for each of them.
KEY_SETS = [
    dict.fromkeys(keys, "x") for size in range(1, 8) for keys in itertools.combinations(SUBS, size)
]
REMOVE = {"op": "remove", "path": "addresses", "value": KEY_SETS}
CPU_S_MAX = 3.0  # A budget takes about one second; the machine may be slower than that.


@contextmanager
def bounded() -> Iterator[None]:
    """Assert that the block takes no more of the processor than a budget does."""
    began = time.process_time()
    yield
    assert time.process_time() - began < CPU_S_MAX


async def test_a_patch_that_compares_too_much_is_refused_however_few_bytes_it_has(
    scim: Scim,
) -> None:
    made = await scim.post("/Users", {"userName": "ada", "addresses": ADDRESSES})
    path = f"/Users/{made.body['id']}"
    body = gzip.compress(orjson.dumps(patch_op(*[REMOVE] * 60)))

    with bounded():
        answer = await scim.send("PATCH", path, body, Content_Encoding="gzip")

    assert len(body) < 8_000
    assert (answer.status, "split" in answer.body["detail"]) == (413, True)
    assert (await scim.get(path)).headers["ETag"] == 'W/"1"'
    assert (await scim.patch(path, REMOVE)).status == 200


async def test_the_operations_of_a_bulk_share_one_budget(scim: Scim) -> None:
    made = await scim.post("/Users", {"userName": "ada", "addresses": ADDRESSES})
    path = f"/Users/{made.body['id']}"
    patch = {"method": "PATCH", "path": path, "data": patch_op(*[REMOVE] * 5)}
    body = gzip.compress(orjson.dumps({"Operations": [patch] * 12}))

    with bounded():
        answer = await scim.send("POST", "/Bulk", body, Content_Encoding="gzip")

    statuses = [each["status"] for each in answer.body["Operations"]]
    assert (statuses[0], statuses[-1]) == ("200", "413")
    assert "split" in answer.body["Operations"][-1]["response"]["detail"]
    assert (await scim.patch(path, REMOVE)).status == 200  # The next request has its own budget.


async def test_members_that_a_path_names_are_counted_with_its_terms(scim: Scim) -> None:
    ids = await people(scim, 150)
    made = await scim.post("/Groups", {"displayName": "Team", "members": values(ids)})
    terms = " or ".join(f'value eq "{each}"' for each in ids)
    remove = {"op": "remove", "path": f"members[{terms}]", "value": values(ids[:1])}

    with bounded():
        answer = await scim.patch(f"/Groups/{made.body['id']}", *[remove] * 1_000)

    assert answer.status == 413


async def test_a_thousand_operations_on_many_values_are_accepted(scim: Scim) -> None:
    emails = [{"value": f"{number}@example.com", "type": "work"} for number in range(300)]
    made = await scim.post("/Users", {"userName": "ada", "emails": emails})
    paths = (f'emails[value eq "{number}@example.com"].display' for number in range(300))
    changes = [{"op": "replace", "path": path, "value": "x"} for path in paths]

    with bounded():
        answer = await scim.patch(f"/Users/{made.body['id']}", *changes, *changes, *changes)

    assert answer.status == 200
    assert {each["display"] for each in answer.body["emails"]} == {"x"}


PRESENT = {"userName": "ada", "emails": [{"value": "ä" * 100_000, "type": "work"}]}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": 'emails[value co "ö" or value sw "Ö"]'},
        {"op": "replace", "path": 'emails[value eq "ö"].type', "value": "work"},
        {"op": "add", "path": "emails", "value": [{"value": "b@example.com"}]},
        {"op": "remove", "path": "emails", "value": [{"value": "b@example.com"}]},
    ],
)
def test_long_texts_count_as_many_values(operation: dict[str, Any]) -> None:
    document = read_document(PRESENT, USER).document
    patch = read_patch(patch_op(*[operation] * 1_000), USER, "")

    with bounded(), pytest.raises(PayloadTooLarge):
        apply(document, patch.operations)


def test_a_command_that_is_decided_again_starts_over() -> None:
    budget = Budget(10)
    first, second = Spending(budget), Spending(budget)
    first.spend(6)
    with pytest.raises(PayloadTooLarge):
        second.spend(6)
    second.spend(4)
    first.start_over()
    first.spend(6)
    assert (budget.left, first.spent, second.spent) == (0, 6, 4)


def test_a_value_weighs_what_looking_at_it_takes() -> None:
    assert weight([]) == 0
    assert weight(["a", 1, None]) == 3
    assert weight(["a" * 3_200, "ä" * 3_200]) == 2 + 100 + 1_600
    assert weight([{"value": "a", "primary": True}]) == 3
    assert 1_000 * weight([{"value": "a@example.com", "type": "work"}] * 300) <= UNITS_MAX
