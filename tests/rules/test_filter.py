"""Filters: what they parse to, which are refused and how, and what the AST selects."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.scim import urns
from schema.scim.definitions import GROUP, USER
from schema.scim.errors import InvalidFilter
from schema.scim.filter.comparable import instant
from schema.scim.filter.parse import (
    FILTER_DEPTH_MAX,
    FILTER_TERMS_MAX,
    And,
    Comparison,
    Filter,
    Not,
    Operator,
    Or,
    Present,
    ValuePath,
    parse_filter,
    parse_value_filter,
    read_equality,
)
from schema.scim.filter.predicate import matches
from schema.scim.filter.search_document import search_document
from schema.scim.filter.tokens import FILTER_LENGTH_MAX


def written(chosen: Filter) -> str:
    """Return a filter as an unambiguous text."""
    match chosen:
        case Comparison(path, operator, value):
            return f"{path} {operator} {value!r}"
        case Present(path):
            return f"{path} pr"
        case And(terms):
            return f"({' & '.join(map(written, terms))})"
        case Or(terms):
            return f"({' | '.join(map(written, terms))})"
        case Not(term):
            return f"!{written(term)}"
        case ValuePath(path, inner):
            return f"{path}[{written(inner)}]"
    raise AssertionError(chosen)


MANAGER = f"{urns.ENTERPRISE_USER}:manager"
GOOD = [
    ('userName eq "bjensen"', "userName eq 'bjensen'"),
    ('  USERNAME   Eq   "bjensen" ', "userName eq 'bjensen'"),
    ('name.familyName co "O\'Malley"', 'name.familyName co "O\'Malley"'),
    ('userName eq "a\\"b\\\\c\\u00e9"', "userName eq 'a\"b\\\\cé'"),
    (f'{urns.USER}:userName sw "J"', "userName sw 'J'"),
    (f'{urns.USER.upper()}:name.givenName sw "J"', "name.givenName sw 'J'"),
    (
        f'{urns.ENTERPRISE_USER}:employeeNumber eq "1"',
        f"{urns.ENTERPRISE_USER}:employeeNumber eq '1'",
    ),
    (f'{urns.CLM_USER}:roleId eq "1"', "roleId eq '1'"),
    ("title pr", "title pr"),
    ("name pr", "name pr"),
    ("title eq null", "!title pr"),
    ("title ne null", "title pr"),
    ("manager eq null", f"!{MANAGER} pr"),
    ('manager eq "2819"', f"{MANAGER}.value eq '2819'"),
    ('emails co "a"', "emails.value co 'a'"),
    ("externalId eq jyoung", "externalId eq 'jyoung'"),
    ("id eq 54D3-a and manager eq 2819-b", f"(id eq '54D3-a' & {MANAGER}.value eq '2819-b')"),
    ("externalId eq 007", "externalId eq '007'"),
    ("title eq true", "title eq 'true'"),
    ("active eq true", "active eq True"),
    ('active eq "False"', "active eq False"),
    ('roles[primary eq "True"]', "roles[primary eq True]"),
    # RFC 7643 §2.4: if primary is not stated, it is false.
    ('roles[primary eq "False"]', "roles[!primary eq True]"),
    ("roles[primary ne true]", "roles[!primary eq True]"),
    ("roles[primary ne false]", "roles[primary eq True]"),
    ("roles.primary eq false", "roles[!primary eq True]"),
    ("roles.primary ne true", "(roles[!primary eq True] | !roles pr)"),
    ("roles.primary ne false", "(roles.primary eq True | !roles pr)"),
    (
        'meta.lastModified gt "2011-05-13T04:42:34Z"',
        "meta.lastModified gt '2011-05-13T04:42:34.000000Z'",
    ),
    (
        'meta.created le "2011-05-13T04:42:34.5+02:00"',
        "meta.created le '2011-05-13T02:42:34.500000Z'",
    ),
    ("meta.created lt 2011-05-13T04:42:34", "meta.created lt '2011-05-13T04:42:34.000000Z'"),
    ('title pr and userType eq "E" or id pr', "((title pr & userType eq 'E') | id pr)"),
    ("title pr or userType pr and id pr", "(title pr | (userType pr & id pr))"),
    ("(title pr OR userType pr) AND id pr", "((title pr | userType pr) & id pr)"),
    ("not(title pr) and id pr", "(!title pr & id pr)"),
    ("NOT (title pr or id pr)", "!(title pr | id pr)"),
    ('emails[type eq "work" and value co "x"]', "emails[(type eq 'work' & value co 'x')]"),
    ('emails[not (type eq "work")]', "emails[!type eq 'work']"),
    ('emails[type eq "work"].value eq "x"', "emails[(type eq 'work' & value eq 'x')]"),
    ('emails[type eq "work"].value pr', "emails[(type eq 'work' & value pr)]"),
    (f'{urns.USER}:emails[type eq "work"]', "emails[type eq 'work']"),
    ('groups.value eq "x"', "groups.value eq 'x'"),
    (f'schemas eq "{urns.USER}"', f"schemas eq '{urns.USER}'"),
    ('userName eq "and"', "userName eq 'and'"),
]


@pytest.mark.parametrize(("text", "meaning"), GOOD)
def test_a_filter_parses(text: str, meaning: str) -> None:
    assert written(parse_filter(text, USER)) == meaning


BAD = [
    ("", "at character 1: expected an attribute"),
    ("   ", r"expected an attribute, `not` or `\(`, but found the end"),
    ("userName", "character 9: expected eq, ne, .* or pr after userName, but found the end"),
    ('userName zz "x"', "character 10: expected eq.* but found 'zz'"),
    ("userName eq", "character 12: expected a value such as"),
    ("userName eq and id pr", "character 13: expected a value"),
    ('userName eq ("x")', "character 13: expected a value"),
    ('userName eq "x', "character 13: a string lacks the double quote"),
    ("userName eq 'x'", "userName is in single quotes"),
    (r'userName eq "a\qb"', "userName is not a JSON string"),
    (r'userName eq "CONTOSO\user"', "not a JSON string; write .* for a backslash"),
    (r'userName eq "\ud800"', "not a JSON string"),
    ('userName eq "\ud800"', "not valid Unicode at character 14"),
    (r'userName eq "\u0000"', "NUL"),
    ('userName eq "\0"', "NUL"),
    ('userName eq "x" foo', "character 17: expected `and`, `or` or the end, but found 'foo'"),
    ('userName eq "x" and', "character 20: expected an attribute"),
    ('userName eq "x")', r"character 16: expected `and`, `or` or the end, but found '\)'"),
    ('(userName eq "x"', r"character 17: expected `and`, `or` or `\)`, but found the end"),
    ('"userName" eq "x"', "expected an attribute"),
    ("not title pr", r"character 5: expected `\(` after `not`"),
    ('nosuch eq "x"', "there is no attribute 'nosuch'"),
    ('name.nosuch eq "x"', "there is no attribute 'name.nosuch'"),
    ('urn:x:2.0:User:a eq "x"', "there is no attribute"),
    ('emails[nosuch eq "x"]', "there is no attribute 'nosuch' of emails"),
    ('emails[type eq "x"].nosuch pr', "there is no attribute '.nosuch' of emails"),
    ('emails[type eq "x"] eq "y"', "expected `and`, `or` or the end"),
    ('emails[type eq "x"', r"expected `and`, `or` or `\]`, but found the end"),
    ('name[givenName eq "x"]', "name is not multi-valued"),
    ('emails[value[type eq "x"]]', "value is not multi-valued"),
    ('password eq "x"', "password is never returned"),
    ("password pr", "password is never returned"),
    ('name eq "x"', "name is complex; name a sub-attribute of it, such as name"),
    ('addresses co "x"', "addresses is complex"),
    ("active eq yes", "active must be true or false"),
    ("active eq 1", "active must be true or false"),
    ("active gt true", "active is of type boolean, which gt does not compare"),
    ('active co "t"', "active is of type boolean"),
    ('x509Certificates.value gt "x"', "x509Certificates.value is of type binary"),
    ('meta.created co "2011"', "meta.created is of type dateTime"),
    ('meta.created gt "yesterday"', "meta.created must be a dateTime"),
    ("title gt null", "only eq and ne compare with null"),
]


@pytest.mark.parametrize(("text", "detail"), BAD)
def test_a_wrong_filter_is_refused_with_what_to_change(text: str, detail: str) -> None:
    with pytest.raises(InvalidFilter, match=detail) as refusal:
        parse_filter(text, USER)
    assert refusal.value.document()["scimType"] == "invalidFilter"


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (f'userName eq "{"x" * FILTER_LENGTH_MAX}"', "longer than 8,000 characters"),
        ("(" * 200 + "title pr" + ")" * 200, f"deeper than {FILTER_DEPTH_MAX}"),
        ("not (" * 1_500, f"deeper than {FILTER_DEPTH_MAX}"),
        (" or ".join(["title pr"] * (FILTER_TERMS_MAX + 1)), f"more than {FILTER_TERMS_MAX}"),
        ("(" * FILTER_LENGTH_MAX, f"deeper than {FILTER_DEPTH_MAX}"),
        ('"' * FILTER_LENGTH_MAX, "expected an attribute"),
        ('userName eq "' + '\\"' * 3_900, "lacks the double quote"),
        ("x" * FILTER_LENGTH_MAX, "there is no attribute"),
    ],
)
def test_a_filter_beyond_the_limits_is_refused(text: str, detail: str) -> None:
    with pytest.raises(InvalidFilter, match=detail) as refusal:
        parse_filter(text, USER)
    assert len(refusal.value.detail) < 300


def test_a_filter_at_the_limits_parses() -> None:
    deep = "(" * FILTER_DEPTH_MAX + "title pr" + ")" * FILTER_DEPTH_MAX
    assert written(parse_filter(deep, USER)) == "title pr"


def test_the_filter_of_a_path_names_sub_attributes() -> None:
    chosen = parse_value_filter(
        'TYPE eq "work" and primary eq "True"', USER.schema.attributes["emails"]
    )
    assert written(chosen) == "(type eq 'work' & primary eq True)"


@pytest.mark.parametrize("text", ['emails.type eq "x"', 'nosuch eq "x"', 'value[type eq "x"]', ""])
def test_the_filter_of_a_path_knows_nothing_else(text: str) -> None:
    with pytest.raises(InvalidFilter):
        parse_value_filter(text, USER.schema.attributes["emails"])


def test_the_filter_of_a_simple_attribute_calls_its_values_value() -> None:
    chosen = parse_value_filter('value co "enterprise"', USER.schema.attributes["schemas"])
    assert [matches(chosen, each) for each in (urns.USER, urns.ENTERPRISE_USER)] == [False, True]


DOCUMENT: dict[str, Any] = {
    "userName": "Bärbel@Contoso.com",
    "externalId": "Abc",
    "active": False,
    "name": {"familyName": "Straße"},
    "emails": [
        {"value": "a@x", "type": "work", "primary": True},
        {"value": "b@x", "type": "home"},
    ],
    "meta": {"lastModified": "2026-01-31T10:30:00+01:00"},
    "phoneNumbers": [],
    "title": None,
}


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "BÄRBEL@contoso.com"',
        'userName eq "BA\u0308RBEL@contoso.com"',
        'name.familyName eq "STRAẞE"',
        'externalId eq "Abc"',
        'externalId ne "abc"',
        'active eq "FALSE"',
        'meta.lastModified eq "2026-01-31T09:30:00Z"',
        'meta.lastModified ge "2026-01-31T09:30:00Z"',
        'emails eq "B@X"',
        'emails.type ne "work"',
        'emails[type eq "home" and primary ne true]',
        'emails[type eq "work"].value sw "a"',
        'title ne "x"',
        "title eq null",
        "phoneNumbers eq null",
        'not (phoneNumbers co "1")',
        "name pr and emails.primary pr",
    ],
)
def test_a_filter_selects(text: str) -> None:
    assert matches(parse_filter(text, USER), DOCUMENT)


@pytest.mark.parametrize(
    "text",
    [
        'externalId eq "abc"',
        'userName eq "Barbel@contoso.com"',
        'emails[type eq "home" and value eq "a@x"]',
        'title eq ""',
        'title co ""',
        "phoneNumbers pr",
        "nickName pr",
        'nickName lt "z"',
        'meta.lastModified gt "2026-01-31T09:30:00Z"',
    ],
)
def test_a_filter_does_not_select(text: str) -> None:
    assert not matches(parse_filter(text, USER), DOCUMENT)


def test_members_compare_by_their_ids() -> None:
    document = {"displayName": "Sales", "members": [{"value": "a"}, {"value": "b"}]}
    assert matches(parse_filter('displayName eq "SALES" and members eq "b"', GROUP), document)


def test_a_search_document_holds_what_compares() -> None:
    document = {
        "schemas": [urns.USER, urns.ENTERPRISE_USER],
        "userName": "Has a Column",
        "externalId": "Has a Column",
        "title": "Ärztin",
        "profileUrl": "https://Example.com/A",
        "name": {"givenName": "Bob"},
        "emails": [{"value": "Bob@Example.com", "primary": True}],
        urns.ENTERPRISE_USER: {"department": "R&D", "manager": {"value": "1"}},
    }
    assert search_document(document, USER) == {
        "schemas": [urns.USER, urns.ENTERPRISE_USER],
        "title": "ärztin",
        "profileUrl": "https://Example.com/A",
        "name": {"givenName": "bob"},
        "emails": [{"value": "bob@example.com", "primary": True}],
        urns.ENTERPRISE_USER: {"department": "r&d", "manager": {"value": "1"}},
    }


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2011-05-13T04:42:34Z", "2011-05-13T04:42:34.000000Z"),
        ("2011-05-13T04:42:34.123456789+02:00", "2011-05-13T02:42:34.123456Z"),
        ("2011-05-13T04:42:34", "2011-05-13T04:42:34.000000Z"),
        ("2011-05-13", "2011-05-13T00:00:00.000000Z"),
        ("0001-01-01T00:00:00+10:00", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59-10:00", "9999-12-31T23:59:59.999999Z"),
        ("soon", None),
    ],
)
def test_an_instant_is_utc_text_of_one_width(text: str, utc: str | None) -> None:
    assert instant(text) == utc


@given(
    name=st.sampled_from(
        ["userName", "EXTERNALID", "active", "emails", "name.givenName", "nosuch"]
    ),
    operator=st.sampled_from(["eq", "EQ", "co"]),
    literal=st.text(st.characters(codec=None), max_size=6)
    | st.sampled_from(["a", 'a"', "a\\u00e9"]),
    space=st.sampled_from([" ", "  "]),
)
def test_an_equality_is_read_as_the_parser_reads_it(
    name: str, operator: str, literal: str, space: str
) -> None:
    text = f'{name} {operator}{space}"{literal}"'
    equality = read_equality(text, USER)
    if equality is not None:
        assert parse_filter(f"({text})", USER) == equality


@pytest.mark.parametrize("literal", ["a", "é", "and", "CONTOSO'user", " a ", "null", "%41"])
def test_an_equality_of_plain_text_is_read_at_once(literal: str) -> None:
    path = USER.find("userName")
    assert path is not None
    text = f'userName eq "{literal}"'
    assert read_equality(text, USER) == Comparison(path, Operator.EQ, literal)


@pytest.mark.parametrize(
    "text",
    [
        'userName co "a"',
        'userName eq "a\\\\b"',
        'userName eq "a\nb"',
        'userName eq "\ud800"',
        "userName eq a",
        'active eq "true"',
        'nosuch eq "a"',
        'password eq "a"',
        f'userName eq "{"a" * FILTER_LENGTH_MAX}"',
        'userName eq "a" and active eq true',
    ],
)
def test_what_is_no_equality_of_plain_text_is_left_to_the_parser(text: str) -> None:
    assert read_equality(text, USER) is None
