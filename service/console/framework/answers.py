"""The answers of the console, with the headers that each has."""

from collections.abc import Mapping
from typing import Final

from service.http.answer import Answer

HTML: Final = "text/html; charset=utf-8"
# Nothing inline exists, so there is no nonce. `form-action` also governs where a form's answer redirects to.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'none'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "private, no-cache",
    "Vary": "Accept-Language, Cookie, HX-Request",
}


def html_answer(
    html: str, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return a page."""
    return Answer(
        html.encode(), status=status, headers={**HEADERS, **(headers or {})}, media_type=HTML
    )


def redirect(url: str, *, status: int = 303) -> Answer:
    """Return a redirect. Over htmx, the whole page goes there."""
    return Answer(status=status, headers={**HEADERS, "Location": url}, media_type=HTML)


def file_answer(content: bytes, *, name: str, media_type: str) -> Answer:
    """Return a file to keep. Its name is ASCII."""
    disposition = f'attachment; filename="{name}"'
    headers = {**HEADERS, "Content-Disposition": disposition, "Cache-Control": "no-store"}
    return Answer(content, headers=headers, media_type=media_type)
