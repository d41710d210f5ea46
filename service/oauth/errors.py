"""The refusals of the token endpoint, and the form in which they are answered (RFC 6749 §5.2)."""

from collections.abc import Mapping
from typing import ClassVar, Final
from uuid import UUID

import orjson

from schema.scim.errors import InternalError, ScimError, TooManyRequests, Unavailable
from service.http.error_form import ErrorForm

JSON: Final = "application/json"
NOTHING: Final[Mapping[str, object]] = {}
# RFC 6749 §5.1: nobody may keep the answer. Pragma is for caches of HTTP/1.0.
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
# RFC 6749 §5.2 wants the challenge after Basic, RFC 9110 §11.6.1 with every 401.
CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="oauth2", charset="UTF-8"'}
DESCRIBABLE: Final = frozenset(map(chr, range(0x20, 0x7F))) - frozenset('"\\')  # RFC 6749 §5.2


class OAuthError(ScimError):
    """A token request is refused. `detail` is for the client's operator.

    `reason` names the cause in the log, where `fields` may say more, and so may the client if it is known.
    """

    status = 400
    code: ClassVar[str]
    client_id: UUID | None = None
    organization_id: UUID | None = None

    def __init__(self, reason: str, detail: str, *, fields: Mapping[str, object] = NOTHING) -> None:
        super().__init__(detail)
        self.reason, self.fields = reason, fields


class InvalidRequest(OAuthError):
    """The request lacks a parameter, repeats one, or is malformed."""

    code = "invalid_request"


class InvalidClient(OAuthError):
    """Client authentication failed."""

    status = 401
    code = "invalid_client"


class UnsupportedGrantType(OAuthError):
    """The grant type is none of ours."""

    code = "unsupported_grant_type"


class InvalidScope(OAuthError):
    """The client does not have a scope that the request names."""

    code = "invalid_scope"


class IssuerUnavailable(OAuthError, Unavailable):
    """The issuer does not answer now. The request may be sent again."""

    status = 503
    code = "temporarily_unavailable"


def _code(error: ScimError) -> str:
    """Return the error code. RFC 6749 has those for 5xx in §4.1.2.1 only, for its other endpoint."""
    match error:
        case OAuthError():
            return error.code
        case Unavailable() | TooManyRequests():
            return "temporarily_unavailable"
        case InternalError():
            return "server_error"
        case _:
            return "invalid_request"


def _body(error: ScimError, _request_id: str) -> bytes:
    described = "".join(each for each in error.detail if each in DESCRIBABLE)
    return orjson.dumps({"error": _code(error), "error_description": described})


OAUTH_ERRORS: Final = ErrorForm(
    prefix="/oauth2",
    media_type=JSON,
    body=_body,
    headers=lambda error: {**NO_STORE, **(CHALLENGE if isinstance(error, InvalidClient) else {})},
    served="/.well-known/oauth-authorization-server describes the endpoints of OAuth.",
)
