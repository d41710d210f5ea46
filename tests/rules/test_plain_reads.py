"""Plain reads are found by one pattern: what it finds is what the parsers of a query find (RFC 7644 §3.4.2)."""

from urllib.parse import quote, quote_plus
from uuid import UUID

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from projections.directory.queries.columns import USERS
from projections.directory.queries.plan import PointRead, plan
from projections.directory.queries.point_reads import USER_BY_ID
from schema.scim.definitions import USER
from schema.scim.errors import ScimError
from service.scim.plain_reads import find_plain_read
from service.scim.queries.parameters import Target, read_query
from service.scim.request import query_parameters
from service.scim.select import EVERYTHING

USERS_PATH = "/api/scim/v2/Users"
SOMEBODY = "019a0000-0000-7000-8000-00000000000a"
LIKELY = st.sampled_from(["userName", "externalId", "USERNAME", "id", "displayName", "emails"])
NAMES = st.one_of(LIKELY, st.text(st.characters(codec="ascii"), max_size=12))
VALUES = st.one_of(st.text(max_size=30), st.from_regex(r"[\w.+-]{1,20}@[\w-]{1,10}\.com"))
ENCODERS = st.sampled_from([quote, quote_plus, lambda text: text.replace(" ", "+"), str])


def filtered(path: str) -> PointRead | None:
    """Return the point read that the parsers find in a path, if it is one of users."""
    request = make_mocked_request("GET", path)
    try:
        planned = plan(
            read_query(query_parameters(request), Target(USER, USERS), EVERYTHING, "http://a")
        )
    except ScimError:
        return None
    return planned if isinstance(planned, PointRead) else None


def agrees(path: str) -> bool:
    """Return whether a path is a plain read; assert that it is then the read that the parsers find."""
    found = find_plain_read(path)
    if found is None:
        return False
    expected = filtered(path)
    assert expected is not None
    assert (found.lookup, found.key) == (expected.lookup, expected.key)
    return True


@pytest.mark.parametrize(
    "query",
    [
        'userName+eq+"ada@example.com"',
        "userName%20eq%20%22Ada%40Example.com%22",
        "userName+eq+%22Jos%C3%A9%22",
        'USERNAME EQ "a+b"'.replace(" ", "+"),
        'externalId+eq+"Entra-1"',
        "externalId%20Eq%20%22a%2Bb%26c%22",
        'userName+eq+"%25"',
    ],
)
def test_what_clients_send_is_a_plain_read(query: str) -> None:
    assert agrees(f"{USERS_PATH}?filter={query}")


@given(name=NAMES, value=VALUES, encode=ENCODERS)
def test_every_plain_read_is_the_one_that_the_parsers_find(
    name: str, value: str, encode: object
) -> None:
    assert callable(encode)
    text = f'{name} eq "{value}"'.encode("utf-8", "replace").decode()
    agrees(f"{USERS_PATH}?filter={encode(text)}")


@pytest.mark.parametrize(
    "path",
    [
        "/api/scim/v2/Users",
        "/api/scim/v2/Users?",
        f"{USERS_PATH}?filter=",
        f'{USERS_PATH}?filter=userName+eq+"a"&count=1',
        f'{USERS_PATH}?filter=userName+eq+"a"&attributes=id',
        f'{USERS_PATH}?filter=userName+eq+"a"#b',
        f'{USERS_PATH}?filter=userName+eq+"a"+or+id+pr',
        f'{USERS_PATH}?filter=userName+eq+"a\\"b"',
        f'{USERS_PATH}?filter=userName+eq+"%FF"',
        f'{USERS_PATH}?filter=userName+eq+"%00"',
        f'{USERS_PATH}?filter=userName+eq+"%E0%80"',
        f'{USERS_PATH}?filter=userName+eq+"é"',
        f'{USERS_PATH}?filter=userName+ne+"a"',
        f'{USERS_PATH}?filter=title+eq+"a"',
        f'{USERS_PATH}?filter=manager+eq+"a"',
        f'{USERS_PATH}?filter=userName+eq+"{"a" * 1000}"',
        f'{USERS_PATH}?Filter=userName+eq+"a"',
        '/api/scim/v2/users?filter=userName+eq+"a"',
        '/api/scim/v2/Groups?filter=displayName+eq+"a"',
        f"{USERS_PATH}/{SOMEBODY}/",
        f"{USERS_PATH}/{SOMEBODY.upper()}",
        f"{USERS_PATH}/{SOMEBODY}?attributes=userName",
        f"{USERS_PATH}/{SOMEBODY[:-1]}",
        f"{USERS_PATH}/.search",
        f"http://a{USERS_PATH}/{SOMEBODY}",
        f"/api/scim/v2//Users/{SOMEBODY}",
    ],
)
def test_everything_else_goes_the_ordinary_way(path: str) -> None:
    assert find_plain_read(path) is None


def test_a_user_is_found_by_its_id() -> None:
    found = find_plain_read(f"{USERS_PATH}/{SOMEBODY}")

    assert found is not None
    assert (found.lookup, found.key) == (USER_BY_ID, UUID(SOMEBODY))
