"""The plain reads of SCIM: a user by id, and users by a filter that is one equality on a unique name.

These are nearly all the requests of a provisioning client. `find_plain_read` knows a few ways to write them, and the
router and the parsers of `queries` know all: for what both know, both find the same.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from projections.directory.queries.columns import USERS
from projections.directory.queries.plan import POINT_READS
from projections.directory.queries.point_reads import USER_BY_ID, Resource
from schema.scim.definitions import USER
from schema.scim.filter.parse import EQUALITY
from schema.scim.text import fold
from service.callers.scopes import SCIM_READ
from service.http.plain_reads import PlainRead, PlainReads, Shown
from service.ids import as_id
from service.scim.as_of import AS_OF
from service.scim.base_path import BASE_PATH
from service.scim.queries.parameters import PAGE_SIZE
from service.scim.represent import etag, list_page, user_bytes

ONE_USER: Final = f"{BASE_PATH}/Users/"
FILTERED: Final = f"{BASE_PATH}/Users?filter="
BY_ID_ROUTE, LIST_ROUTE = f"{BASE_PATH}/Users/{{id}}", f"{BASE_PATH}/Users"
ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PATH_LENGTH_MAX: Final = 1_000
# What a query of one parameter has none of: further parameters, a fragment, and what is no ASCII.
SINGLE: Final = re.compile(r"[!-\"$-%'-~]*")
LOOKUPS: Final = {  # By the lower-case name of the attribute; whether it compares with case.
    name.lower(): (lookup, attribute.case_exact)
    for (table, name), lookup in POINT_READS.items()
    if table == USERS.name and (attribute := USER.schema.attribute(name)) is not None
}


def find_plain_read(path: str) -> PlainRead | None:
    """Return the plain read that a path with its query asks for; None for all else."""
    if path.startswith(ONE_USER):
        text = path[len(ONE_USER) :]
        user_id = as_id(text) if ID.fullmatch(text) else None
        return PlainRead(BY_ID_ROUTE, USER_BY_ID, user_id, show_user) if user_id else None
    if not path.startswith(FILTERED) or len(path) > PATH_LENGTH_MAX:
        return None
    sent = path[len(FILTERED) :]
    if SINGLE.fullmatch(sent) is None:
        return None
    try:
        found = EQUALITY.fullmatch(unquote_to_bytes(sent.replace("+", " ")).decode())
    except UnicodeDecodeError:
        return None
    chosen = LOOKUPS.get(found[1].lower()) if found else None
    if found is None or chosen is None:
        return None
    lookup, is_exact = chosen
    return PlainRead(LIST_ROUTE, lookup, found[2] if is_exact else fold(found[2]), show_list)


def show_user(found: list[Resource], origin: str) -> Shown | None:
    """Return the answer that shows a user; None if there is none."""
    if not found:
        return None
    user, base = found[0], origin + BASE_PATH
    headers = {
        "ETag": etag(user.version),
        "Location": f"{base}/Users/{user.id}",
        "Vary": AS_OF,
    }
    return Shown(user_bytes(user, base), headers)


def show_list(found: list[Resource], origin: str) -> Shown | None:
    """Return the answer that lists users; None if they are too many for one page."""
    if len(found) > PAGE_SIZE:
        return None
    base = origin + BASE_PATH
    body = list_page([user_bytes(each, base) for each in found], len(found), 1)
    return Shown(body, {"Vary": AS_OF})


PLAIN_READS: Final = PlainReads(find_plain_read, (AS_OF, "If-None-Match"), SCIM_READ)
