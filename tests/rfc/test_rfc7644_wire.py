"""The requests that RFC 7644 §3 shows, sent to the service; each does what the RFC says."""

from typing import Any

import orjson
import pytest

from tests.protocol.resources import by_value
from tests.rfc.documents import example
from tests.rfc.requests import OTHER_ID, REQUESTS, USER_ID, RfcRequest
from tests.rfc.test_rfc7644 import fact, whole
from tests.serving import Answer, Scim

Ids = dict[str, str]  # The id in the RFC → the one that the service gave.


def ours(document: Any, ids: Ids) -> Any:
    """Return a document with the RFC's ids replaced by those that the service gave."""
    text = orjson.dumps(document).decode()
    for theirs, own in ids.items():
        text = text.replace(theirs, own)
    return orjson.loads(text)


async def prepared(scim: Scim, sent: RfcRequest) -> Ids:
    """Create the resources that a request starts from; return the ids that they got."""
    if not sent.given:
        return {}
    kind, _, theirs = sent.path[1:].partition("/")
    ids = await members(scim) if kind == "Groups" else {}
    made = await scim.post(f"/{kind}", ours(sent.given, ids))
    assert made.status == 201, made
    return {**ids, theirs: made.body["id"]}


async def members(scim: Scim) -> Ids:
    """Create the two users who are in the groups of the RFC."""
    babs = await scim.post("/Users", {"userName": "bjensen", "displayName": "Babs Jensen"})
    james = await scim.post("/Users", {"userName": "jsmith", "displayName": "James Smith"})
    return {USER_ID: babs.body["id"], OTHER_ID: james.body["id"]}


def facts(answer: Answer, names: Any) -> dict[str, Any]:
    """Return some attributes of an answer, with members in the order of their ids."""
    found = {name: fact(answer.body, name) for name in names}
    return found | ({"members": by_value(found["members"])} if found.get("members") else {})


@pytest.mark.parametrize(
    "sent", REQUESTS, ids=lambda each: each.body or f"{each.method} {each.path[:6]}"
)
async def test_a_request_of_the_rfc_does_what_the_rfc_says(scim: Scim, sent: RfcRequest) -> None:
    ids = await prepared(scim, sent)
    path, holds = ours(sent.path, ids), ours(sent.holds, ids)
    body = ours(whole(sent.body), ids) if sent.body else None

    answer = await scim.send(sent.method, path, body)

    assert answer.status == sent.status, answer
    if sent.method == "DELETE":
        assert (await scim.get(path)).status == 404
    elif holds:
        expected = holds | ({"members": by_value(holds["members"])} if holds.get("members") else {})
        assert facts(answer, holds) == expected
        read = await scim.get(f"{path}/{answer.body['id']}" if sent.status == 201 else path)
        assert read.body == answer.body


def statuses(answer: Answer) -> list[str]:
    """Return the status of each operation of a bulk."""
    return [each["status"] for each in answer.body["Operations"]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rfc7644-3.7.1-bulk-circular-request", ["409", "409"]),
        ("rfc7644-3.7.2-bulk-reference-request", ["201", "201"]),
        ("rfc7644-3.7.2-bulk-manager-request", ["201", "201"]),
        (
            "rfc7644-3.7.3-bulk-request",
            ["201", "404"],
        ),  # failOnErrors is 1, and Bob does not exist.
    ],
)
async def test_a_bulk_of_the_rfc_does_what_the_rfc_says(
    scim: Scim, name: str, expected: list[str]
) -> None:
    assert statuses(await scim.post("/Bulk", example(name))) == expected


async def test_the_bulk_of_the_rfc_makes_changes_and_deletes(scim: Scim) -> None:
    bob = await scim.post("/Users", {"userName": "bob"})
    dave = await scim.post("/Users", {"userName": "david", "nickName": "Dave"})
    gone = await scim.post("/Users", {"userName": "gone"})
    ids = {
        "b7c14771-226c-4d05-8860-134711653041": bob.body["id"],
        "5d8d29d3-342c-4b5f-8683-a3cb6763ffcc": dave.body["id"],
        "e9025315-6bea-44e1-899c-1e07454e468b": gone.body["id"],
    }
    request = ours(example("rfc7644-3.7.3-bulk-request"), ids)
    fresh = [{**each, "version": 'W/"1"'} for each in request["Operations"]]

    stale = await scim.post("/Bulk", {**request, "failOnErrors": 9})
    done = await scim.post("/Bulk", {"Operations": fresh[1:]})

    assert statuses(stale) == ["201", "412", "412", "412"]
    assert statuses(done) == ["200", "200", "204"]
    shown = [(await scim.get(f"/Users/{each.body['id']}")).body for each in (bob, dave)]
    assert [each["userName"] for each in shown] == ["Bob", "Dave"]
    assert "nickName" not in shown[1]


async def test_a_group_of_the_rfc_has_its_members_from_the_same_bulk(scim: Scim) -> None:
    answer = await scim.post("/Bulk", example("rfc7644-3.7.2-bulk-reference-request"))

    alice, group = (each["location"].rpartition("/")[2] for each in answer.body["Operations"])
    read = await scim.get(f"/Groups/{group}")
    assert [each["value"] for each in read.body["members"]] == [alice]
