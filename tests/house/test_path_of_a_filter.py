"""How far a filter travels: which modules a GET enters between its handler and its answer.

`pytest -s` prints the paths. Before queries were planned as values, the same four queries took 24, 49, 53 and 50
stays. Following the text of a filter through every branch took 72 stays, 46 of them returns to a module that had
been left. Now it takes 25 stays, 11 of them returns. A point read mostly goes by the shortcut: 29 stays from the parsed
request to the bytes of its answer, with authentication, limits and the log line.
"""

from urllib.parse import urlencode

import pytest

from tests.house.paths import Path, followed
from tests.serving import Scim, Served, make_tenant

HANDLER = "service.scim.queries.query:query_users"
ANSWER = "service.scim.responses:json_response"
SHORT_HANDLER = "service.http.plain_reads:begin"
SHORT_ANSWER = "service.http.connections.shortcut:answer"
SHORT_STAYS_MAX = 29
NOT_SHORT = {"If_None_Match": 'W/"0"'}  # A request with this header goes the ordinary way.
AUTHENTICATION = {
    "service.callers.authenticate",
    "service.callers.access_tokens",
    "service.callers.signing_keys",
    "service.callers.scopes",
    "projections.directory.access",
}
QUERIES = {
    "a point read": ({"filter": 'userName eq "ada@contoso.com"'}, 24),
    "a page by index": ({"filter": 'title eq "Countess"'}, 36),
    "a page in an order": ({"filter": 'title co "count"', "sortBy": "name.familyName"}, 49),
    "a page by cursor": ({"filter": 'title eq "Countess"', "cursor": ""}, 49),
}


@pytest.mark.parametrize(("query", "stays_max"), QUERIES.values(), ids=QUERIES)
async def test_a_filter_takes_a_short_way_from_its_handler_to_its_answer(
    scim: Scim, query: dict[str, str], stays_max: int
) -> None:
    await scim.post("/Users", {"userName": "ada@contoso.com", "title": "Countess"})

    sought = f"/Users?{urlencode(query)}"
    await scim.get(sought, **NOT_SHORT)  # The first one reads statements and opens connections.

    with followed(HANDLER, ANSWER) as path:
        found = await scim.get(sought, **NOT_SHORT)

    assert found.body["totalResults"] == 1
    show(path)
    assert path.stays[0] == "service.scim.queries.query"
    assert path.stays[-1] == "service.scim.responses"
    assert len(path.stays) <= stays_max
    assert AUTHENTICATION.isdisjoint(path.stays)


async def test_a_point_read_takes_a_short_way_by_the_shortcut(scim: Scim) -> None:
    await scim.post("/Users", {"userName": "ada@contoso.com"})
    query, _ = QUERIES["a point read"]
    await scim.find("/Users", **query)  # The first one looks up the token, and opens connections.

    with followed(SHORT_HANDLER, SHORT_ANSWER) as path:
        found = await scim.find("/Users", **query)

    assert found.body["totalResults"] == 1
    show(path)
    assert path.stays[0] == "service.http.plain_reads"
    assert path.stays[-1] == "service.http.connections.shortcut"
    assert len(path.stays) <= SHORT_STAYS_MAX


async def test_authentication_is_not_the_greater_part_of_how_a_request_begins(
    served: Served,
) -> None:
    tenant = await make_tenant(served.runtime, "The token is not known yet")

    with followed("service.http.answering:answer", ANSWER) as path:
        found = await Scim(served, tenant.token).find("/Users", filter='userName eq "nobody"')

    assert found.status == 200
    show(path)
    begin = list(dict.fromkeys(path.stays))[:10]
    assert len(AUTHENTICATION.intersection(begin)) <= 4
    after = path.stays[path.stays.index("service.scim.queries.query") :]
    assert AUTHENTICATION.isdisjoint(after)


def show(path: Path) -> None:
    """Print a path, for a run with -s."""
    line = f"{len(path.stays)} stays, {path.returns} returns: {' → '.join(path.stays)}"
    print(line)  # noqa: T201 - for a person who runs this with -s.
