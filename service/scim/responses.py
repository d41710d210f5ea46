"""Whole answers, whose head and body are sent in one piece, and their headers.

Every request passes here. So an answer skips aiohttp's stages for compression, chunks and cookies: they take as
long as the rest of a GET.
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
    """Return a message that is not a single resource."""
    return Answer(body, status=status)


def no_content(resource: Resource | None = None) -> Answer:
    """Return 204, with the entity tag of a written resource that is not shown."""
    return Answer(status=204, headers={"ETag": etag(resource.version)} if resource else None)


def not_modified(resource: Resource) -> Answer:
    """Return 304 for a version that the client has (RFC 9110 §15.4.5)."""
    return Answer(status=304, headers={"ETag": etag(resource.version)})
