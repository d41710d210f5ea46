"""Refuses changes that another site has made the browser send."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from schema.scim.errors import Forbidden
from service.encoding import base64url

FIELD: Final = "csrf"  # Of each form.
HEADER: Final = "X-CSRF-Token"  # Of a request without a form.


class ForeignForm(Forbidden):
    """The form was not made for this session, or another site has sent it."""


def form_token(secret: str) -> str:
    """Return the token of the forms of a session, which only its pages hold."""
    digest = hmac.digest(secret.encode(), b"scim-ledger console form", hashlib.sha256)
    return base64url(digest)


def refuse_foreign_form(sent: str | None, secret: str) -> None:
    """Refuse a form without the token of its session. Errors: ForeignForm."""
    if not hmac.compare_digest((sent or "").encode(), form_token(secret).encode()):
        raise ForeignForm(
            "The form is not of this session: load the page again and repeat the change."
        )


def refuse_other_site(headers: Mapping[str, str], own: str) -> None:
    """Refuse a request that a browser sends for a page of another site than that of the origin `own`.

    Errors: ForeignForm.
    A browser names its page's origin with each POST. A request that names none is none of a browser's pages.
    """
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site in {None, "same-origin"} and origin == own:
        return
    raise ForeignForm(
        f"The form was sent by a page of {origin or 'an unknown site'}, and this is {own}. If this is the "
        "right address, the operator sets SCIM_LEDGER_PUBLIC_URL or SCIM_LEDGER_ALLOWED_HOSTS."
    )
