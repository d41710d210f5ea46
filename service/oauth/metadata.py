"""GET /.well-known/oauth-authorization-server: what a client must know to get an access token (RFC 8414)."""

from collections.abc import Sequence
from typing import Any

import orjson
from aiohttp import web

from service.callers.scopes import COMMAND_LINE_ONLY, MEANINGS
from service.http.answer import Answer
from service.http.parts import SERVICE
from service.oauth.errors import JSON
from service.oauth.key_sets import ALGORITHMS
from service.oauth.paths import TOKEN_PATH
from service.oauth.token_request import GRANT_TYPE

AUTHENTICATION_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")


async def metadata(request: web.Request) -> Answer:
    """Answer the metadata. It holds nothing of any organization, and needs no token."""
    document = metadata_document(request.app[SERVICE].hosts.origin(request))
    return Answer(orjson.dumps(document), media_type=JSON)


def metadata_document(origin: str, algorithms: Sequence[str] = ALGORITHMS) -> dict[str, Any]:
    """Return the metadata of the service at an origin."""
    return {
        "issuer": origin,
        "token_endpoint": f"{origin}{TOKEN_PATH}",
        "grant_types_supported": [GRANT_TYPE],
        "response_types_supported": [],
        "scopes_supported": [each for each in MEANINGS if each not in COMMAND_LINE_ONLY],
        "token_endpoint_auth_methods_supported": AUTHENTICATION_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
    }
