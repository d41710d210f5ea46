"""The refusals of the token endpoint (RFC 6749 §5.2)."""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

NOTHING: Mapping[str, object] = {}


class OAuthError(Exception):
    """A token request is refused. `detail` is for the client's operator: ASCII, no quotes, no secrets (§5.2).

    `reason` names the cause in the log, where `fields` may say more, and so may the client if it is known.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str]
    client_id: UUID | None = None
    organization_id: UUID | None = None

    def __init__(self, reason: str, detail: str, *, fields: Mapping[str, object] = NOTHING) -> None:
        super().__init__(detail)
        self.reason, self.detail, self.fields = reason, detail, fields


class InvalidRequest(OAuthError):
    """The request lacks a parameter, repeats one, or is malformed."""

    code = "invalid_request"


class WrongMethod(InvalidRequest):
    """The token endpoint takes POST only (RFC 6749 §3.2)."""

    status = 405


class RequestTooLarge(InvalidRequest):
    """The body is larger than any token request needs to be."""

    status = 413


class InvalidClient(OAuthError):
    """Client authentication failed."""

    status = 401
    code = "invalid_client"


class UnsupportedGrantType(OAuthError):
    """The grant type is none of ours."""

    code = "unsupported_grant_type"


class InvalidScope(OAuthError):
    """The client does not have a scope that the request names, or the text is malformed."""

    code = "invalid_scope"


class TemporarilyUnavailable(OAuthError):
    """The request may be sent again: Postgres or the issuer does not answer now.

    RFC 6749 §5.2 has no code for it; this is that of its authorization endpoint (§4.1.2.1).
    """

    status = 503
    code = "temporarily_unavailable"


class ServerError(OAuthError):
    """A fault of the service; its log holds the trace. The code is that of RFC 6749 §4.1.2.1 too."""

    status = 500
    code = "server_error"
