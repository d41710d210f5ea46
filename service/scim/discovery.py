"""What the service publishes about itself: /ServiceProviderConfig, /ResourceTypes, /Schemas (RFC 7644 §4)."""

from collections.abc import Iterable, Sequence
from typing import Any

from aiohttp import web

from schema.events.organization import Organization
from schema.scim import urns
from schema.scim.attributes import Document
from schema.scim.definitions import DOCUMENTS, GROUP, ROLE, USER
from schema.scim.errors import Forbidden, NotFound
from schema.scim.filter.parse import parse_filter
from schema.scim.filter.predicate import matches
from schema.scim.resource_type import ResourceType
from service.callers.authenticate import AuthenticatedCaller
from service.http.answer import Answer
from service.http.parts import SERVICE
from service.scim.bulk import bulk
from service.scim.context import RequestContext, base_url
from service.scim.queries import cursor
from service.scim.queries.parameters import (
    PAGE_SIZE,
    PAGE_SIZE_MAX,
    Parameters,
    read_range,
    read_search_request,
)
from service.scim.represent import dumps
from service.scim.request import query_parameters, read_body
from service.scim.responses import json_response
from service.scim.select import read_selection, select_document

DOCUMENTATION = "https://www.rfc-editor.org/rfc/rfc7644"
BUILT_IN_TYPES = (USER, GROUP, ROLE)  # Without the extensions of any organization.


async def service_provider_config(request: web.Request, context: RequestContext | None) -> Answer:
    """GET /ServiceProviderConfig (RFC 7643 §5, RFC 9865 §3); it describes how to authenticate."""
    document = config_document(base_url(request, request.app[SERVICE]))
    if context and context.authenticated.caller.organization.setting("strict"):
        document["interopProfileConformant"] = True
    return json_response(dumps(document))


def config_document(base: str) -> Document:
    """Return what the service supports."""
    return {
        "schemas": [urns.SERVICE_PROVIDER_CONFIG],
        "documentationUri": DOCUMENTATION,
        "patch": {"supported": True},
        "bulk": {
            "supported": True,
            "maxOperations": bulk.OPERATIONS_MAX,
            "maxPayloadSize": bulk.PAYLOAD_BYTES_MAX,
        },
        "filter": {"supported": True, "maxResults": PAGE_SIZE_MAX},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": PAGE_SIZE,
            "maxPageSize": PAGE_SIZE_MAX,
            "cursorTimeout": cursor.TIMEOUT_S,
        },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "OAuth Bearer Token",
                "description": "A JWT of a technical account, in the Authorization header.",
                "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
                "primary": True,
            },
            {
                "type": "oauth2",
                "name": "OAuth 2 Client Credentials",
                "description": "An access token from /oauth2/token, in the Authorization header.",
                "specUri": "https://www.rfc-editor.org/rfc/rfc6749",
            },
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": f"{base}/ServiceProviderConfig",
        },
    }


async def resource_types(request: web.Request, context: RequestContext | None) -> Answer:
    """GET /ResourceTypes."""
    _refuse_filter(request)
    return _list(_resource_types(request, context))


async def resource_type(request: web.Request, context: RequestContext | None) -> Answer:
    """GET /ResourceTypes/{name}."""
    return _one(_resource_types(request, context), request.match_info["id"], "resource type")


def _resource_types(request: web.Request, context: RequestContext | None) -> list[Document]:
    """Return the resource types (RFC 7643 §6); without a token, those of no organization."""
    shown = context.authenticated.resource_types if context else BUILT_IN_TYPES
    base = base_url(request, request.app[SERVICE])
    return [_resource_type(each, base) for each in shown]


def _resource_type(each: ResourceType, base: str) -> Document:
    document: Document = {
        "schemas": [urns.RESOURCE_TYPE],
        "id": each.name,
        "name": each.name,
        "endpoint": each.endpoint,
        "description": DOCUMENTS[each.schema.id]["description"],
        "schema": each.schema.id,
        "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{each.name}"},
    }
    if each.extensions:
        extensions = [{"schema": schema.id, "required": False} for schema in each.extensions]
        document["schemaExtensions"] = extensions
    return document


