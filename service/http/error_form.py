"""The forms in which refusals are answered: each path prefix has its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from schema.scim.errors import (
    InsufficientScope,
    ScimError,
    TooManyRequests,
    Unauthorized,
)
from service.http.answer import Answer


@dataclass(frozen=True, slots=True)
class ErrorForm:
    """How the answers below a path prefix say that a request was refused.

    `body` makes the body of a refusal from the refusal and the id of its request. `headers` returns the
    headers of a refusal. `served` is a sentence for requests to a path that does not exist.
    """

    prefix: str  # Such as /api/admin/v1; empty for all paths that no other form claims.
    media_type: str
    body: Callable[[ScimError, str], bytes]
    headers: Callable[[ScimError], Mapping[str, str]]
    served: str

    def claims(self, path: str) -> bool:
        """Return whether a path is the prefix or below it."""
        return path.startswith(self.prefix) and path[len(self.prefix) : len(self.prefix) + 1] in {
            "",
            "/",
        }


class ErrorForms:
    """All forms of a server: the first that claims a path counts, else the default."""

    def __init__(self, default: ErrorForm, others: tuple[ErrorForm, ...] = ()) -> None:
        self.default, self._others = default, others
        self._prefixes = tuple(each.prefix for each in others)

    def of(self, path: str) -> ErrorForm:
        """Return the form for a path."""
        if not path.startswith(self._prefixes):  # Nearly all requests, and each asks.
            return self.default
        return next((each for each in self._others if each.claims(path)), self.default)


def error_answer(
    form: ErrorForm, error: ScimError, request_id: str, *, allow: str | None = None
) -> Answer:
    """Return the answer for a refusal. `allow` names the methods that the path serves."""
    headers: dict[str, Any] = {**form.headers(error)}
    if error.retry_after_s is not None:
        headers.setdefault("Retry-After", str(error.retry_after_s))
    if isinstance(error, TooManyRequests):
        headers |= error.headers
    if allow:
        headers["Allow"] = allow
    body = form.body(error, request_id)
    answer = Answer(body, status=error.status, headers=headers, media_type=form.media_type)
    if error.status == HTTPStatus.REQUEST_TIMEOUT:
        answer.force_close()  # RFC 9110 §15.5.9: the rest of the request is not awaited.
    return answer


def bearer_challenge(realm: str) -> Callable[[ScimError], Mapping[str, str]]:
    """Return the function that makes the challenge of a refusal (RFC 6750 §3).

    A detail in the challenge would have to be ASCII, so the detail is in the body only. A request without a
    token gets no error code (§3.1).
    """

    def challenge(error: ScimError) -> Mapping[str, str]:
        wrong = ""
        if isinstance(error, Unauthorized):
            wrong = "" if error.is_missing else ', error="invalid_token"'
        elif isinstance(error, InsufficientScope):
            wrong = f', error="insufficient_scope", scope="{error.scope}"'
        else:
            return {}
        return {"WWW-Authenticate": f'Bearer realm="{realm}"{wrong}'}

    return challenge
