"""A filter as SQL selects the same resources as the filter as a predicate."""

from datetime import timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from projections.directory.queries.columns import GROUPS
from projections.directory.rows import user_document
from schema.events.user import User
from schema.scim import urns
from schema.scim.attributes import Document
from schema.scim.definitions import ENTERPRISE_USER, USER
from schema.scim.filter.parse import parse_filter
from schema.scim.filter.predicate import matches
from schema.scim.text import fold
from tests.database.people import (
    AT,
    BASE_URL,
    GROUP_IDS,
    GROUP_NAMES,
    ORGANIZATION,
    OTHER,
    ROLES,
    USER_IDS,
    Person,
    insert_users,
    person,
    select,
)
from tests.filter_strategies import (
    ANY_USER,
    EXTENSION,
    FOREIGN,
    PLAIN,
    TEXTS_OF_ALL_KINDS,
    every_comparison,
    filters,
    some_of,
)


def served(person: Person) -> Document:
    """Return a user as clients see it."""
    user = person.user
    return {
        **user_document(user, ANY_USER),
        "id": str(user.id),
        "meta": {
            "resourceType": "User",
            "created": user.created_at.isoformat(),
            "lastModified": user.modified_at.isoformat(),
            "location": f"{BASE_URL}/Users/{user.id}",
            "version": f'W/"{user.version}"',
        },
        "groups": [
            {
                "value": str(GROUP_IDS[n]),
                "$ref": f"{BASE_URL}/Groups/{GROUP_IDS[n]}",
                "display": GROUP_NAMES[n],
                "type": "direct",
            }
            for n in person.groups
        ],
    }


CORE = [
    USER.schema.attributes[name]
    for name in ("username", "displayname", "title", "name", "active", "externalid", "profileurl")
] + [USER.schema.attributes[name] for name in ("emails", "addresses", "x509certificates")]
OWN = list(ANY_USER.extensions[-1].attributes.values())
ENTERPRISE = [ENTERPRISE_USER.attributes[name] for name in ("employeenumber", "manager")]

ATTRIBUTES = st.builds(
    lambda name, core, own, enterprise: {
        "userName": name,
        **core,
        **({EXTENSION: own} if own else {}),
        **({urns.ENTERPRISE_USER: enterprise} if enterprise else {}),
    },
    TEXTS_OF_ALL_KINDS,
    some_of(CORE[1:], TEXTS_OF_ALL_KINDS),
    st.one_of(st.none(), some_of(OWN, TEXTS_OF_ALL_KINDS)),
    st.one_of(st.none(), some_of(ENTERPRISE, TEXTS_OF_ALL_KINDS)),
)


@st.composite
def people(draw: st.DrawFn) -> list[Person]:
    """Draw users with different userNames."""
    attributes = draw(
        st.lists(ATTRIBUTES, min_size=1, max_size=6, unique_by=lambda each: fold(each["userName"]))
    )
    return [
        Person(
            User(
                id=USER_IDS[number],
                version=draw(st.integers(1, 3)),
                created_at=AT,
                modified_at=AT + timedelta(minutes=draw(st.integers(-2, 2))),
                origin="scim",
                active=each.pop("active", True),
                role_id=draw(st.sampled_from(ROLES)),
                attributes=each,
            ),
            draw(st.lists(st.sampled_from(range(len(GROUP_IDS))), unique=True)),
        )
        for number, each in enumerate(attributes)
    ]


TEXTS_OF_THE_REST = [  # Possible values of attributes that clients do not send.
    *map(str, [*USER_IDS[:3], *GROUP_IDS, *ROLES]),
    *(f"{BASE_URL}/Users/{each}" for each in USER_IDS[:2]),
    *(f"{BASE_URL}/Groups/{each}" for each in GROUP_IDS[:2]),
    *GROUP_NAMES,
    *("sales", "S", "DIRECT", "User", "user", 'W/"1"', 'W/"', "0000-0000", "80", "no id"),
    *(urns.USER, EXTENSION, EXTENSION.upper(), urns.ENTERPRISE_USER, "urn:"),
]
REST = [USER.schema.attributes[name] for name in ("id", "meta", "schemas", "roleid", "groups")]
FILTERS = st.one_of(
    filters(CORE, TEXTS_OF_ALL_KINDS),
    filters(OWN, TEXTS_OF_ALL_KINDS, f"{EXTENSION}:"),
    filters(ENTERPRISE, TEXTS_OF_ALL_KINDS, f"{urns.ENTERPRISE_USER}:"),
    filters(REST, st.sampled_from(TEXTS_OF_THE_REST)),
)


