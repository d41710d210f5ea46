"""Paths, and how names resolve to attributes (RFC 7644 §3.5.2 figure 7, RFC 7643 §2.1)."""

import pytest

from schema.scim import urns
from schema.scim.definitions import GROUP, USER
from schema.scim.errors import InvalidFilter, InvalidPath
from schema.scim.patch.path import PATH_LENGTH_MAX, parse_path
from tests.rules.documents import CUSTOM, CUSTOM_USER

ENTERPRISE = urns.ENTERPRISE_USER


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("title", "title"),
        ("TITLE", "title"),
        (" title ", "title"),
        ("name.givenName", "name.givenName"),
        ("Name.GIVENNAME", "name.givenName"),
        ("emails.value", "emails.value"),
        (f"{urns.USER}:displayName", "displayName"),
        (f"{urns.USER}:name.familyName", "name.familyName"),
        (f"{urns.USER.upper()}:NAME.familyname", "name.familyName"),
        (f"{ENTERPRISE}:department", f"{ENTERPRISE}:department"),
        (f"{ENTERPRISE.lower()}:Manager.value", f"{ENTERPRISE}:manager.value"),
        (f"{ENTERPRISE}.department", f"{ENTERPRISE}:department"),
        (f"{ENTERPRISE.upper()}.manager.value", f"{ENTERPRISE}:manager.value"),
        (f"{urns.USER}.name.givenName", "name.givenName"),
        (f"{urns.CLM_USER}.roleId", "roleId"),
        ("manager", f"{ENTERPRISE}:manager"),
        ("department", f"{ENTERPRISE}:department"),
        ("roleId", "roleId"),
        (f"{urns.USER}:roleId", "roleId"),
        (f"{urns.CLM_USER}:roleId", "roleId"),
        ("externalId", "externalId"),
        ("meta.version", "meta.version"),
    ],
)
def test_a_name_means_an_attribute(text: str, meant: str) -> None:
    assert str(parse_path(text, USER)) == meant


@pytest.mark.parametrize(
    "text",
    [
        "mailNickname",
        "name.nothing",
        "members",
        "x-1_$",
        f"{urns.USER}:department",
        f"{urns.GROUP}:displayName",
        f"{ENTERPRISE}:title",
        "urn:example:Nope:2.0:User:X",
        "http://schemas.example.com/2006/11/User:X.y",
        'nothing[type eq "work"].value',
        'emails[type eq "work"].nothing',
    ],
)
def test_a_name_that_nobody_knows_means_nothing(text: str) -> None:
    assert parse_path(text, USER) is None


def test_a_reference_has_a_dollar() -> None:
    assert str(parse_path("members.$ref", GROUP)) == "members.$ref"


def test_a_value_path_has_a_filter_and_a_target() -> None:
    path = parse_path('Emails[Type EQ "work"].Value', USER)

    assert path is not None
    assert (path.attribute.name, str(path), path.filter is None) == (
        "emails",
        "emails.value",
        False,
    )


@pytest.mark.parametrize(
    "text",
    ['emails[display eq "a]b"].value', 'emails[display eq "a[b"]', 'emails[display eq ".x"].type'],
)
def test_brackets_and_dots_in_a_text_are_text(text: str) -> None:
    path = parse_path(text, USER)

    assert path is not None
    assert path.filter is not None


def test_a_value_path_may_name_its_schema() -> None:
    path = parse_path(f'{urns.USER}:emails[type eq "work"].value', USER)

    assert path is not None
    assert str(path) == "emails.value"


def test_values_of_a_simple_attribute_are_selected_by_value() -> None:
    path = parse_path(f'{CUSTOM}:Tags[value eq "a"]', CUSTOM_USER)

    assert path is not None
    assert str(path) == f"{CUSTOM}:Tags"


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "display name",
        '"title"',
        "emails]",
        "emails{0}",
        "(title)",
        "[type eq 1]",
        "name.givenName.x",
        "name.",
        ".name",
        "name..givenName",
        "urn:",
        ":title",
        "/title",
        "$.title",
        "1title",
        'emails[type eq "work"].value.x',
        'emails[type eq "work"].',
        'emails[type eq "work"',
        'emails[type eq "work"]value',
        'title[value eq "x"]',
        'name[givenName eq "x"]',
    ],
)
def test_a_malformed_path_is_refused(text: str) -> None:
    with pytest.raises(InvalidPath):
        parse_path(text, USER)


@pytest.mark.parametrize(
    "inner", ["", "type", "type eq", 'type is "x"', 'nothing eq "x"', "((type pr)"]
)
def test_a_malformed_filter_in_a_path_is_refused(inner: str) -> None:
    with pytest.raises(InvalidFilter):
        parse_path(f"emails[{inner}].value", USER)


def test_a_path_as_long_as_the_limit_is_read() -> None:
    assert parse_path("x" * PATH_LENGTH_MAX, USER) is None


def test_a_longer_path_is_refused() -> None:
    with pytest.raises(InvalidPath, match="longer than 8,000"):
        parse_path("x" * (PATH_LENGTH_MAX + 1), USER)


def test_a_refusal_quotes_no_more_than_a_part_of_the_path() -> None:
    with pytest.raises(InvalidPath) as refusal:
        parse_path(f"emails[{'x' * 5_000}", USER)

    assert len(refusal.value.detail) < 200


ALIASES = [
    "urn:scim:schemas:extension:enterprise:1.0",
    "urn:scim:schemas:extension:enterprise:2.0",
    "URN:SCIM:Schemas:Extension:Enterprise:1.0",
    "urn:scim:schemas:extension:enterprise:2.0:User",
]


@pytest.mark.parametrize("urn", ALIASES)
@pytest.mark.parametrize("rest", ["department", "manager", "manager.value", "MANAGER.displayName"])
def test_other_urns_of_the_enterprise_extension_mean_it(urn: str, rest: str) -> None:
    meant = USER.find(f"{urns.ENTERPRISE_USER}:{rest}")

    assert meant is not None
    assert USER.find(f"{urn}:{rest}") == USER.find(f"{urn}.{rest}") == meant
    assert USER.is_container(urn)
    assert str(parse_path(f"{urn}:{rest}", USER)) == str(meant)


@pytest.mark.parametrize("urn", ALIASES)
def test_other_urns_mean_nothing_beside_the_enterprise_extension(urn: str) -> None:
    assert USER.find(f"{urn}:nothing") is None
    assert USER.find(f"{urn}0:department") is None
    assert not GROUP.is_container(urn)
