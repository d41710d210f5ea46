"""Reads: filters with many terms, sorts, long pages, large groups, schemas."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from tests.attack.shapes.shape import Hostile, Shape

NAMES = [
    "userName",
    "name.givenName",
    "name.familyName",
    "emails.value",
    "emails.type",
    "addresses.country",
    "roles.value",
    "title",
    "displayName",
    "phoneNumbers.value",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
]


def _query(path: str, **sent: Any) -> str:
    return f"{path}?{urlencode(sent)}"


def filters(hostile: Hostile) -> list[bytes]:
    """Send filters with 200 comparisons, each of another kind, over all users."""

    def terms() -> Iterator[str]:
        for number in range(190):
            name = hostile.rng.choice(("title", "emails.value", "name.familyName", "displayName"))
            operator = hostile.rng.choice(("co", "ew", "sw", "ne"))
            yield f'{name} {operator} "{number}x"'

    bodies = [
        {"filter": hostile.rng.choice((" or ", " and ")).join(terms()), "sortBy": "title"}
        for _ in range(20)
    ]
    return [
        hostile.request("POST", f"{path}/.search", each)
        for each in bodies
        for path in ("", "/Users")
    ]


def sorts(hostile: Hostile) -> list[bytes]:
    """Read pages far back, sorted by what has no index."""
    paths = [
        _query("/Users", sortBy=name, sortOrder="descending", count=1_000, startIndex=90_000)
        for name in (
            "title",
            "emails.value",
            "name.familyName",
            "addresses.country",
            "meta.created",
        )
    ]
    return [hostile.request("GET", each) for each in paths]


def pages(hostile: Hostile) -> list[bytes]:
    """Read the longest pages, with as many names of attributes as there may be."""
    names = ",".join((NAMES * 20)[:200])
    paths = [
        _query("/Users", count=1_000, attributes=names),
        _query("/Users", count=1_000, excludedAttributes=names),
        _query("/Users", count=1_000),
        _query("/Groups", count=1_000, attributes="displayName,members.value,members.display"),
        _query("/", count=1_000, attributes=names),
    ]
    return [hostile.request("GET", each) for each in paths]


def large_groups(hostile: Hostile) -> list[bytes]:
    """Read a group of 100,000, alone and in lists."""
    path = f"/Groups/{hostile.site.loaded.everyone_id}"
    named = {"filter": 'displayName eq "Everyone"'}
    paths = [
        path,
        f"{path}?attributes=members.value",
        _query("/Groups", **named),
        _query("/Groups", **named, attributes="members.display,members.value"),
        _query("/", **named, excludedAttributes="members.display"),
    ]
    return [hostile.request("GET", each) for each in paths]


async def large_users(hostile: Hostile) -> list[bytes]:
    """Read users that are as large as users may be, alone and in pages."""
    emails = [{"value": "ä" * 350 + str(n), "type": "work"} for n in range(290)]
    paths = [await hostile.user(emails=emails, title="large") for _ in range(60)]
    lists = [
        _query("/Users", filter='title eq "large"', count=1_000),
        _query("/Users", filter='title eq "large"', count=1_000, excludedAttributes="emails.type"),
    ]
    return [hostile.request("GET", each) for each in (*lists, *paths)]


def schemas(hostile: Hostile) -> list[bytes]:
    """Read what is published about the service."""
    paths = ("/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Roles", "/Me")
    return [hostile.request("GET", each) for each in paths]


SHAPES = (
    Shape("filters-of-200-terms", filters, 16),
    Shape("sorts", sorts, 16),
    Shape("long-pages", pages, 16),
    Shape("large-groups", large_groups, 16),
    Shape("large-groups-unread", large_groups, 64, "unread"),
    Shape("large-users", large_users, 64),
    Shape("schemas", schemas, 64),
)
