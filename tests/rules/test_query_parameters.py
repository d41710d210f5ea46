"""A query is read from its parameters or from a SearchRequest (RFC 7644 §3.4.2, §3.4.3)."""

from collections.abc import Mapping
from typing import Any

import pytest

from projections.directory.queries.columns import GROUPS, USERS
from projections.directory.queries.plan import Query
from schema.scim.definitions import GROUP, USER
from schema.scim.errors import (
    InvalidCount,
    InvalidFilter,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    ScimError,
)
from service.scim.queries.parameters import (
    PAGE_SIZE,
    PAGE_SIZE_MAX,
    Target,
    read_query,
    read_search_request,
    refuse_bad_count,
)
from service.scim.select import read_selection

BASE = "https://scim.example.com/api/scim/v2"
PEOPLE = Target(USER, USERS)


def asked(sent: Mapping[str, str], target: Target = PEOPLE) -> Query:
    """Return the query that parameters ask for; their names are in lower case."""
    return read_query(sent, target, read_selection(sent, target.resource_type), BASE)


def test_without_parameters_the_first_page_is_asked_for() -> None:
    assert asked({}) == Query(USERS, base_url=BASE, page_size=PAGE_SIZE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("7", 7),
        ("+7", 7),
        (" 7 ", 7),
        ("0", 1),
        ("-5", 1),
        ("", 1),
        ("9" * 19, 2**62),
        ("9" * 5_000, 2**62),
        ("-" + "9" * 5_000, 1),
    ],
)
def test_a_start_index_counts_from_one(text: str, expected: int) -> None:
    assert asked({"startindex": text}).start == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("-1", 0),
        ("5", 5),
        ("", PAGE_SIZE),
        ("1000", PAGE_SIZE_MAX),
        ("1001", PAGE_SIZE_MAX),
        ("9" * 50, PAGE_SIZE_MAX),
    ],
)
def test_a_count_is_trimmed_to_a_page(text: str, expected: int) -> None:
    assert asked({"count": text}).page_size == expected


@pytest.mark.parametrize("text", ["x", "1.0", "1e3", "٣", "--1", "+-1", "1 2", "0x10", "+"])
@pytest.mark.parametrize("name", ["startindex", "count"])
def test_a_number_that_is_none_is_refused(name: str, text: str) -> None:
    with pytest.raises(InvalidValue, match="must be a whole number"):
        asked({name: text})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("descending", True), ("DESCENDING", True), ("ascending", False), ("", False), ("up", False)],
)
def test_an_order_ascends_unless_it_says_otherwise(text: str, expected: bool) -> None:  # noqa: FBT001 - a result.
    assert asked({"sortby": "title", "sortorder": text}).is_descending is expected


@pytest.mark.parametrize("name", ["title", "TITLE", "name.familyName", f"{USER.schema.id}:title"])
def test_an_order_is_by_any_attribute(name: str) -> None:
    assert asked({"sortby": name}).sort == USER.find(name)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"sortby": "nobody"}, InvalidPath),
        ({"filter": "nobody pr"}, InvalidFilter),
        ({"filter": ""}, InvalidFilter),
    ],
)
def test_what_nobody_knows_is_refused(sent: dict[str, str], error: type[ScimError]) -> None:
    with pytest.raises(error):
        asked(sent)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, True),
        ({"excludedattributes": "members"}, False),
        ({"attributes": "displayName"}, False),
        ({"attributes": "members.value"}, True),
        ({"excludedattributes": "members.display"}, True),
    ],
)
def test_members_are_read_where_they_are_shown(sent: dict[str, str], expected: bool) -> None:  # noqa: FBT001 - a result.
    assert asked(sent, Target(GROUP, GROUPS)).with_related is expected


@pytest.mark.parametrize("text", ["-1", "1001", "x", "1.5", "9" * 50])
def test_a_count_that_no_page_by_cursor_has_is_refused(text: str) -> None:
    with pytest.raises(InvalidCount, match="from 0 to 1,000"):
        refuse_bad_count({"count": text})


@pytest.mark.parametrize("text", ["", "0", "1", "1000"])
def test_a_count_that_a_page_by_cursor_has_is_taken(text: str) -> None:
    refuse_bad_count({"count": text})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {}),
        ({"filter": "title pr"}, {"filter": "title pr"}),
        ({"FILTER": "title pr", "sortBy": "title"}, {"filter": "title pr", "sortby": "title"}),
        ({"attributes": ["a", "b"]}, {"attributes": "a,b"}),
        ({"excludedAttributes": "a,b"}, {"excludedattributes": "a,b"}),
        ({"startIndex": 3, "count": "7"}, {"startindex": "3", "count": "7"}),
        ({"cursor": ""}, {"cursor": ""}),
        ({"filter": None, "nobody": 7, "schemas": ["x"]}, {}),
    ],
)
def test_a_search_request_is_a_query_in_a_body(
    body: dict[str, Any], expected: dict[str, str]
) -> None:
    assert read_search_request(body) == expected


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ([], InvalidSyntax),
        ("filter", InvalidSyntax),
        (None, InvalidSyntax),
        ({"filter": 7}, InvalidValue),
        ({"filter": ["title pr"]}, InvalidValue),
        ({"count": 1.5}, InvalidValue),
        ({"startIndex": True}, InvalidValue),
        ({"attributes": {"a": 1}}, InvalidValue),
        ({"attributes": ["a", None]}, InvalidValue),
        ({"filter": 'title eq "\0"'}, InvalidValue),
    ],
)
def test_a_search_request_that_is_none_is_refused(body: object, error: type[ScimError]) -> None:
    with pytest.raises(error):
        read_search_request(body)
