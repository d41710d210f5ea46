"""Stream a group with many members: one snapshot, sent in pieces, never held whole."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

import orjson
from aiohttp import HttpVersion11, web

from projections.directory.queries.members import stream_members
from projections.directory.queries.point_reads import Member, Resource
from schema.scim.errors import NotFound
from service.http.answer import SERVER
from service.http.media_type import MEDIA_TYPE
from service.scim.context import RequestContext
from service.scim.represent import etag, group_bytes, member_bytes
from service.scim.request import ClientLeft
from service.scim.select import Selection, select, select_document

WRITE_TIMEOUT_S = 30.0  # For one piece: a client that reads slower loses its stream,
STREAM_TIMEOUT_S = (
    120.0  # and so does one that takes longer for all: it holds a connection, and a snapshot.
)


async def stream_group(
    request: web.Request,
    context: RequestContext,
    group_id: UUID,
    selection: Selection,
    *,
    status: int = 200,
) -> web.StreamResponse:
    """Answer with a group and all its members."""
    headers = {"Content-Type": MEDIA_TYPE, "Server": SERVER}
    response = web.StreamResponse(status=status, headers=headers)
    response.headers["Location"] = f"{context.base}/Groups/{group_id}"
    response.headers["X-Request-Id"] = str(context.request_id)
    if request.version < HttpVersion11:
        response.force_close()  # Without chunks its end is that of the connection.
    try:
        async with (
            context.service.streams.slot(context.organization_id),
            asyncio.timeout(STREAM_TIMEOUT_S),
        ):
            await _send(request, response, _parts(context, group_id, selection))
    except BaseException as error:
        if not response.prepared or request.transport is None:
            raise
        request.transport.abort()  # Half an answer must not end as if it were whole.
        if isinstance(error, ConnectionError | TimeoutError):
            raise ClientLeft("The answer was not read to its end.") from error
        raise
    if not response.prepared:
        raise NotFound(f"There is no group {group_id}.")
    await response.write_eof()
    return response


async def _send(
    request: web.Request, response: web.StreamResponse, parts: AsyncGenerator[Resource | bytes]
) -> None:
    """Send the head and the pieces; to HEAD, the head."""
    async with aclosing(parts):
        async for part in parts:
            if isinstance(part, Resource):
                response.headers["ETag"] = etag(part.version)
                await response.prepare(request)
                if request.method == "HEAD":
                    return
            else:
                await _write(response, part)


async def _parts(
    context: RequestContext, group_id: UUID, selection: Selection
) -> AsyncGenerator[Resource | bytes]:
    """Yield the group, then the pieces of its JSON; nothing if there is none."""
    ending, separator = b"", b',"members":['
    async for piece in stream_members(context.service.pool, context.organization_id, group_id):
        if isinstance(piece, Resource):
            yield piece
            yield select(group_bytes(piece, context.base), selection)[:-1]
            ending = b"}"
        elif members := _members(piece, context.base, selection):
            yield separator + members
            ending, separator = b"]}", b","
    if ending:
        yield ending


def _members(piece: list[Member], base: str, selection: Selection) -> bytes:
    """Return values of `members`, joined by commas, with the sub-attributes selected."""
    members = member_bytes(piece, base)
    if selection.is_everything:
        return members
    document = select_document({"members": orjson.loads(b"[" + members + b"]")}, selection)
    return orjson.dumps(document.get("members", []))[1:-1]


async def _write(response: web.StreamResponse, piece: bytes) -> None:
    async with asyncio.timeout(WRITE_TIMEOUT_S):
        await response.write(piece)
