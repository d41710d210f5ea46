"""POST /oauth2/token: reads a form, answers an access token or a refusal in the form of RFC 6749 §5.2."""

import asyncio
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from aiohttp import web

from eventstore.postgres.outages import classify
from schema.scim.errors import Unavailable
from service.http.request_id import REQUEST_ID
from service.oauth.errors import (
    InvalidClient,
    InvalidRequest,
    OAuthError,
    RequestTooLarge,
    ServerError,
    TemporarilyUnavailable,
    WrongMethod,
)
from service.oauth.grant import Granted, Granter
from service.oauth.token_request import read_token_request

GRANTER = web.AppKey("granter", Granter)
MEDIA_TYPE = "application/x-www-form-urlencoded"
BODY_BYTES_MAX = 65_536
BODY_TIMEOUT_S = 10.0
RETRY_AFTER_S = 1
# RFC 6749 §5.1: nobody may keep the answer. Pragma is for caches of HTTP/1.0.
HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache"}
DESCRIBABLE = frozenset(map(chr, range(0x20, 0x7F))) - frozenset('"\\')  # RFC 6749 §5.2

log = structlog.get_logger()


async def token(request: web.Request) -> web.Response:
    """Answer a token request."""
    try:
        granted = await _granted(request)
    except OAuthError as refusal:
        return _refused(request, refusal)
    log.info(
        "access_token_issued",
        request_id=str(request[REQUEST_ID]),
        organization_id=str(granted.organization_id),
        client_id=str(granted.client_id),
        scopes=granted.scopes,
    )
    return _answer(
        {
            "access_token": granted.access_token,
            "token_type": "Bearer",
            "expires_in": granted.expires_in_s,
            "scope": " ".join(granted.scopes),
        }
    )


async def _granted(request: web.Request) -> Granted:
    """Return the access token. Every failure becomes an OAuthError, since the client knows no other form."""
    if request.method != "POST":
        raise WrongMethod("method", "Send a token request by POST.")
    body = await _read_body(request)
    sent = read_token_request(body, request.headers.get("Authorization"))
    try:
        return await request.app[GRANTER].grant(sent)
    except OAuthError:
        raise
    except Unavailable as refusal:
        raise TemporarilyUnavailable("busy", refusal.detail) from refusal
    except Exception as error:
        if classify(error).blames_nobody:
            log.warning("postgres_unavailable", error=repr(error))
            detail = "The database cannot be reached: try again."
            raise TemporarilyUnavailable("postgres", detail) from error
        log.exception("request_failed", request_id=str(request[REQUEST_ID]), exc_info=error)
        detail = f"Something went wrong here; quote request {request[REQUEST_ID]} to the operator."
        raise ServerError("failed", detail) from error


async def _read_body(request: web.Request) -> bytes:
    """Return the form. Errors: InvalidRequest."""
    if request.content_type != MEDIA_TYPE:
        raise InvalidRequest("media_type", f"Send the parameters in the body as {MEDIA_TYPE}.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise InvalidRequest("content_encoding", "Send the body without compression.")
    parts, size = list[bytes](), 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for piece in request.content.iter_any():
                size += len(piece)
                if size > BODY_BYTES_MAX:
                    raise RequestTooLarge("body_too_large", "The body is too large.")
                parts.append(piece)
    except TimeoutError:
        raise InvalidRequest("body_late", "The body did not come in time.") from None
    except (ConnectionError, web.RequestPayloadError):
        raise InvalidRequest("body_incomplete", "The body did not come whole.") from None
    return b"".join(parts)


def _refused(request: web.Request, refusal: OAuthError) -> web.Response:
    """Return the answer to a refusal, and log the refusal. Every failed authentication of a client passes here."""
    log.info(
        "token_request_refused",
        request_id=str(request[REQUEST_ID]),
        error=refusal.code,
        reason=refusal.reason,
        **{
            name: str(value)
            for name in ("organization_id", "client_id")
            if (value := getattr(refusal, name))
        },
        **refusal.fields,
    )
    response = _answer(
        {
            "error": refusal.code,
            "error_description": "".join(each for each in refusal.detail if each in DESCRIBABLE),
        },
        refusal.status,
    )
    match refusal:
        case InvalidClient():  # RFC 6749 §5.2 wants it after Basic, RFC 9110 §11.6.1 with every 401.
            response.headers["WWW-Authenticate"] = 'Basic realm="oauth2", charset="UTF-8"'
        case TemporarilyUnavailable():
            response.headers["Retry-After"] = str(RETRY_AFTER_S)
        case WrongMethod():
            response.headers["Allow"] = "POST"
        case RequestTooLarge():
            response.force_close()  # The rest of the body is not read.
    return response


def _answer(body: dict[str, Any], status: int = HTTPStatus.OK) -> web.Response:
    return web.Response(
        body=orjson.dumps(body), status=status, content_type="application/json", headers=HEADERS
    )
