"""Path aliases: endpoints under paths that the RFC does not name, such as /users, /Users/ and //Users.

Administrators end the Tenant URL with a slash, and many clients were written against servers that ignore
case. A 404 to every query would put a whole provisioning job into quarantine.
"""

from aiohttp import web
from yarl import URL

from service.scim.base_path import BASE_PATH

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
    """Return a path below the SCIM base in the RFC's form: single slashes, and none at the end."""
    parts = [each for each in path.removeprefix(BASE_PATH).split("/") if each]
    if parts:
        parts[0] = NAMES.get(parts[0].lower(), parts[0])
    return "/".join([BASE_PATH, *parts])


class PathAliases(web.PlainResource):
    """Resolves a path alias as the usual path; the router asks it after all other resources."""

    def __init__(self, router: web.UrlDispatcher) -> None:
        super().__init__(BASE_PATH)
        self._router = router

    async def resolve(
        self, request: web.Request
    ) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        """Return the handler for the request, or else the methods that the path serves."""
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