def every_filter(seed: int) -> list[str]:
    """Return filters with every operator on every attribute."""
    turn = seed % len(PLAIN)
    texts = [*PLAIN[turn:], *FOREIGN, *PLAIN[:turn]]
    rest = [*TEXTS_OF_THE_REST[turn:], *TEXTS_OF_THE_REST[:turn]]
    return [
        *every_comparison(CORE, texts),
        *every_comparison(OWN, texts, f"{EXTENSION}:"),
        *every_comparison(ENTERPRISE, texts, f"{urns.ENTERPRISE_USER}:"),
        *every_comparison(REST, rest),
    ]


async def assert_both_readings_agree(
    connection: asyncpg.Connection, people: list[Person], texts: list[str]
) -> None:
    """Assert that SQL finds the users whose documents the predicate selects; leave no users."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await insert_users(connection, people)
        found = {text: await select(connection, text) for text in texts}
    finally:
        await transaction.rollback()
    documents = {each.user.id: served(each) for each in people}
    parsed = {text: parse_filter(text, ANY_USER) for text in texts}
    assert found == {
        text: {user_id for user_id, each in documents.items() if matches(chosen, each)}
        for text, chosen in parsed.items()
    }


SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@given(people=people(), texts=st.lists(FILTERS, min_size=1, max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=SHARED)
async def test_sql_selects_what_the_predicate_selects(
    directory: asyncpg.Connection, people: list[Person], texts: list[str]
) -> None:
    await assert_both_readings_agree(directory, people, texts)


@given(people=people(), texts=st.integers(0, 99).map(every_filter))
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=SHARED,
    phases=[
        Phase.reuse,
        Phase.generate,
    ],  # Each example has hundreds of filters: shrinking takes minutes.
)
async def test_every_operator_on_every_attribute_selects_what_the_predicate_selects(
    directory: asyncpg.Connection, people: list[Person], texts: list[str]
) -> None:
    await assert_both_readings_agree(directory, people, texts)


async def test_a_filter_sees_members_of_its_own_organization_only(
    directory: asyncpg.Connection,
) -> None:
    await directory.execute(
        "INSERT INTO directory.memberships VALUES ($1, $2, $3, 'User')",
        *(OTHER, GROUP_IDS[0], USER_IDS[0]),
    )
    assert await select(directory, f'members eq "{USER_IDS[0]}"', GROUPS) == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f'members eq "{USER_IDS[0]}"', {0, 2}),
        (f'id eq "{GROUP_IDS[0]}" and members eq "{USER_IDS[0]}"', {0}),
        (f'members.value ne "{USER_IDS[0]}"', {1, 2}),
        (f'not (members.value eq "{USER_IDS[0]}")', {1}),
        ("members pr", {0, 2}),
        ("members eq null", {1}),
        ('members.type eq "user"', {0, 2}),
        ('members[type eq "Group"]', {2}),
        (f'members[type eq "User" and value eq "{USER_IDS[0]}"]', {0, 2}),
        ('members.display sw "USER"', {0, 2}),
        ('members.display eq "Sales"', {2}),
        (f'members.$ref eq "{BASE_URL}/Groups/{GROUP_IDS[0]}"', {2}),
        ('members.value eq "no id"', set()),
        ('displayName co "SALES"', {0, 1}),
        ('displayName eq "STRAẞE"', {2}),
        ('displayName eq "STRASSE"', set()),
        ('displayName co "ß"', {2}),
        ('displayName co "ss"', set()),
        (f'meta.location eq "{BASE_URL}/Groups/{GROUP_IDS[1]}"', {1}),
        ('meta.resourceType eq "Group"', {0, 1, 2}),
        ('meta.version eq "W/\\"1\\""', {0, 1, 2}),
    ],
)
async def test_groups_are_found_by_their_members_and_names(
    directory: asyncpg.Connection, text: str, found: set[int]
) -> None:
    await insert_users(directory, [person(0, groups=[0, 2], displayName="User 0")])
    await directory.execute(
        "INSERT INTO directory.memberships VALUES ($1, $2, $3, 'Group')",
        *(ORGANIZATION, GROUP_IDS[2], GROUP_IDS[0]),
    )
    assert await select(directory, text, GROUPS) == {GROUP_IDS[each] for each in found}
