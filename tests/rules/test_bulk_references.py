"""bulkIds are found and resolved wherever an id can stand (RFC 7644 §3.7.2)."""

import time
from typing import Any

import pytest

from service.scim.bulk.references import DEPTH_MAX, references, resolved

MENTIONS: list[dict[str, Any]] = [
    {"op": "remove", "path": 'members[value eq "bulkId:a"]'},
    {"op": "remove", "Path": 'members[type eq "User" and value EQ "bulkId:a"]'},
    {"op": "replace", "path": 'members[not (value ne "bulkId:a")]', "value": [{"value": "x"}]},
    {"op": "add", "value": {'members[value eq "bulkId:a"]': {"type": "User"}}},
    {"op": "add", "path": "manager", "value": "bulkId:a"},
    {"op": "add", "path": "manager", "value": '{"value":"bulkId:a"}'},
    {"op": "add", "path": "members", "value": '[{"value":"bulkId:a"}]'},
    {"op": "add", "value": '{"members":[{"value":"bulkId:a"}]}'},
    {"op": "add", "path": "members", "value": ["bulkId:a"]},
    {"op": "add", "value": {"manager": {"$ref": "/Users/bulkId:a"}}},
    {"op": "add", "path": "manager.$ref", "value": "bulkId:a"},
]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"data": {"manager": "bulkId:a"}}, {"a"}),
        ({"data": {"members": [{"value": "bulkId:a"}, {"value": "bulkId:b"}]}}, {"a", "b"}),
        ({"data": [{"op": "add", "value": ["bulkId:a"]}]}, {"a"}),
        ({"path": "/Users/bulkId:a"}, {"a"}),
        ({"path": "Users/bulkId:a/", "data": "bulkId:b"}, {"a", "b"}),
        ({"path": "/Users/1", "data": {"bulkId:a": "x", "title": "not bulkId:b"}}, set()),
        ({"path": 7, "data": None}, set()),
        *(({"data": {"Operations": [each]}}, {"a"}) for each in MENTIONS),
        ({}, set()),
    ],
)
def test_references_are_found_in_path_and_data(
    operation: dict[str, Any], expected: set[str]
) -> None:
    assert references(operation) == expected


@pytest.mark.parametrize("mention", MENTIONS)
def test_each_reference_is_replaced_by_the_id(mention: dict[str, Any]) -> None:
    assert str(resolved(mention, {"a": "7"}.__getitem__)) == str(mention).replace("bulkId:a", "7")


@pytest.mark.parametrize(
    "data",
    [
        {"path": 'members[value eq "bulkid:a"]'},
        {"path": r'members[value eq "BULKID\u003aa"]'},
        {"value": [{"value": "BulkId:a"}]},
        {"value": r'{"members[value eq \"bulkId:a\"]":[{"value":"x"}]}'},
        {"$ref": "/Users/bulkID:a"},
    ],
)
def test_a_reference_is_found_however_it_is_written(data: dict[str, Any]) -> None:
    after = str(resolved(data, {"a": "7"}.__getitem__))

    assert references({"data": data}) == {"a"}
    assert "7" in after
    assert "bulkid" not in after.lower()


def test_several_references_in_a_path_are_each_replaced() -> None:
    path = 'members[value eq "bulkId:a" or value eq "bulkId:b"]'

    assert references({"data": {"path": path}}) == {"a", "b"}
    assert resolved({"path": path}, {"a": "1", "b": "2"}.__getitem__) == {
        "path": 'members[value eq "1" or value eq "2"]'
    }


def test_a_reference_in_quotes_is_read_as_json_writes_it() -> None:
    data = {"path": r'members[value eq "bulkId:\u0061\"b"]'}

    assert references({"data": data}) == {'a"b'}
    assert resolved(data, {'a"b': "7"}.__getitem__) == {"path": 'members[value eq "7"]'}


@pytest.mark.parametrize(
    "data",
    [
        {"title": 'say "bulkId:a"'},
        {"path": "bulkId"},
        {"path": 'members[value eq "bulkId:a'},
        {"$ref": "https://bulkId:a/Users/1"},
    ],
)
def test_other_texts_stay_as_they_are(data: dict[str, Any]) -> None:
    assert references({"data": data}) == set()
    assert resolved(data, str.upper) == data


def test_what_nests_deeper_than_any_attribute_is_left_alone() -> None:
    data: Any = "bulkId:a"
    for _ in range(DEPTH_MAX + 1):
        data = [data]

    assert references({"data": data}) == set()
    assert resolved(data, str.upper) == data


@pytest.mark.parametrize("unit", ['"', '\\"', '"\\"', '\\\\"', "\\"])
@pytest.mark.parametrize("begin", ["", '"', "{"])
def test_quotes_without_an_end_take_no_time(begin: str, unit: str) -> None:
    data = {"path": begin + unit * 200_000}

    began = time.process_time()
    assert resolved(data, str) == data
    assert time.process_time() - began < 2.0
