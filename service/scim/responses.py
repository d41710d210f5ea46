"""Responses: whole ones, whose head and body leave in one piece, and the headers that they carry.

Every request passes here, so an answer is put together without the stages that aiohttp has for what is
compressed, chunked or carries cookies: they take as long as all else that happens to a GET.
"""

from projections.directory.queries.point_reads import Resource
from service.http.answer import Answer
from service.scim.represent import etag


def resource_response(
    resource: Resource, body: bytes, location: str, *, status: int = 200
) -> Answer:
    """Return a resource with its entity tag and location (RFC 7644 §3.1, §3.14)."""
    headers = {"ETag": etag(resource.version), "Location": location}
    return Answer(body, status=status, headers=headers)


def json_response(body: bytes, *, status: int = 200) -> Answer:
    """Return a message that is no single resource."""
    return Answer(body, status=status)


def no_content(resource: Resource | None = None) -> Answer:
    """Return 204, with the entity tag of a resource that was written and is not shown."""
    return Answer(status=204, headers={"ETag": etag(resource.version)} if resource else None)


def not_modified(resource: Resource) -> Answer:
    """Return 304 for a version that the client has (RFC 9110 §15.4.5)."""
    return Answer(status=304, headers={"ETag": etag(resource.version)})
