"""The id of a request: it appears in log lines and in events, and in the answer's header unless the client sent an id."""

import re
from uuid import UUID

from aiohttp import web

REQUEST_ID = web.RequestKey("request_id", UUID)

SENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")


def sent_id(value: str | None) -> str | None:
    """Return the id that a client gave its request; None if it gave none, or one that may break a log line."""
    return value if value and SENT.fullmatch(value) else None


def answered_id(request: web.Request) -> str:
    """Return the id for the header of the answer: the one that the client sent, else ours."""
    return sent_id(request.headers.get("X-Request-Id")) or str(request[REQUEST_ID])
