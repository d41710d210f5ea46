"""The endpoints of RFC 7644 §3.2, below /api/scim/v2."""

from aiohttp import web

from service.scim import bulk, discovery, groups, me, query, search, users
from service.scim.context import BASE_PATH
from service.scim.spelling import OtherSpellings


def add_routes(app: web.Application) -> None:
    """Add the SCIM endpoints to an application."""
    app.add_routes(
        [
            web.get(BASE_PATH, search.query_root),
            web.get(f"{BASE_PATH}/", search.query_root),
            web.post(f"{BASE_PATH}/.search", search.search_root),
            web.post(f"{BASE_PATH}/Users/.search", query.search_users),
            web.post(f"{BASE_PATH}/Groups/.search", query.search_groups),
            web.get(f"{BASE_PATH}/Users", query.query_users),
            web.post(f"{BASE_PATH}/Users", users.create),
            web.get(f"{BASE_PATH}/Users/{{id}}", users.read),
            web.put(f"{BASE_PATH}/Users/{{id}}", users.replace),
            web.patch(f"{BASE_PATH}/Users/{{id}}", users.patch),
            web.delete(f"{BASE_PATH}/Users/{{id}}", users.delete),
            web.get(f"{BASE_PATH}/Groups", query.query_groups),
            web.post(f"{BASE_PATH}/Groups", groups.create),
            web.get(f"{BASE_PATH}/Groups/{{id}}", groups.read),
            web.put(f"{BASE_PATH}/Groups/{{id}}", groups.replace),
            web.patch(f"{BASE_PATH}/Groups/{{id}}", groups.patch),
            web.delete(f"{BASE_PATH}/Groups/{{id}}", groups.delete),
            web.post(f"{BASE_PATH}/Bulk", bulk.bulk),
            web.get(f"{BASE_PATH}/Me", me.read),
            *(
                web.route(method, f"{BASE_PATH}/Me", me.refuse)
                for method in ("POST", "PUT", "PATCH", "DELETE")
            ),
            web.post(f"{BASE_PATH}/Roles/.search", discovery.search_roles),
            web.get(f"{BASE_PATH}/Roles", discovery.roles),
            web.get(f"{BASE_PATH}/Roles/{{id}}", discovery.role),
            web.get(f"{BASE_PATH}/Schemas", discovery.schemas),
            web.get(f"{BASE_PATH}/Schemas/{{id}}", discovery.schema),
            web.get(f"{BASE_PATH}/ResourceTypes", discovery.resource_types),
            web.get(f"{BASE_PATH}/ResourceTypes/{{id}}", discovery.resource_type),
            web.get(f"{BASE_PATH}/ServiceProviderConfig", discovery.service_provider_config),
        ]
    )
    app.router.register_resource(OtherSpellings(app.router))
