"""A search document holds the comparable form of each value, whatever a document holds in its place."""

from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schema.scim import urns
from schema.scim.attributes import Attribute
from schema.scim.definitions import USER
from schema.scim.filter.comparable import comparable
from schema.scim.filter.search_document import HELD_ELSEWHERE, search_document

CORE = USER.schema.attributes.values()
ENTERPRISE = next(each for each in USER.extensions if each.id == urns.ENTERPRISE_USER)
TEXTS = st.sampled_from(["", "Ada", "ADA@Example.com", "E\u0301va", "2026-01-01T00:00:00Z", "ß"])
LEAVES = TEXTS | st.booleans() | st.integers(-3, 3) | st.floats(-1, 1) | st.none()
ANYTHING = LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(TEXTS, LEAVES, max_size=2)


def shaped(attribute: Attribute) -> st.SearchStrategy[Any]:
    """Return values of the shape of an attribute, and some of any other."""
    single: st.SearchStrategy[Any] = LEAVES
    if attribute.is_complex:
        subs = {each.name: shaped(each) for each in attribute.sub_attributes.values()}
        single = st.fixed_dictionaries({}, optional=subs | {"unknown": LEAVES})
    return (st.lists(single, max_size=2) if attribute.multi_valued else single) | ANYTHING


def shaped_object(attributes: Iterable[Attribute]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects of some attributes, and of some that nobody knows."""
    known = {each.name: shaped(each) for each in attributes}
    return st.fixed_dictionaries({}, optional=known | {"unknown": LEAVES})


DOCUMENTS = st.builds(
    lambda core, extension: {**core, ENTERPRISE.id: extension},
    shaped_object(CORE),
    shaped_object(ENTERPRISE.attributes.values()) | ANYTHING,
)


def converted(attribute: Attribute, value: Any) -> Any:
    """Return what a search document holds of an attribute's value; None if nothing."""
    if attribute.multi_valued:
        return converted_list(attribute, value) if isinstance(value, list) else None
    return converted_single(attribute, value)


def converted_list(attribute: Attribute, values: list[Any]) -> list[Any] | None:
    """Return the values of a list that are comparable."""
    found = [converted_single(attribute, each) for each in values]
    return [each for each in found if each is not None and each != ""] or None


def converted_single(attribute: Attribute, value: Any) -> Any:
    """Return the comparable form of a single value."""
    if attribute.is_complex:
        return converted_object(attribute.sub_attributes.values(), value)
    return comparable(attribute, value)


def converted_object(attributes: Any, value: Any) -> dict[str, Any] | None:
    """Return what an object holds under the names of some attributes."""
    if not isinstance(value, dict):
        return None
    by_name = {each.name: each for each in attributes}
    found = {
        name: converted(by_name[name], each) for name, each in value.items() if name in by_name
    }
    return {key: each for key, each in found.items() if each is not None and each != ""} or None


@given(document=DOCUMENTS)
def test_each_value_is_there_in_its_comparable_form(document: dict[str, Any]) -> None:
    own = [each for each in CORE if each.name not in HELD_ELSEWHERE]
    expected = converted_object(own, document) or {}
    extension = converted_object(ENTERPRISE.attributes.values(), document.get(ENTERPRISE.id))
    if extension is not None:
        expected[ENTERPRISE.id] = extension
    assert repr(sorted(search_document(document, USER).items())) == repr(sorted(expected.items()))
