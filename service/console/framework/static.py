"""The static files. Each has its digest in its name, so browsers keep it for a year and never ask again."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from aiohttp import web

from schema.scim.errors import NotFound
from service.http.answer import Answer

TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
DIGEST_LENGTH: Final = 12


@cache
def static_files() -> dict[str, tuple[str, bytes]]:
    """Return the static files by their name with the digest: their media type and their bytes."""
    found = {}
    for file in (files(__package__.rpartition(".")[0]) / "static").iterdir():
        stem, _, ending = file.name.rpartition(".")
        if ending in TYPES:
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:DIGEST_LENGTH]
            found[f"{stem}.{digest}.{ending}"] = (TYPES[ending], content)
    return found


@cache
def named(name: str) -> str:
    """Return the name with the digest of a static file."""
    stem, _, ending = name.rpartition(".")
    return next(
        each
        for each in static_files()
        if each[: -DIGEST_LENGTH - len(ending) - 2] == stem and each.endswith(f".{ending}")
    )


async def serve_static(request: web.Request) -> Answer:
    """GET /console/static/{name}. Errors: NotFound, also for a digest of another release."""
    found = static_files().get(request.match_info["name"])
    if found is None:
        raise NotFound("There is no such file; load the page again.")
    media_type, content = found
    return Answer(content, headers=HEADERS, media_type=media_type)
