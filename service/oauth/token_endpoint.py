"""POST /oauth2/token: reads a form and answers an access token (RFC 6749 §4.4)."""

from typing import Final

import orjson
import structlog
from aiohttp import web

from service.http.answer import Answer
from service.http.authentication import count_failure, note_authenticated
from service.http.body import read_bytes
from service.http.request_state import STATE
from service.oauth.errors import JSON, NO_STORE, InvalidClient, InvalidRequest, OAuthError
from service.oauth.grant import Granted, Granter
from service.oauth.token_request import read_token_request

GRANTER: Final = web.AppKey("granter", Granter)
MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
BODY_BYTES_MAX: Final = 65_536

log = structlog.get_logger()


async def token(request: web.Request) -> Answer:
    """Answer a token request.

    Failed authentications count for the client's address, as those with a token do.
    Errors: OAuthError, TooManyRequests, and those of bodies and of Postgres.
    """
    try:
        granted = await _granted(request)
    except OAuthError as refusal:
        _log_refusal(request, refusal)
        if isinstance(refusal, InvalidClient):
            count_failure(request)
        raise
    note_authenticated(request)
    log.info(
        "access_token_issued",
        request_id=str(request[STATE].request_id),
        organization_id=str(granted.organization_id),
        client_id=str(granted.client_id),
        scopes=granted.scopes,
    )
    answer = {
        "access_token": granted.access_token,
        "token_type": "Bearer",
        "expires_in": granted.expires_in_s,
        "scope": " ".join(granted.scopes),
    }
    return Answer(orjson.dumps(answer), headers=NO_STORE, media_type=JSON)


async def _granted(request: web.Request) -> Granted:
    if request.content_type != MEDIA_TYPE:
        raise InvalidRequest("media_type", f"Send the parameters in the body as {MEDIA_TYPE}.")
    body = await read_bytes(request, BODY_BYTES_MAX)
    sent = read_token_request(body, request.headers.get("Authorization"))
    return await request.app[GRANTER].grant(sent)


def _log_refusal(request: web.Request, refusal: OAuthError) -> None:
    """Write the log line of a refusal."""
    known = {"organization_id": refusal.organization_id, "client_id": refusal.client_id}
    log.info(
        "token_request_refused",
        request_id=str(request[STATE].request_id),
        error=refusal.code,
        reason=refusal.reason,
        **{name: str(value) for name, value in known.items() if value},
        **refusal.fields,
    )
