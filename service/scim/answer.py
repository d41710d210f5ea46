"""Responses: the headers that every answer with a resource carries."""

from aiohttp import web

from projections.read import Resource
from service.scim.represent import MEDIA_TYPE, etag


def resource_response(
    resource: Resource, body: bytes, location: str, *, status: int = 200
) -> web.Response:
    """Return a resource with its entity tag and location (RFC 7644 §3.1, §3.14)."""
    headers = {"Content-Type": MEDIA_TYPE, "ETag": etag(resource.version), "Location": location}
    return web.Response(status=status, body=body, headers=headers)


def json_response(body: bytes, *, status: int = 200) -> web.Response:
    """Return a message that is no single resource."""
    return web.Response(status=status, body=body, headers={"Content-Type": MEDIA_TYPE})


def no_content(resource: Resource | None = None) -> web.Response:
    """Return 204, with the entity tag of a resource that was written and is not shown."""
    headers = {"Content-Type": MEDIA_TYPE}
    if resource:
        headers["ETag"] = etag(resource.version)
    return web.Response(status=204, headers=headers)


def not_modified(resource: Resource) -> web.Response:
    """Return 304 for a version that the client has (RFC 9110 §15.4.5)."""
    return web.Response(
        status=304, headers={"Content-Type": MEDIA_TYPE, "ETag": etag(resource.version)}
    )
