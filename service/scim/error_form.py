"""How SCIM says that a request was refused (RFC 7644 §3.12). It is also the form of all paths that nobody claims."""

from schema.scim.errors import ScimError
from service.http.error_form import ErrorForm, bearer_challenge
from service.http.media_type import MEDIA_TYPE
from service.scim.represent import dumps


def body_of(error: ScimError, _request_id: str) -> bytes:
    """Return the error message of RFC 7644 §3.12."""
    return dumps(error.document())


SCIM_ERRORS = ErrorForm(
    prefix="",
    media_type=MEDIA_TYPE,
    body=body_of,
    headers=bearer_challenge("scim"),
    served="SCIM is served below /api/scim/v2/.",
)
