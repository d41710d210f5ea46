"""Every endpoint and method of the service, as the service itself lists them."""

from aiohttp import web

from service.scim.base_path import BASE_PATH
from service.scim.routes import add_routes


def endpoints() -> list[tuple[str, str]]:
    """Return all (method, path) below the SCIM base; an id in a path is {id}."""
    app = web.Application()
    add_routes(app)
    return sorted(
        (route.method, route.resource.canonical.removeprefix(BASE_PATH))
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    )


def body_for(path: str, method: str) -> object:
    """Return a body that an endpoint would accept, or None if it takes no body."""
    if method == "PATCH":
        name = "externalId"
        return {"Operations": [{"op": "add", "path": name, "value": "touched"}]}
    if method in ("POST", "PUT"):
        return {"displayName": "Touched"} if path.startswith("/Groups") else {"userName": "touched"}
    return None
