"""The id of a request: it appears in the answer's header, in log lines and in events."""

import re
from uuid import UUID

from aiohttp import web

REQUEST_ID = web.RequestKey("request_id", UUID)

SENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")


def sent_id(value: str | None) -> str | None:
    """Return the id that a client gave its request; None if it gave none, or one that may break a log line."""
    return value if value and SENT.fullmatch(value) else None
