"""Read requests: bodies with limits, query parameters, preconditions."""

import re
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from aiohttp import web

from schema.scim.errors import InvalidFilter, InvalidValue
from service.http.body import BODY_LIMIT_BYTES, read_json
from service.write.commands import ANY_VERSION, NO_PRECONDITION, Precondition

MEDIA_TYPES = ("application/scim+json", "application/json")
LARGE_BODY_LIMIT_BYTES = 16_777_216  # Of a group, which may list 100,000 members.
PARAMETERS_MAX = 100
VERSION = re.compile(r'\s*(?:W/)?"([0-9]{1,18})"\s*')


async def read_body(request: web.Request, limit_bytes: int = BODY_LIMIT_BYTES) -> Any:
    """Return the JSON of a request's body. Errors: those of `read_json`."""
    return await read_json(request, MEDIA_TYPES, limit_bytes)


def query_parameters(request: web.Request) -> dict[str, str]:
    """Return the query parameters by lower-case name, decoded once; the last of a name wins.

    Names of attributes add up: a client that excludes members and meta in two parameters must get neither.

    Unknown parameters are returned too, but no caller reads them: administrators put a bare `aadOptscim062020`
    into the Tenant URL, which switches on a feature of Entra's.
    """
    raw = request.rel_url.raw_query_string
    if not raw:
        return {}
    try:
        if (
            "&" not in raw and raw.isascii()
        ):  # A single parameter, such as a filter, takes half the time this way.
            name, _, value = raw.partition("=")
            return {_decoded(name).lower(): _decoded(value)}
        pairs = parse_qsl(
            raw, keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX
        )
    except UnicodeDecodeError:
        raise InvalidValue(
            "The query is not UTF-8 when it is decoded; encode it as UTF-8."
        ) from None
    except ValueError:
        raise InvalidValue(f"The query has more than {PARAMETERS_MAX} parameters.") from None
    found = {name.lower(): value for name, value in pairs}
    if len(found) < len(pairs):
        if len({value for name, value in pairs if name.lower() == "filter"}) > 1:
            raise InvalidFilter("There are several filters: join them by `and`, in one.")
        for several in ("attributes", "excludedattributes"):
            if several in found:
                found[several] = ",".join(
                    value for name, value in pairs if value and name.lower() == several
                )
    return found


def _decoded(text: str) -> str:
    """Return the text of a name or value in a query of ASCII. Errors: UnicodeDecodeError."""
    return unquote_to_bytes(text.replace("+", " ")).decode()


def read_precondition(request: web.Request) -> Precondition:
    """Return the precondition in If-Match and If-None-Match (RFC 7644 §3.14)."""
    wanted, barred = request.headers.get("If-Match"), request.headers.get("If-None-Match")
    if wanted is None and barred is None:
        return NO_PRECONDITION
    return Precondition(_versions(wanted), _versions(barred))


def _versions(header: str | None) -> frozenset[int] | None:
    """Return the versions that a header names: `*`, or entity tags, weak or strong."""
    if header is None:
        return None
    if header.strip() == "*":
        return ANY_VERSION
    found = [VERSION.fullmatch(tag) for tag in header.split(",")]
    return frozenset(int(each[1]) for each in found if each)


def is_unmodified(request: web.Request, version: int) -> bool:
    """Return whether If-None-Match names this version (RFC 7644 §3.14)."""
    held = _versions(request.headers.get("If-None-Match"))
    return held is not None and (held == ANY_VERSION or version in held)
