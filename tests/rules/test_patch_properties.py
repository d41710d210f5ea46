"""For any change, both of Entra's dialects of PATCH agree, and applying it twice is like applying it once."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schema.scim import urns
from schema.scim.attributes import Document
from tests.builders import patched
from tests.rules.documents import BARE, ENTERPRISE, FEW, HOME, WORK

Change = dict[str, Any]  # Path → new value: what a client found changed and sends.

TEXTS = st.one_of(
    st.sampled_from(["", "a", "A b", "Zoë", "True"]), st.text('aB é{["', max_size=4), st.none()
)
NAMES = st.text("aBé", min_size=1, max_size=4)
ATTRIBUTES = {
    **dict.fromkeys(["title", "displayName", "name.givenName", "name.familyName"], TEXTS),
    **dict.fromkeys([f"{urns.USER}:nickName", f"{ENTERPRISE}:department"], TEXTS),
    f"{ENTERPRISE}:manager": st.one_of(st.none(), st.text("abc-1", max_size=4)),
    "userName": NAMES,
    "active": st.booleans(),
}
VALUE_PATHS = {
    **dict.fromkeys(['emails[type eq "work"].value', 'emails[type eq "home"].value'], TEXTS),
    **dict.fromkeys(['emails[type eq "work"].display', 'phoneNumbers[type eq "fax"].value'], TEXTS),
    **dict.fromkeys(
        ['addresses[type eq "work"].locality', 'roles[primary eq "True"].value'], TEXTS
    ),
    'emails[type eq "work"].primary': st.booleans(),
    'emails[type eq "home"].primary': st.booleans(),
}
CHANGES = st.fixed_dictionaries({}, optional={**ATTRIBUTES, **VALUE_PATHS})
DOCUMENTS = CHANGES.map(lambda change: patched(BARE, *verbose(change)))
EMAILS = st.lists(
    st.fixed_dictionaries(
        {"value": st.sampled_from("abc")}, optional={"type": st.sampled_from(["work", "home"])}
    ),
    max_size=4,
)


def verbose(change: Change, op: str = "Replace") -> list[Document]:
    """Return a change as Entra's default dialect sends it: one operation per path, booleans as texts."""
    return [
        {"op": op, "path": path, "value": str(value) if isinstance(value, bool) else value}
        for path, value in change.items()
    ]


def flagged(change: Change) -> list[Document]:
    """Return a change as Entra sends it with aadOptscim062020: one object of attributes, without a path."""
    value = {path: each for path, each in change.items() if path in ATTRIBUTES}
    paths = {path: each for path, each in change.items() if path in VALUE_PATHS}
    return [
        {"op": "replace", "value": value},
        *({"op": "add", "path": path, "value": each} for path, each in paths.items()),
    ]


@FEW
@given(DOCUMENTS, CHANGES)
def test_both_dialects_lead_to_the_same_document(former: Document, change: Change) -> None:
    assert patched(former, *verbose(change)) == patched(former, *flagged(change))


@FEW
@given(DOCUMENTS, CHANGES)
def test_value_paths_as_keys_lead_to_the_same_document(former: Document, change: Change) -> None:
    attributes = {path: each for path, each in change.items() if path in ATTRIBUTES}
    paths = {path: each for path, each in change.items() if path in VALUE_PATHS}

    assert patched(former, {"op": "replace", "value": change}) == patched(
        former, *verbose({**attributes, **paths})
    )


@FEW
@given(DOCUMENTS, CHANGES, st.sampled_from(["Add", "Replace"]))
def test_applied_twice_is_applied_once(former: Document, change: Change, op: str) -> None:
    once = patched(former, *verbose(change, op))

    assert patched(once, *verbose(change, op)) == once


@FEW
@given(EMAILS, EMAILS, st.sampled_from(["add", "replace"]))
def test_values_added_twice_are_added_once(
    former: list[Document], sent: list[Document], op: str
) -> None:
    operation = {"op": op, "path": "emails", "value": sent}
    once = patched({**BARE, "emails": former}, operation)

    assert patched(once, operation) == once


@FEW
@given(EMAILS)
def test_what_was_listed_is_gone_after_its_removal(listed: list[Document]) -> None:
    former = {**BARE, "emails": [WORK, HOME, *listed]}

    assert patched(former, {"op": "Remove", "path": "emails", "value": listed})["emails"][:2] == [
        WORK,
        HOME,
    ]


@FEW
@given(DOCUMENTS)
def test_nothing_empty_is_left_behind(document: Document) -> None:
    assert not any(value in ("", None, [], {}) for value in document.values())
