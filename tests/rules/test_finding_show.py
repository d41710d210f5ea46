"""The findings of a comparison show what differs, and personal values only with `--personal`."""

import orjson
import pytest

from projections.fold import NotFolded
from projections.verify.findings import Difference, Unread, Waiting
from service.cli.printing.findings import PATHS_MAX, as_document, as_lines
from tests.builders import JO, ORGANIZATION_ID


def shown(found: object, expected: object, column: str = "document") -> list[str]:
    """Return the lines about a row whose JSON column differs, without the heading and the events."""
    row = Difference(
        *(ORGANIZATION_ID, JO, "users", (str(JO),)),
        columns=(column,),
        expected={column: orjson.dumps(expected).decode()},
        found={column: orjson.dumps(found).decode()},
        events=((7, "UserChanged"),),
        earlier=1_200,
    )
    head, *lines, stream = as_lines(row, with_personal=True).splitlines()
    assert head == f"different: users {JO} (organization {ORGANIZATION_ID})"
    assert stream == f"    stream {JO}: 1,200 earlier, 7 UserChanged"
    return [line.strip() for line in lines]


LONG = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"] * 9}


@pytest.mark.parametrize(
    ("found", "expected", "line"),
    [
        ({"a": "EVIL"}, {"a": "Ann"}, 'document.a: "EVIL" is stored, the log says "Ann"'),
        ({}, {"a": 1}, "document.a: nothing is stored, the log says 1"),
        ({"a": None}, {}, "document.a: null is stored, the log says nothing"),
        ({"a": 1}, {"a": True}, "document.a: 1 is stored, the log says true"),
        (
            {"a": [{"value": "x"}]},
            {"a": [{"value": "y"}]},
            'document.a[0].value: "x" is stored, the log says "y"',
        ),
        ({"a": "Zoë"}, {}, 'document.a: "Zoë" is stored, the log says nothing'),
        ({"a": [1, 2]}, {"a": [1]}, "document.a[1]: 2 is stored, the log says nothing"),
        (
            {"a": 1, "b": 2},
            {"b": 2, "a": 1},
            "document: the values are as the log says, only the order of keys differs",
        ),
    ],
)
def test_a_column_of_json_is_shown_by_the_paths_that_differ(
    found: object, expected: object, line: str
) -> None:
    assert shown(found, expected) == [line]


def test_a_difference_behind_a_long_beginning_is_seen() -> None:
    lines = shown({**LONG, "title": "boss"}, {**LONG, "title": "clerk"}, "search")
    assert lines == ['search.title: "boss" is stored, the log says "clerk"']


def test_of_many_paths_some_are_shown_and_the_others_counted() -> None:
    lines = shown({str(each): each for each in range(PATHS_MAX + 5)}, {})
    assert len(lines) == PATHS_MAX + 1
    assert lines[-1] == "document: 5 more paths differ"


def test_a_text_that_differs_only_in_formatting_is_shown_as_such() -> None:
    row = Difference(
        *(ORGANIZATION_ID, JO, "users", (str(JO),)),
        columns=("document",),
        expected={"document": '{"a":1}'},
        found={"document": '{ "a" : 1 }'},
    )
    told = "document: the values are as the log says, only the spelling differs"
    assert told in as_lines(row, with_personal=False)


PERSONAL = Difference(
    *(ORGANIZATION_ID, JO, "users", (str(JO),)),
    columns=("active", "external_id", "document"),
    personal=frozenset({"external_id", "document"}),
    expected={"active": True, "external_id": "ann", "document": '{"title":"ann","x":1}'},
    found={"active": False, "external_id": "eve", "document": '{"title":"eve","x":1}'},
)


def test_personal_values_are_shown_only_where_they_are_asked_for() -> None:
    assert as_lines(PERSONAL, with_personal=False).splitlines()[1:-1] == [
        "    active: False is stored, the log says True",
        "    external_id: not as the log says (--personal shows the values)",
        "    document.title: not as the log says (--personal shows the values)",
    ]
    assert as_lines(PERSONAL, with_personal=True).splitlines()[2:-1] == [
        "    external_id: eve is stored, the log says ann",
        '    document.title: "eve" is stored, the log says "ann"',
    ]


def test_json_withholds_them_too_and_says_so() -> None:
    assert orjson.loads(as_document(PERSONAL, with_personal=False))["columns"] == {
        "active": {"stored": False, "expected": True},
        "external_id": {"withheld": True},
        "document": {"withheld": True, "paths": [".title"]},
    }
    shown = orjson.loads(as_document(PERSONAL, with_personal=True))["columns"]
    assert shown["external_id"] == {"stored": "eve", "expected": "ann"}


def test_json_reports_parked_streams_and_logs_that_cannot_be_read() -> None:
    parked = as_document(Waiting(ORGANIZATION_ID, 2), with_personal=False)
    unread = as_document(Unread(ORGANIZATION_ID, NotFolded("at 4")), with_personal=False)
    named = {"organizationId": str(ORGANIZATION_ID)}
    assert orjson.loads(parked) == {"kind": "parked", **named, "streams": 2}
    assert orjson.loads(unread) == {"kind": "unreadable", **named, "error": "at 4"}


def test_a_number_beyond_all_bounds_is_a_difference_like_others() -> None:
    row = Difference(
        *(ORGANIZATION_ID, JO, "users", (str(JO),)),
        columns=("document",),
        expected={"document": '{"a":1}'},
        found={"document": '{"a":1e400}'},
    )
    line = "document.a: Infinity is stored, the log says 1"
    assert line in as_lines(row, with_personal=False)
    assert "1e400" in as_document(row, with_personal=False)
