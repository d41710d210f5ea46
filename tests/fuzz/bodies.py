"""Request bodies: valid ones, valid ones with something changed, and bytes that are not JSON."""

from typing import Any

import orjson
from hypothesis import strategies as st

from schema.scim import urns
from tests.protocol.extensions import URN

USER, GROUP = "01a20000-0000-7000-8000-00000000000a", "01a20000-0000-7000-8000-00000000000b"
"""Placeholders for the ids of a user and a group that exist when the request is sent."""
NAME = "new-name"  # Placeholder for a name that nobody has yet.

PERSON = {
    "schemas": [urns.USER, urns.ENTERPRISE_USER],
    "userName": NAME,
    "externalId": "a-1",
    "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada Lovelace"},
    "displayName": "Ada",
    "active": True,
    "emails": [{"type": "work", "value": "ada@contoso.com", "primary": True}],
    "phoneNumbers": [{"type": "mobile", "value": "+1 555"}],
    "addresses": [{"type": "work", "locality": "London", "primary": "True"}],
    "roles": [{"value": "Editor", "primary": "True"}],
    "x509Certificates": [{"value": "QUJD"}],
    "roleId": None,
    urns.ENTERPRISE_USER: {"department": "Engines", "manager": {"value": USER}},
    URN: {"Contract": "4711", "Tags": ["Red"], "Level": 7, "Since": "2026-01-31T09:30:00Z"},
    "meta": {"resourceType": "User"},
}
TEAM = {
    "schemas": [urns.GROUP],
    "displayName": NAME,
    "externalId": "g-1",
    "members": [{"value": USER, "type": "User"}, {"value": GROUP, "$ref": None}],
}
PATHS = (
    "active",
    "userName",
    "name.givenName",
    'emails[type eq "work"].value',
    'emails[type eq "home" and primary eq true]',
    "emails",
    'roles[primary eq "True"].value',
    "members",
    f'members[value eq "{USER}"]',
    "displayName",
    f"{urns.ENTERPRISE_USER}:manager",
    urns.ENTERPRISE_USER,
    f"{URN}:Tags",
    f'{URN}:Tags[value eq "Red"]',
    "roleId",
    f"{urns.USER}:roleId",
    "id",
    "meta.version",
    "groups",
)
CHANGE = {
    "schemas": [urns.PATCH_OP],
    "Operations": [
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "add", "path": 'emails[type eq "work"].value', "value": "x@y.com"},
        {"op": "replace", "value": {"name.givenName": "Ada", f"{URN}:Level": 8}},
        {"op": "Add", "path": "members", "value": [{"$ref": None, "value": USER}]},
    ],
}
SEARCH = {
    "schemas": [urns.SEARCH_REQUEST],
    "filter": 'userName sw "a"',
    "attributes": ["userName", "members.value"],
    "sortBy": "displayName",
    "startIndex": 1,
    "count": 10,
    "cursor": "",
}
BULK = {
    "schemas": [urns.BULK_REQUEST],
    "failOnErrors": 3,
    "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": NAME}},
        {
            "method": "POST",
            "path": "/Groups",
            "bulkId": "b",
            "data": {"displayName": NAME, "members": [{"value": "bulkId:a"}]},
        },
        {"method": "PATCH", "path": f"/Users/{USER}", "data": CHANGE, "version": 'W/"1"'},
        {"method": "PUT", "path": f"/Groups/{GROUP}", "data": TEAM},
        {"method": "DELETE", "path": "/Users/bulkId:a"},
    ],
}

TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", " ", "True", "bulkId:a", USER, GROUP, "a\0b", "'; --", "\u202e\U0001f600", "x" * 5_000]
    ),
)
NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([2**63, -(2**63) - 1, 2**64 - 1]))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Replace", "REMOVE", "move", ""])},
    optional={"path": st.sampled_from(PATHS) | TEXTS, "value": VALUES},
)
PATCHES = st.lists(OPERATIONS, max_size=4).map(lambda each: {**CHANGE, "Operations": each})
VALID = st.sampled_from([PERSON, TEAM, CHANGE, SEARCH, BULK])
CHANGES = st.sampled_from([0, 0, 1, 1, 2, 4])


@st.composite
def changed(draw: st.DrawFn, documents: st.SearchStrategy[Any]) -> Any:
    """Draw a document in which some values, at any depth, are replaced, removed or renamed."""
    document = draw(documents)
    for _ in range(draw(CHANGES)):
        document = _with_change(draw, document)
    return document


def _with_change(draw: st.DrawFn, value: Any) -> Any:
    if not isinstance(value, dict | list) or not value or draw(st.integers(0, 4)) == 0:
        return draw(VALUES)
    if isinstance(value, list):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], _with_change(draw, value[place]), *value[place + 1 :]]
    name = draw(st.sampled_from(list(value)))
    rest = {key: each for key, each in value.items() if key != name}
    match draw(st.integers(0, 5)):
        case 0:
            return rest
        case 1:
            return {**rest, name.upper(): value[name]}
        case 2:
            return {**value, draw(TEXTS): draw(VALUES)}
        case _:
            return {**value, name: _with_change(draw, value[name])}


def written(document: Any) -> bytes:
    """Return a document as JSON, without the values that JSON cannot express."""
    return orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS, default=str)


def is_writable(document: Any) -> bool:
    """Return whether JSON can express a value."""
    try:
        written(document)
    except TypeError:  # An integer of more than 64 bits.
        return False
    return True


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """Draw bytes that are almost JSON: cut off, repeated, or with other bytes inserted."""
    text = written(draw(VALID))
    cut = draw(st.integers(0, len(text)))
    return text[:cut] + draw(st.binary(max_size=5)) + text[cut + draw(st.integers(0, 5)) :]


ODD = st.sampled_from(
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"\xff\xfe",
        b"[" * 2_000 + b"]" * 2_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"Operations":' + b"[" * 500 + b"]" * 500 + b"}",
        b'{"userName": "\\ud800"}',
        b'{"userName": "\\u0000"}',
        b'{"userName": 1e400}',
        b'{"userName": NaN}',
        b'{"userName": "a", "userName": "b"}',
        b'{"userName": "' + b"x" * 200_000 + b'"}',
        b"a" * 100_000,
    ]
)
HOSTILE = st.one_of(
    changed(VALID).filter(is_writable).map(written),
    VALUES.filter(is_writable).map(written),
    broken(),
    ODD,
)


def bodies(method: str, path: str) -> st.SearchStrategy[bytes]:
    """Return bodies for an endpoint: valid ones, changed ones, and ones that it must refuse."""
    documents: st.SearchStrategy[Any] = st.just(PERSON)
    if path.endswith("/.search"):
        documents = st.just(SEARCH)
    elif path == "/Bulk":
        documents = st.just(BULK)
    elif method == "PATCH":
        documents = st.just(CHANGE) | PATCHES
    elif path.startswith("/Groups"):
        documents = st.just(TEAM)
    fitting = changed(documents).filter(is_writable).map(written)
    return st.one_of(fitting, fitting, fitting, HOSTILE)
