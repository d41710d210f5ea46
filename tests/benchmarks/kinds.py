"""The kinds of queries that `queries` measures: a name for each, and the paths of its requests."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from tests.benchmarks.bodies import CORE_USER, ENTERPRISE_USER, external_id, user_name
from tests.benchmarks.database import Tenant
from tests.benchmarks.events import TEAM, Loaded

SAMPLE = 200  # Requests that differ; then they come again.
CLM_USER = "urn:ietf:params:scim:schemas:extension:clm:2.0:User"
LEAN = {"excludedAttributes": "members"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of query."""

    name: str
    paths: Sequence[str]
    is_bounded: bool = False  # What it costs must not depend on how many users there are.


def find(path: str, **query: str) -> str:
    """Return the path of a query, encoded."""
    return f"{path}?{urlencode(query, quote_via=quote)}"


def kinds(tenant: Tenant, loaded: Loaded) -> Iterator[Kind]:
    """Yield what is asked of an organization."""
    yield from lookups(tenant, loaded)
    yield from memberships(loaded)
    yield from scans(loaded)
    yield from orders(loaded)


def filtered(name: str, *filters: str, is_bounded: bool = False) -> Kind:
    """Return the kind of a filter on users, asked with different values."""
    return Kind(name, [find("/Users", filter=each) for each in filters], is_bounded)


def lookups(tenant: Tenant, loaded: Loaded) -> Iterator[Kind]:
    """Yield equality on what must have an index."""
    chance = random.Random(1)  # noqa: S311 - seeded, so that runs are alike.
    pairs = list(zip(loaded.user_ids, loaded.numbers, strict=True))
    ids, numbers = zip(*chance.choices(pairs, k=SAMPLE), strict=True)
    names = [user_name(n) for n in numbers]
    texts = {
        "id eq": [f'id eq "{each}"' for each in ids],
        "userName eq": [f'userName eq "{each.upper()}"' for each in names],
        "externalId eq": [f'externalId eq "{external_id(n)}"' for n in numbers],
        "displayName eq": [f'displayName eq "Given{n % 997} Family{n % 9973}"' for n in numbers],
        "emails.value eq": [f'emails.value eq "{each}"' for each in names],
        "emails of type work, value eq": [
            f'emails[type eq "work" and value eq "{each}"]' for each in names
        ],
        "enterprise employeeNumber eq": [
            f'{ENTERPRISE_USER}:employeeNumber eq "{n:010d}"' for n in numbers
        ],
        "userName eq or externalId eq": [
            f'userName eq "{user_name(n)}" or externalId eq "{external_id(n)}"' for n in numbers
        ],
        "userName eq and active eq true": [
            f'userName eq "{each}" and active eq true' for each in names
        ],
        "roleId eq, held by one": [f'roleId eq "{tenant.organization.roles["Administrator"]}"'],
    }
    for name, filters in texts.items():
        yield filtered(name, *filters, is_bounded=True)
    yield filtered(
        "roleId eq, held by a third", f'roleId eq "{tenant.organization.roles["Editor"]}"'
    )
    yield filtered("active eq true, nine of ten", "active eq true")
    yield filtered("active eq false, one of ten", "active eq false")


def memberships(loaded: Loaded) -> Iterator[Kind]:
    """Yield filters through memberships, from both sides."""
    chance = random.Random(2)  # noqa: S311 - seeded.
    ids = chance.choices(loaded.user_ids, k=SAMPLE)
    of_members = [find("/Groups", filter=f'members.value eq "{each}"', **LEAN) for each in ids]
    of_names = [
        find("/Groups", filter=f'displayName eq "Team {n * TEAM}"', **LEAN) for n in range(10)
    ]
    yield Kind("Groups: members.value eq", of_members, is_bounded=True)
    yield Kind("Groups: displayName eq", of_names, is_bounded=True)
    yield Kind("Groups: no filter, without members", [find("/Groups", **LEAN)])
    yield filtered("groups.value eq, the group of 100", f'groups.value eq "{loaded.everyone_id}"')


def scans(loaded: Loaded) -> Iterator[Kind]:
    """Yield filters of the other operators and attributes."""
    n = loaded.numbers[len(loaded.numbers) // 2]
    middle = user_name(n)
    yield filtered("userName sw, one", f'userName sw "{middle[:15]}"', is_bounded=True)
    yield filtered("userName gt, the last ten", f'userName gt "{user_name(loaded.numbers[-11])}"')
    yield filtered("userName co, one", f'userName co "{n:010d}"')
    yield filtered("userName ew, all", 'userName ew "@example.com"')
    yield filtered("emails.value co, one", f'emails.value co "{n:010d}"')
    yield filtered("meta.lastModified gt, none", 'meta.lastModified gt "2099-01-01T00:00:00Z"')
    yield filtered("meta.lastModified gt, all", 'meta.lastModified gt "2000-01-01T00:00:00Z"')
    yield filtered("title eq", 'title eq "Title 7"')
    yield filtered("title pr", "title pr")
    yield filtered("not (title pr)", "not (title pr)")
    yield filtered(
        "title sw and (active eq false or familyName eq)",
        'title sw "Title 1" and (active eq false or name.familyName eq "Family7")',
    )
    yield filtered("emails of type home, none", 'emails[type eq "home"]')
    yield filtered("enterprise department eq, all", f'{ENTERPRISE_USER}:department eq "Legal"')
    yield filtered("extension roleId pr, all", f"{CLM_USER}:roleId pr")
    yield filtered(
        "full URN of userName eq", f'{CORE_USER}:userName eq "{middle}"', is_bounded=True
    )


def orders(loaded: Loaded) -> Iterator[Kind]:
    """Yield sorting, paging by index and counting."""
    deep = str(len(loaded.user_ids) * 9 // 10)
    asked = {
        "no filter": {},
        "no filter, count=0": {"count": "0"},
        "no filter, startIndex at nine tenths": {"startIndex": deep},
        "active eq true, count=0": {"filter": "active eq true", "count": "0"},
        "sortBy userName": {"sortBy": "userName"},
        "sortBy userName, descending": {"sortBy": "userName", "sortOrder": "descending"},
        "sortBy userName, startIndex at nine tenths": {"sortBy": "userName", "startIndex": deep},
        "sortBy displayName": {"sortBy": "displayName"},
        "sortBy externalId": {"sortBy": "externalId"},
        "sortBy meta.lastModified": {"sortBy": "meta.lastModified"},
        "sortBy name.familyName": {"sortBy": "name.familyName"},
        "sortBy title, descending": {"sortBy": "title", "sortOrder": "descending"},
    }
    for name, query in asked.items():
        yield Kind(name, [find("/Users", **query)])
    beginnings = [f"user.{chance:04}" for chance in range(SAMPLE)]
    paths = [
        find("/Users", filter=f'userName ge "{each}" or id pr', count="0") for each in beginnings
    ]
    yield Kind("a total that nobody asked for before", paths)
    yield Kind("root: no filter", [find("/", **LEAN)])
    yield Kind("root: displayName eq", [find("/", filter='displayName eq "Team 0"', **LEAN)])
