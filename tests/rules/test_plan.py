"""The plan of a query, made without a database: how the query will be read (RFC 7644 §3.4.2, RFC 9865)."""

from typing import Any
from uuid import UUID

import pytest

from projections.directory.queries.columns import GROUPS, USERS, Table
from projections.directory.queries.keyset import Edge
from projections.directory.queries.plan import (
    BYTES_MAX,
    OFFSET_MAX,
    IndexPage,
    KeysetPage,
    PointRead,
    Query,
    Union,
    plan,
)
from projections.directory.queries.point_reads import (
    GROUP_BY_DISPLAY_NAME,
    GROUP_BY_EXTERNAL_ID,
    USER_BY_EXTERNAL_ID,
    USER_BY_USER_NAME,
    Lookup,
)
from schema.scim import urns
from schema.scim.definitions import GROUP, USER
from schema.scim.errors import InvalidPath
from schema.scim.filter.parse import parse_filter
from schema.scim.text import fold

TYPES = {"users": USER, "groups": GROUP}
SOMEBODY = UUID("019a0000-0000-7000-8000-000000000001")
BY_NAME = 'userName eq "Ada"'


def asked(text: str | None = None, *, table: Table = USERS, sort: str = "", **more: Any) -> Query:
    """Return a query as a client sends it."""
    resource_type = TYPES[table.name]
    chosen = parse_filter(text, resource_type) if text else None
    return Query(table, chosen, resource_type.find(sort) if sort else None, **more)


def body(sql: str) -> str:
    """Return a statement with single blanks and without comments."""
    lines = [line.partition("--")[0] for line in sql.splitlines()]
    return " ".join(" ".join(lines).split())


@pytest.mark.parametrize(
    ("text", "table", "lookup", "key"),
    [
        (BY_NAME, USERS, USER_BY_USER_NAME, "ada"),
        ('USERNAME EQ "STRASSE@contoso.com"', USERS, USER_BY_USER_NAME, "strasse@contoso.com"),
        ('userName eq "Straße"', USERS, USER_BY_USER_NAME, fold("Straße")),
        ('userName eq "a\\u00e9"', USERS, USER_BY_USER_NAME, fold("aé")),
        ('(userName eq "Ada")', USERS, USER_BY_USER_NAME, "ada"),
        ("userName eq Ada", USERS, USER_BY_USER_NAME, "ada"),
        (f'{urns.USER}:userName eq "Ada"', USERS, USER_BY_USER_NAME, "ada"),
        ('externalId eq "Ada"', USERS, USER_BY_EXTERNAL_ID, "Ada"),
        ('displayName eq "Sales"', GROUPS, GROUP_BY_DISPLAY_NAME, "sales"),
        ('externalId eq "Sales"', GROUPS, GROUP_BY_EXTERNAL_ID, "Sales"),
    ],
)
def test_one_equality_on_a_name_is_a_point_read(
    text: str, table: Table, lookup: Lookup, key: str
) -> None:
    query = asked(text, table=table, with_related=table is USERS)

    assert plan(query) == PointRead(lookup, key, query)


@pytest.mark.parametrize(
    "query",
    [
        asked(),
        asked('userName ne "ada"'),
        asked('userName sw "ada"'),
        asked("userName pr"),
        asked('not (userName eq "ada")'),
        asked('userName eq "ada" and active eq true'),
        asked('userName eq "ada" or userName eq "bob"'),
        asked('title eq "ada"'),
        asked('displayName eq "ada"'),
        asked('emails.value eq "ada"'),
        asked('emails[value eq "ada"]'),
        asked(f'{urns.ENTERPRISE_USER}:employeeNumber eq "7"'),
        asked(f'id eq "{SOMEBODY}"'),
        asked("active eq true"),
        asked(BY_NAME, sort="userName"),
        asked(BY_NAME, start=2),
        asked(BY_NAME, page_size=99),
        asked(BY_NAME, page_size=0),
        asked('displayName eq "sales"', table=GROUPS),
        asked('members eq "ada"', table=GROUPS, with_related=False),
    ],
    ids=str,
)
def test_what_is_more_than_one_equality_on_a_name_is_a_page_by_index(query: Query) -> None:
    planned = plan(query)

    assert isinstance(planned, IndexPage)
    assert (planned.query, planned.limit, planned.offset) == (
        query,
        query.page_size,
        query.start - 1,
    )


def test_a_page_by_index_has_one_statement_and_its_values() -> None:
    query = asked('userName sw "Ada" and active eq true', start=11, page_size=5)

    planned = plan(query)

    assert isinstance(planned, IndexPage)
    [(sql, values)] = planned.statements
    assert values == ["ada"]
    condition = '((r.user_name_key COLLATE "C" ^@ $4::text) AND r.active)'
    assert f"AND (TRUE AND ({condition}))" in body(sql)
    assert f"<= {BYTES_MAX}" in sql
    assert (planned.limit, planned.offset) == (5, 10)


