"""The endpoints of RFC 7644 §3.2, below /api/scim/v2: one table, with the scope that each needs."""

from typing import NamedTuple

from aiohttp import web

from service.callers.scopes import SCIM, SCIM_READ
from service.http.server import Handler
from service.scim import discovery
from service.scim.as_of import refuse_as_of
from service.scim.base_path import BASE_PATH
from service.scim.bulk import bulk
from service.scim.context import (
    Handle,
    HandleAnyone,
    authenticating,
    authenticating_if_sent,
)
from service.scim.path_aliases import PathAliases
from service.scim.queries import query
from service.scim.queries import root as search
from service.scim.resources import groups, me, users


class Endpoint(NamedTuple):
    """What serves a method of a path, and the scope that a token needs for it."""

    method: str
    path: str  # Below the base.
    scope: str
    handle: Handle
    has_past: bool = False  # It can answer as of an instant.


class Discovery(NamedTuple):
    """An endpoint that also serves requests without a token. A token that is sent needs the scope."""

    method: str
    path: str  # Below the base.
    scope: str
    handle: HandleAnyone


ENDPOINTS: tuple[Endpoint | Discovery, ...] = (
    Endpoint("GET", "", SCIM_READ, search.query_root),
    Endpoint("GET", "/", SCIM_READ, search.query_root),
    Endpoint("POST", "/.search", SCIM_READ, search.search_root),
    Endpoint("POST", "/Users/.search", SCIM_READ, query.search_users),
    Endpoint("POST", "/Groups/.search", SCIM_READ, query.search_groups),
    Endpoint("GET", "/Users", SCIM_READ, query.query_users, has_past=True),
    Endpoint("POST", "/Users", SCIM, users.create),
    Endpoint("GET", "/Users/{id}", SCIM_READ, users.read, has_past=True),
    Endpoint("PUT", "/Users/{id}", SCIM, users.replace),
    Endpoint("PATCH", "/Users/{id}", SCIM, users.patch),
    Endpoint("DELETE", "/Users/{id}", SCIM, users.delete),
    Endpoint("GET", "/Groups", SCIM_READ, query.query_groups, has_past=True),
    Endpoint("POST", "/Groups", SCIM, groups.create),
    Endpoint("GET", "/Groups/{id}", SCIM_READ, groups.read, has_past=True),
    Endpoint("PUT", "/Groups/{id}", SCIM, groups.replace),
    Endpoint("PATCH", "/Groups/{id}", SCIM, groups.patch),
    Endpoint("DELETE", "/Groups/{id}", SCIM, groups.delete),
    Endpoint("POST", "/Bulk", SCIM, bulk.bulk),
    Endpoint("GET", "/Me", SCIM_READ, me.read),
    *(Endpoint(method, "/Me", SCIM, me.refuse) for method in ("POST", "PUT", "PATCH", "DELETE")),
    Endpoint("POST", "/Roles/.search", SCIM_READ, discovery.search_roles),
    Endpoint("GET", "/Roles", SCIM_READ, discovery.roles),
    Endpoint("GET", "/Roles/{id}", SCIM_READ, discovery.role),
    Endpoint("GET", "/Schemas", SCIM_READ, discovery.schemas),
    Endpoint("GET", "/Schemas/{id}", SCIM_READ, discovery.schema),
    Discovery("GET", "/ResourceTypes", SCIM_READ, discovery.resource_types),
    Discovery("GET", "/ResourceTypes/{id}", SCIM_READ, discovery.resource_type),
    Discovery("GET", "/ServiceProviderConfig", SCIM_READ, discovery.service_provider_config),
)


def add_routes(app: web.Application) -> None:
    """Add the SCIM endpoints to an application."""
    app.add_routes(
        [
            web.get(BASE_PATH + each.path, handler(each))
            if each.method == "GET"  # This one also answers HEAD.
            else web.route(each.method, BASE_PATH + each.path, handler(each))
            for each in ENDPOINTS
        ]
    )
    app.router.register_resource(PathAliases(app.router))


def handler(endpoint: Endpoint | Discovery) -> Handler:
    """Return the handler of an endpoint, which authenticates the caller first."""
    if isinstance(endpoint, Discovery):
        return authenticating_if_sent(endpoint.handle, endpoint.scope, refuse_as_of)
    if endpoint.has_past:
        return authenticating(endpoint.handle, endpoint.scope)
    return authenticating(endpoint.handle, endpoint.scope, refuse_as_of)
