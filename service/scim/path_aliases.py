"""Endpoints under other spellings than the RFC's: /users, /Users/, //Users.

Administrators end the Tenant URL with a slash, and servers that many clients were written against
tell no case apart. A 404 to every query would put a whole provisioning job into quarantine.
"""

from aiohttp import web
from yarl import URL

from service.scim.context import BASE_PATH

NAMES = {
    each.lower(): each
    for each in (
        "Users",
        "Groups",
        "Roles",
        "Me",
        "Bulk",
        "Schemas",
        "ResourceTypes",
        "ServiceProviderConfig",
    )
}


def usual_path(path: str) -> str:
    """Return a path below the SCIM base as the endpoint is written: one slash each, none at the end."""
    parts = [each for each in path.removeprefix(BASE_PATH).split("/") if each]
    if parts:
        parts[0] = NAMES.get(parts[0].lower(), parts[0])
    return "/".join([BASE_PATH, *parts])


class PathAliases(web.PlainResource):
    """Leads to the resource that the usual spelling leads to; asked after all others of a router."""

    def __init__(self, router: web.UrlDispatcher) -> None:
        super().__init__(BASE_PATH)
        self._router = router

    async def resolve(
        self, request: web.Request
    ) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        """Return what serves the request, or the methods that would be served."""
        path = request.rel_url.raw_path
        usual = usual_path(path)
        if usual == path:
            return None, set()
        found = await self._router.resolve(request.clone(rel_url=URL(usual, encoded=True)))
        match found.http_exception:
            case None:
                return found, set()
            case web.HTTPMethodNotAllowed() as refusal:
                return None, set(refusal.allowed_methods)
            case _:
                return None, set()
