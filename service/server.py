"""The HTTP server: aiohttp's, with SCIM errors even for what is not HTTP enough to be routed."""

from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from schema.scim.errors import InternalError
from service.scim.middleware import error_response, http_refusal

LINE_BYTES_MAX = 65_536  # Of the request line: a filter of 8,000 characters may be 72,000 encoded.
FIELD_BYTES_MAX = 16_384  # Of one header; a token has about 500.
SHUTDOWN_TIMEOUT_S = 30.0  # For requests in flight when the service stops.
KEEPALIVE_TIMEOUT_S = 75.0


class ScimRequestHandler(RequestHandler):
    """Answers malformed HTTP with a SCIM error and closes the connection."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to a request that never reached a route."""
        super().handle_error(request, status, exc, message)
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            reason = (message or "").splitlines()[0][:200] if message else "malformed"
            response = error_response(
                http_refusal(status, f"The HTTP request is refused: {reason}")
            )
        else:
            response = error_response(InternalError("Something went wrong here; try again."))
        response.force_close()
        return response


class ScimServer(web.Server):
    """Makes one handler per connection."""

    def __call__(self) -> RequestHandler:
        """Return the handler of a new connection."""
        return ScimRequestHandler(self, loop=self._loop, **self._kwargs)


class ScimRunner(web.AppRunner):
    """Runs an application on a ScimServer."""

    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        kwargs: dict[str, Any] = plain._kwargs  # noqa: SLF001 - aiohttp offers no way to name the class.
        return ScimServer(plain.request_handler, request_factory=plain.request_factory, **kwargs)


def make_runner(app: web.Application) -> ScimRunner:
    """Return a runner with our limits and without aiohttp's access log: the middleware writes ours."""
    return ScimRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=SHUTDOWN_TIMEOUT_S,
        keepalive_timeout=KEEPALIVE_TIMEOUT_S,
        max_line_size=LINE_BYTES_MAX,
        max_field_size=FIELD_BYTES_MAX,
    )