async def schemas(request: web.Request, context: RequestContext) -> Answer:
    """GET /Schemas: a ListResponse, complete and without nulls, because Entra's gallery maps what it finds there."""
    _refuse_filter(request)
    return _list(schema_documents(context.authenticated, context.base))


async def schema(request: web.Request, context: RequestContext) -> Answer:
    """GET /Schemas/{urn}."""
    sent = request.match_info["id"]
    wanted = urns.ALIASES.get(sent.lower(), sent)
    return _one(schema_documents(context.authenticated, context.base), wanted, "schema")


def schema_documents(authenticated: AuthenticatedCaller, base: str) -> list[Document]:
    """Return the schemas of an organization; roleId lists the UUIDs of its roles."""
    organization = authenticated.caller.organization
    return [
        {
            **_of_organization(document, organization),
            "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{document['id']}"},
        }
        for document in (*DOCUMENTS.values(), *organization.schemas.values())
    ]


def _of_organization(document: Document, organization: Organization) -> Document:
    """Return a schema with the roles of an organization, and with password only where it was always listed."""
    has_password = document["id"] != urns.USER or organization.setting("passwordInSchema")
    attributes = [
        _role_attribute(each, organization) if each["name"] == "roleId" else each
        for each in document["attributes"]
        if has_password or each["name"] != "password"
    ]
    return {**document, "attributes": attributes}


def _role_attribute(attribute: Document, organization: Organization) -> Document:
    named = ", ".join(f"{name} = {role_id}" for name, role_id in organization.roles.items())
    return {
        **attribute,
        "description": f"{attribute['description']} The roles of this organization: {named}.",
        "canonicalValues": [str(role_id) for role_id in organization.roles.values()],
    }


async def roles(request: web.Request, context: RequestContext) -> Answer:
    """GET /Roles: the five roles of the organization, as resources."""
    return _answer_roles(context, query_parameters(request))


async def search_roles(request: web.Request, context: RequestContext) -> Answer:
    """POST /Roles/.search: the same as GET, with the query in a body (RFC 7644 §3.4.3)."""
    return _answer_roles(context, read_search_request(await read_body(request)))


def _answer_roles(context: RequestContext, sent: Parameters) -> Answer:
    """Return the roles that a query selects, always in the same order. Errors: InvalidFilter, InvalidValue."""
    found, selection = (
        role_documents(context.authenticated, context.base),
        read_selection(sent, ROLE),
    )
    if "filter" in sent:
        chosen = parse_filter(sent["filter"], ROLE)
        found = [each for each in found if matches(chosen, each)]
    start, count = read_range(sent)
    page = [select_document(each, selection) for each in found[start - 1 :][:count]]
    return _list(page, start=start, total=len(found))


async def role(request: web.Request, context: RequestContext) -> Answer:
    """GET /Roles/{id}."""
    return _one(
        role_documents(context.authenticated, context.base), request.match_info["id"], "role"
    )


def role_documents(authenticated: AuthenticatedCaller, base: str) -> list[Document]:
    """Return the roles of an organization."""
    return [
        {
            "schemas": [urns.ROLE],
            "id": str(role_id),
            "displayName": name,
            "meta": {"resourceType": "Role", "location": f"{base}/Roles/{role_id}"},
        }
        for name, role_id in authenticated.caller.organization.roles.items()
    ]


def _refuse_filter(request: web.Request) -> None:
    """Raise Forbidden for a filter, as RFC 7644 §4 demands on these endpoints."""
    if "filter" in query_parameters(request):
        raise Forbidden("This endpoint takes no filter; read it whole.")


def _list(resources: Sequence[Document], *, start: int = 1, total: int | None = None) -> Answer:
    message: dict[str, Any] = {
        "schemas": [urns.LIST_RESPONSE],
        "totalResults": len(resources) if total is None else total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }
    return json_response(dumps(message))


def _one(documents: Iterable[Document], wanted: str, kind: str) -> Answer:
    for document in documents:
        if document["id"].lower() == wanted.lower():
            return json_response(dumps(document))
    raise NotFound(f"There is no {kind} {wanted[:200]}.")
