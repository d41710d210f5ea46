"""What the token endpoint reads and how it refuses, without a service."""

import base64
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schema.scim.errors import InternalError, PayloadTooLarge, ScimError, Unavailable
from service.oauth.errors import OAUTH_ERRORS, InvalidClient, IssuerUnavailable, OAuthError
from service.oauth.token_request import SecretCredentials, read_token_request

NAMES = st.sampled_from(
    ["grant_type", "client_id", "client_secret", "scope", "client_assertion", "x", "%", "="]
)
VALUES = st.one_of(st.just("client_credentials"), st.text(max_size=8), st.just("%ff"))
FORMS = st.lists(st.tuples(NAMES, VALUES), max_size=6).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs).encode()
)
HEADERS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.binary(max_size=12).map(lambda each: f"Basic {base64.b64encode(each).decode()}"),
)


@given(st.one_of(FORMS, st.binary(max_size=60)), HEADERS)
@example(b"grant_type=client_credentials", "Basic \ud800")
def test_whatever_is_sent_is_read_or_refused(body: bytes, authorization: str | None) -> None:
    try:
        read_token_request(body, authorization)
    except OAuthError as refusal:
        answered = orjson.loads(OAUTH_ERRORS.body(refusal, "id"))
        assert answered["error_description"].isascii()


def test_both_parts_of_basic_are_form_encoded() -> None:
    header = base64.b64encode(b"a%3Ab:c+d%25").decode()

    read = read_token_request(b"grant_type=client_credentials", f"Basic {header}")

    assert read.credentials == SecretCredentials("a:b", "c d%")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidClient("reason", "detail"), "invalid_client"),
        (IssuerUnavailable("reason", "detail"), "temporarily_unavailable"),
        (Unavailable("detail"), "temporarily_unavailable"),
        (InternalError("detail"), "server_error"),
        (PayloadTooLarge("detail"), "invalid_request"),
    ],
)
def test_every_failure_has_the_form_of_the_endpoint(error: ScimError, code: str) -> None:
    body: Any = orjson.loads(OAUTH_ERRORS.body(error, "id"))

    assert body == {"error": code, "error_description": "detail"}
    assert OAUTH_ERRORS.headers(error)["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in OAUTH_ERRORS.headers(error)) == (error.status == 401)


def test_a_description_holds_only_what_the_rfc_allows() -> None:
    refusal = InvalidClient("reason", 'a "b" \\ c\n\u00e4\x7f')

    assert orjson.loads(OAUTH_ERRORS.body(refusal, "id"))["error_description"] == "a b  c"
