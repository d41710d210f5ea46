"""Read a token request: its parameters, and how the client authenticates (RFC 6749 §2.3, RFC 7521 §4.2). Pure."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from service.oauth.errors import InvalidClient, InvalidRequest, UnsupportedGrantType

GRANT_TYPE = "client_credentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PARAMETERS_MAX = 50
READ = frozenset(
    {
        *("grant_type", "scope", "client_id", "client_secret"),
        *("client_assertion", "client_assertion_type"),
    }
)


@dataclass(frozen=True, slots=True)
class SecretCredentials:
    """A client id and a secret, as they were sent."""

    client_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class AssertionCredentials:
    """A JWT that stands for a client. `client_id` None: the JWT's subject is the client id (RFC 7523 §3)."""

    client_id: str | None
    assertion: str


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A token request. `scopes` is empty if it names none: then it asks for all that the client has."""

    credentials: SecretCredentials | AssertionCredentials
    scopes: tuple[str, ...]


def read_token_request(body: bytes, authorization: str | None) -> TokenRequest:
    """Return the token request in a form, with the Authorization header that came with it.

    Errors: InvalidRequest, UnsupportedGrantType, InvalidClient.
    """
    form = read_form(body)
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise InvalidRequest("grant_type_missing", f"Send grant_type={GRANT_TYPE} in the body.")
    if grant_type != GRANT_TYPE:
        raise UnsupportedGrantType("grant_type", f"The only grant type is {GRANT_TYPE}.")
    return TokenRequest(_credentials(form, authorization), tuple(form.get("scope", "").split()))


def read_form(body: bytes) -> Mapping[str, str]:
    """Return the parameters that we read. One without a value counts as left out (RFC 6749 §3.2).

    Errors: InvalidRequest.
    """
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            max_num_fields=PARAMETERS_MAX,
            errors="strict",
        )
    except ValueError:  # UnicodeDecodeError too.
        raise InvalidRequest(
            "form", "The body is not a form: application/x-www-form-urlencoded in UTF-8."
        ) from None
    names = [name for name, _ in pairs if name in READ]
    if len(set(names)) < len(names):
        raise InvalidRequest("parameter_repeated", "A parameter is there more than once.")
    return {name: value for name, value in pairs if name in READ and value}


def _credentials(
    form: Mapping[str, str], authorization: str | None
) -> SecretCredentials | AssertionCredentials:
    """Return how the client authenticates: in exactly one way (RFC 6749 §2.3)."""
    is_basic = authorization is not None
    ways = [is_basic, "client_secret" in form, "client_assertion" in form]
    if sum(ways) > 1:
        raise InvalidRequest(
            "several_authentications",
            "Authenticate in one way: the Authorization header, client_secret or client_assertion.",
        )
    if authorization is not None:
        return _basic(authorization, form.get("client_id"))
    if "client_assertion" in form:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise InvalidClient("assertion_type", f"client_assertion_type is {ASSERTION_TYPE}.")
        return AssertionCredentials(form.get("client_id"), form["client_assertion"])
    if "client_id" not in form or "client_secret" not in form:
        raise InvalidClient(
            "no_credentials",
            "Authenticate the client: by Basic, or by client_id with client_secret or client_assertion.",
        )
    return SecretCredentials(form["client_id"], form["client_secret"])


def _basic(authorization: str, client_id: str | None) -> SecretCredentials:
    """Return the credentials of client_secret_basic; both parts are form-encoded first (RFC 6749 §2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient("scheme", "The Authorization header of a token request is Basic.")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
        user, colon, password = text.partition(":")
        named, secret = (unquote_plus(each, errors="strict") for each in (user, password))
    except ValueError:  # Not base64, not UTF-8, not ASCII.
        raise InvalidClient("basic", "The Authorization header is not valid Basic.") from None
    if not (colon and named and secret):
        raise InvalidClient("basic", "The Authorization header is not valid Basic.")
    if client_id not in (None, named):
        raise InvalidRequest("client_ids", "The header and the body name different clients.")
    return SecretCredentials(named, secret)
