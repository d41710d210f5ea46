"""The id that follows a request: header, log field, events."""

from uuid import UUID

from aiohttp import web

REQUEST_ID = web.RequestKey("request_id", UUID)
