"""The endpoints of RFC 7644 §3.2, below /api/scim/v2."""

from aiohttp import web

from service.callers.scopes import READ, WRITE
from service.http.server import Handler
from service.scim import discovery
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


def add_routes(app: web.Application) -> None:
    """Add the SCIM endpoints to an application."""
    app.add_routes(
        [
            web.get(BASE_PATH, reads(search.query_root)),
            web.get(f"{BASE_PATH}/", reads(search.query_root)),
            web.post(f"{BASE_PATH}/.search", reads(search.search_root)),
            web.post(f"{BASE_PATH}/Users/.search", reads(query.search_users)),
            web.post(f"{BASE_PATH}/Groups/.search", reads(query.search_groups)),
            web.get(f"{BASE_PATH}/Users", reads(query.query_users)),
            web.post(f"{BASE_PATH}/Users", writes(users.create)),
            web.get(f"{BASE_PATH}/Users/{{id}}", reads(users.read)),
            web.put(f"{BASE_PATH}/Users/{{id}}", writes(users.replace)),
            web.patch(f"{BASE_PATH}/Users/{{id}}", writes(users.patch)),
            web.delete(f"{BASE_PATH}/Users/{{id}}", writes(users.delete)),
            web.get(f"{BASE_PATH}/Groups", reads(query.query_groups)),
            web.post(f"{BASE_PATH}/Groups", writes(groups.create)),
            web.get(f"{BASE_PATH}/Groups/{{id}}", reads(groups.read)),
            web.put(f"{BASE_PATH}/Groups/{{id}}", writes(groups.replace)),
            web.patch(f"{BASE_PATH}/Groups/{{id}}", writes(groups.patch)),
            web.delete(f"{BASE_PATH}/Groups/{{id}}", writes(groups.delete)),
            web.post(f"{BASE_PATH}/Bulk", writes(bulk.bulk)),
            web.get(f"{BASE_PATH}/Me", reads(me.read)),
            *(
                web.route(method, f"{BASE_PATH}/Me", writes(me.refuse))
                for method in ("POST", "PUT", "PATCH", "DELETE")
            ),
            web.post(f"{BASE_PATH}/Roles/.search", reads(discovery.search_roles)),
            web.get(f"{BASE_PATH}/Roles", reads(discovery.roles)),
            web.get(f"{BASE_PATH}/Roles/{{id}}", reads(discovery.role)),
            web.get(f"{BASE_PATH}/Schemas", reads(discovery.schemas)),
            web.get(f"{BASE_PATH}/Schemas/{{id}}", reads(discovery.schema)),
            web.get(f"{BASE_PATH}/ResourceTypes", discovers(discovery.resource_types)),
            web.get(f"{BASE_PATH}/ResourceTypes/{{id}}", discovers(discovery.resource_type)),
            web.get(
                f"{BASE_PATH}/ServiceProviderConfig", discovers(discovery.service_provider_config)
            ),
        ]
    )
    app.router.register_resource(PathAliases(app.router))


def reads(handle: Handle) -> Handler:
    """Return a handler for a request that changes nothing."""
    return authenticating(handle, READ)


def discovers(handle: HandleAnyone) -> Handler:
    """Return a handler for a request that needs no token."""
    return authenticating_if_sent(handle, READ)


def writes(handle: Handle) -> Handler:
    """Return a handler for a request that may change something."""
    return authenticating(handle, WRITE)
