"""The fast predicate for many calls selects what the plain predicate selects."""

from typing import Any

import pytest

from schema.scim.definitions import USER
from schema.scim.filter.parse import parse_value_filter
from schema.scim.filter.predicate import matches, selector

EMAILS = USER.schema.attributes["emails"]
ELEMENTS: list[dict[str, Any]] = [
    {"type": "Work", "value": "a@example.com", "primary": True},
    {"type": "home", "value": "É@example.com"},
    {"value": ""},
    {"primary": False},
    {},
]


@pytest.mark.parametrize(
    "text",
    [
        'type eq "work"',
        'value eq "é@example.com"',
        'primary eq "True"',
        "primary eq false",
        'type eq "work" and primary eq true',
        'type ne "work"',
        "type eq null",
        "value pr",
    ],
)
def test_a_selector_is_the_predicate(text: str) -> None:
    chosen = parse_value_filter(text, EMAILS)
    assert list(map(selector(chosen), ELEMENTS)) == [matches(chosen, each) for each in ELEMENTS]