def test_a_page_of_no_resources_has_no_statement() -> None:
    query = asked(page_size=0)

    assert plan(query) == IndexPage(query, (), 0, 0)


def test_a_page_far_beyond_all_rows_has_an_offset_that_postgres_takes() -> None:
    planned = plan(asked(start=2**80))

    assert isinstance(planned, IndexPage)
    assert planned.offset == OFFSET_MAX


@pytest.mark.parametrize(
    ("table", "with_related", "related"),
    [
        (USERS, True, "json_build_array(groups.id"),
        (USERS, False, "NULL AS related"),
        (GROUPS, True, "NULL AS related"),  # Members are read separately.
        (GROUPS, False, "NULL AS related"),
    ],
)
def test_only_the_groups_of_users_are_read_with_a_page(
    table: Table, related: str, *, with_related: bool
) -> None:
    planned = plan(asked(table=table, with_related=with_related))

    assert isinstance(planned, IndexPage)
    [(sql, _)] = planned.statements
    assert related in sql
    assert f"FROM directory.{table.name} AS r" in sql


@pytest.mark.parametrize(
    ("more", "conditions", "values"),
    [
        ({}, ["TRUE"], [[]]),
        ({"edge": Edge(None, SOMEBODY)}, ["r.id > $4::uuid"], [[SOMEBODY]]),
        (
            {"edge": Edge(None, SOMEBODY), "is_backward": True},
            ["r.id < $4::uuid"],
            [[SOMEBODY]],
        ),
        (
            {"sort": "userName", "edge": Edge("ada", SOMEBODY)},
            [
                '((r.user_name_key COLLATE "C"), r.id) > ($5::text::text, $4::uuid)',
                '(r.user_name_key COLLATE "C") IS NULL',
            ],
            [[SOMEBODY, "ada"], []],
        ),
        (
            {"sort": "userName", "edge": Edge("ada", SOMEBODY), "is_backward": True},
            ['((r.user_name_key COLLATE "C"), r.id) < ($5::text::text, $4::uuid)'],
            [[SOMEBODY, "ada"]],
        ),
        (
            {"sort": "userName", "edge": Edge(None, SOMEBODY), "is_descending": True},
            [
                '(r.user_name_key COLLATE "C") IS NULL AND r.id < $4::uuid',
                '(r.user_name_key COLLATE "C") IS NOT NULL',
            ],
            [[SOMEBODY], []],
        ),
    ],
    ids=str,
)
def test_a_page_by_cursor_has_a_statement_for_each_stretch_beyond_its_edge(
    more: dict[str, Any], conditions: list[str], values: list[list[object]]
) -> None:
    planned = plan(asked(page_size=10, is_by_cursor=True, **more))

    assert isinstance(planned, KeysetPage)
    assert planned.limit == 11  # One row more than asked for shows whether another page follows.
    assert [each.values for each in planned.statements] == values
    for statement, condition in zip(planned.statements, conditions, strict=True):
        assert f"AND ({condition} AND (TRUE))" in body(statement.sql)


def test_an_equality_on_a_name_by_cursor_is_a_page_by_cursor() -> None:
    planned = plan(asked(BY_NAME, is_by_cursor=True, total=1))

    assert isinstance(planned, KeysetPage)
    assert planned.query.total == 1
    assert [each.values for each in planned.statements] == [["ada"]]


@pytest.mark.parametrize(
    ("sort", "is_descending", "direction"),
    [("", False, "ASC NULLS LAST"), ("", True, "ASC NULLS LAST"), ("id", True, "DESC NULLS FIRST")],
)
def test_several_tables_are_read_as_one_union(
    sort: str, direction: str, *, is_descending: bool
) -> None:
    more: dict[str, Any] = {
        "sort": sort,
        "is_descending": is_descending,
        "start": 3,
        "page_size": 7,
    }
    users = asked('externalId eq "Ada"', **more)
    groups = asked('displayName eq "Sales"', table=GROUPS, **more)

    planned = plan(users, groups)

    assert isinstance(planned, Union)
    assert planned.queries == (users, groups)
    assert (planned.limit, planned.offset) == (7, 2)
    assert planned.statement.values == ["Ada", "sales"]
    sql = body(planned.statement.sql)
    assert f"ORDER BY number_key {direction}, text_key" in sql
    assert "r.external_id = $4::text" in sql
    assert "r.display_name_key = $5::text" in sql


@pytest.mark.parametrize("name", ["name", "password", "addresses"])
@pytest.mark.parametrize("is_by_cursor", [False, True])
def test_what_cannot_be_sorted_by_is_refused_before_anything_is_read(
    name: str, *, is_by_cursor: bool
) -> None:
    query = asked(sort=name, is_by_cursor=is_by_cursor)
    with pytest.raises(InvalidPath, match=name):
        plan(query)
    with pytest.raises(InvalidPath, match=name):
        plan(query, query)


def test_the_same_query_has_the_same_plan() -> None:
    query = asked('title co "x"', sort="title", start=5)

    assert plan(query) == plan(query)
