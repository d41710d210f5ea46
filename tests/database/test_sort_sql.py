"""SQL orders users as their values compare. Users without a value come last."""

import asyncpg
import pytest

from projections.directory.queries.columns import USERS
from projections.directory.queries.keyset import order_of
from schema.scim.definitions import USER
from schema.scim.errors import InvalidPath
from tests.database.people import USER_IDS, insert_users, person
from tests.filter_strategies import ANY_USER, EXTENSION


async def test_a_page_of_users_is_sorted_as_they_compare(directory: asyncpg.Connection) -> None:
    titles = enumerate(["b", "A", "é", "B c"])
    people = [person(number, title=title) for number, title in titles]
    await insert_users(directory, [*people, person(4)])
    assert await sort(directory, "title") == [1, 0, 3, 2, 4]


async def test_users_are_sorted_by_the_primary_value_or_else_the_first(
    directory: asyncpg.Connection,
) -> None:
    first = [{"value": "m"}, {"value": "a"}]
    primary = [{"value": "z"}, {"value": "b", "primary": True}]
    people = [person(0, emails=first), person(1, emails=primary), person(2)]
    await insert_users(directory, people)
    assert await sort(directory, "emails") == [1, 0, 2]


@pytest.mark.parametrize(
    "name",
    [
        "id",
        "meta.lastModified",
        "active",
        "roleId",
        "schemas",
        "groups",
        "groups.display",
        "meta.location",
        "meta.version",
        f"{EXTENSION}:parts.a_integer",
        f"{EXTENSION}:a_strings",
        f"{EXTENSION}:a_decimals",
        "userName",
        "externalId",
        "manager",
        "meta.resourceType",
    ],
)
async def test_users_can_be_sorted_by(directory: asyncpg.Connection, name: str) -> None:
    await insert_users(directory, [person(0), person(1)])
    assert await sort(directory, name) == [0, 1]


@pytest.mark.parametrize("name", ["name", "password", "addresses"])
def test_users_cannot_be_sorted_by(name: str) -> None:
    path = USER.find(name)
    assert path is not None
    with pytest.raises(InvalidPath, match=name):
        order_of(USERS, path, is_descending=False)


async def sort(connection: asyncpg.Connection, name: str) -> list[int]:
    """Return the numbers of the users in ascending order of an attribute."""
    path = ANY_USER.find(name)
    assert path is not None
    order = order_of(USERS, path, is_descending=False).by
    rows = await connection.fetch(f"SELECT r.id FROM directory.users AS r ORDER BY {order}")
    return [USER_IDS.index(row["id"]) for row in rows]
