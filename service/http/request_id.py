"""The id of a request: it appears in the answer's header, in log lines and in events."""

from uuid import UUID

from aiohttp import web

REQUEST_ID = web.RequestKey("request_id", UUID)
