"""Refusals as problem details (RFC 9457)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import orjson

from schema.scim.errors import (
    Conflict,
    Forbidden,
    Held,
    InsufficientScope,
    InternalError,
    InvalidSyntax,
    InvalidValue,
    LastAdministrator,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
    Rejected,
    ScimError,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Uniqueness,
    UnsupportedMediaType,
)
from service.api.models import FieldProblem, Problem
from service.http.error_form import ErrorForm, bearer_challenge

MEDIA_TYPE = "application/problem+json"
TYPE: Final = "urn:scim-ledger:problem:"
NO_STORE: Final = {"Cache-Control": "no-store"}


class BadQuery(ScimError):
    """A parameter of the query is unknown, or has a value that it cannot have."""

    status = 400

    def __init__(self, detail: str, errors: Sequence[FieldProblem] = ()) -> None:
        super().__init__(detail)
        self.errors = errors


class InvalidFields(ScimError):
    """Fields of the body are missing or unknown, or have values that they cannot have."""

    status = 422

    def __init__(self, detail: str, errors: Sequence[FieldProblem] = ()) -> None:
        super().__init__(detail)
        self.errors = errors


# The most specific class comes first.
KINDS: Final[Mapping[type[ScimError], tuple[str, str]]] = {
    InvalidFields: ("invalid-fields", "Fields of the body are invalid"),
    BadQuery: ("invalid-query", "The query is invalid"),
    InvalidSyntax: ("invalid-body", "The body is malformed"),
    InvalidValue: ("invalid-value", "A value is invalid"),
    InsufficientScope: ("insufficient-scope", "The token lacks a scope"),
    Forbidden: ("forbidden", "This is not permitted"),
    Unauthorized: ("unauthorized", "The token is missing or not accepted"),
    NotFound: ("not-found", "There is no such resource"),
    MethodNotAllowed: ("method-not-allowed", "The path does not serve this method"),
    Held: ("held", "The change waits for a decision"),
    TooManyRequests: ("too-many-requests", "The client must send less"),
    Rejected: ("rejected", "An administrator has refused this change"),
    LastAdministrator: ("last-administrator", "One active Administrator must remain"),
    Uniqueness: ("taken", "A unique value is taken"),
    Conflict: ("conflict", "The state of the resource does not allow this"),
    PreconditionFailed: ("precondition-failed", "The resource has another version"),
    PayloadTooLarge: ("body-too-large", "The body is too large"),
    UnsupportedMediaType: ("unsupported-media-type", "The media type is not supported"),
    Unavailable: ("unavailable", "The service cannot answer now"),
    InternalError: ("internal-error", "Something went wrong in the service"),
}


def invalid_fields(error: InvalidValue) -> InvalidFields:
    """Return the refusal of a value that the body had, with the field if the refusal names one."""
    name = error.attribute
    errors = [FieldProblem(pointer=f"#/{name}", detail=error.detail)] if name else []
    refusal = InvalidFields(error.detail, errors)
    refusal.attribute = name
    return refusal


def problem_of(error: ScimError, request_id: str) -> Problem:
    """Return a refusal as a problem."""
    kind, title = next(
        (each for known, each in KINDS.items() if isinstance(error, known)), ("", "")
    )
    return Problem(
        type=TYPE + kind if kind else "about:blank",
        title=title or HTTPStatus(error.status).phrase,
        status=error.status,
        detail=error.detail,
        request_id=request_id,
        errors=list(getattr(error, "errors", ())) or None,
    )


def _body(error: ScimError, request_id: str) -> bytes:
    return orjson.dumps(problem_of(error, request_id).document())


def problem_form(prefix: str, served: str) -> ErrorForm:
    """Return the form of the refusals below a prefix. `served` is for requests to a path that does not exist."""
    challenge = bearer_challenge("scim-ledger")
    return ErrorForm(
        prefix=prefix,
        media_type=MEDIA_TYPE,
        body=_body,
        headers=lambda error: {**NO_STORE, **challenge(error)},
        served=served,
    )
