"""The refusals of SCIM (RFC 7644 §3.12): one class per scimType or status."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self
from uuid import UUID

from schema.scim import urns


class ScimError(Exception):
    """A request is refused; `detail` says what the client can change."""

    status: ClassVar[int]
    scim_type: ClassVar[str | None] = None
    retry_after_s: int | None = None  # The header Retry-After, in seconds.
    attribute: str | None = None  # What the refusal is about, as the schema writes it; for the log.

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def without_origin(self) -> Self:
        """Return the refusal without its traceback and the errors behind it.

        A refusal is kept until its request is logged. With its traceback, it would keep everything that the request
        had in memory, in a circle that only the garbage collector opens: seconds later, and while nothing else runs.
        """
        self.__traceback__ = self.__context__ = self.__cause__ = None
        return self

    def document(self) -> dict[str, Any]:
        """Return the error message of RFC 7644 §3.12; its status is a string."""
        body: dict[str, Any] = {"schemas": [urns.ERROR], "status": str(self.status)}
        if self.scim_type:
            body["scimType"] = self.scim_type
        return {**body, "detail": self.detail}


class InvalidFilter(ScimError):
    """The filter does not parse, or compares what cannot be compared (RFC 7644 §3.4.2.2)."""

    status = 400
    scim_type = "invalidFilter"


class InvalidSyntax(ScimError):
    """The body is not what its message schema requires (RFC 7644 §3.12)."""

    status = 400
    scim_type = "invalidSyntax"


class InvalidPath(ScimError):
    """The path of a PATCH operation is malformed (RFC 7644 §3.5.2)."""

    status = 400
    scim_type = "invalidPath"


class InvalidValue(ScimError):
    """A required value is missing, or a value does not fit its attribute (RFC 7644 §3.12)."""

    status = 400
    scim_type = "invalidValue"


class NoTarget(ScimError):
    """A path selects nothing that the operation could change (RFC 7644 §3.5.2.2)."""

    status = 400
    scim_type = "noTarget"


class Mutability(ScimError):
    """An attribute cannot be changed by clients (RFC 7643 §7)."""

    status = 400
    scim_type = "mutability"


class InvalidCursor(ScimError):
    """This service did not issue the cursor for this query (RFC 9865 §2.3)."""

    status = 400
    scim_type = "invalidCursor"


class ExpiredCursor(ScimError):
    """The cursor is too old (RFC 9865 §2.3)."""

    status = 400
    scim_type = "expiredCursor"


class InvalidCount(ScimError):
    """The count is not one that cursor paging accepts (RFC 9865 §2.3)."""

    status = 400
    scim_type = "invalidCount"


class Unauthorized(ScimError):
    """The bearer token is missing or not accepted (RFC 6750 §3)."""

    status = 401
    reason = "malformed"  # For metrics.

    def __init__(self, detail: str, *, is_missing: bool = False) -> None:
        super().__init__(detail)
        self.is_missing = is_missing
        if is_missing:
            self.reason = "missing"


class Forbidden(ScimError):
    """The caller may not do this (RFC 7644 §3.12)."""

    status = 403


class InsufficientScope(Forbidden):
    """The token is good, but lacks the scope that the request needs (RFC 6750 §3.1)."""

    def __init__(self, detail: str, scope: str) -> None:
        super().__init__(detail)
        self.scope = scope


class LastAdministrator(ScimError):
    """The change would leave an organization without an active Administrator among people."""

    status = 400


class Held(ScimError):
    """The change would take access from too many people: it waits in a hold until somebody decides."""

    status = 429

    def __init__(self, detail: str, hold_id: UUID) -> None:
        super().__init__(detail)
        self.hold_id = hold_id


class Rejected(ScimError):
    """An administrator has refused the change. It is not 403, which Entra takes for bad credentials."""

    status = 400


class NotFound(ScimError):
    """There is no such resource or endpoint."""

    status = 404


class MethodNotAllowed(ScimError):
    """The endpoint does not serve this method."""

    status = 405


class Uniqueness(ScimError):
    """Another resource holds the value of a unique attribute (RFC 7644 §3.3)."""

    status = 409
    scim_type = "uniqueness"


class Conflict(ScimError):
    """The request conflicts with itself, as a cycle of bulkIds does (RFC 7644 §3.7.1), or with the present state."""

    status = 409


class PreconditionFailed(ScimError):
    """The resource has another version than If-Match names (RFC 7644 §3.14)."""

    status = 412


class PayloadTooLarge(ScimError):
    """The body is larger than the service accepts (RFC 7644 §3.7.4)."""

    status = 413


class UnsupportedMediaType(ScimError):
    """The body is neither application/scim+json nor application/json."""

    status = 415


class TooManyRequests(ScimError):
    """The client must send less (RFC 6585 §4). `headers` say when it may go on."""

    status = 429

    def __init__(
        self, detail: str, retry_after_s: float, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        wait_s = max(1, math.ceil(retry_after_s))
        self.headers: Mapping[str, str] = {"Retry-After": str(wait_s), **(headers or {})}


class InternalError(ScimError):
    """Something unexpected happened; the log holds the trace under the request id."""

    status = 500


class Unavailable(ScimError):
    """The service cannot take the request now; the client should try again later."""

    status = 503
    retry_after_s = 1
