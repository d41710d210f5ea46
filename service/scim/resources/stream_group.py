"""Stream a group with many members: one snapshot, sent in pieces, never in memory as a whole."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

from aiohttp import HttpVersion11, web

from projections.directory.queries.members import stream_members
from projections.directory.queries.point_reads import Resource
from schema.scim.errors import NotFound
from service.http.answer import SERVER
from service.http.body import ClientLeft
from service.http.media_type import MEDIA_TYPE
from service.http.request_state import answered_id
from service.limits.offload import offload
from service.scim.as_of import AS_OF
from service.scim.context import RequestContext
from service.scim.represent import etag, group_bytes, selected_members
from service.scim.select import Selection, select

# A client that takes longer for one piece, or for the whole stream, loses it: it holds a connection and a snapshot.
WRITE_TIMEOUT_S = 30.0
STREAM_TIMEOUT_S = 120.0


async def stream_group(
    request: web.Request,
    context: RequestContext,
    group_id: UUID,
    selection: Selection,
    *,
    status: int = 200,
) -> web.StreamResponse:
    """Answer with a group and all its members."""
    headers = {"Content-Type": MEDIA_TYPE, "Server": SERVER, "Vary": AS_OF}
    response = web.StreamResponse(status=status, headers=headers)
    response.headers["Location"] = f"{context.base}/Groups/{group_id}"
    response.headers["X-Request-Id"] = answered_id(request)
    if request.version < HttpVersion11:
        response.force_close()  # Without chunks, closing the connection marks the end.
    try:
        async with (
            context.service.streams.slot(context.organization_id),
            asyncio.timeout(STREAM_TIMEOUT_S),
        ):
            await _send(request, response, _parts(context, group_id, selection))
    except BaseException as error:
        if not response.prepared or request.transport is None:
            raise
        request.transport.abort()  # A partial answer must not look like a whole one.
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
    """Send the head and the pieces; for HEAD, only the head."""
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
    """Yield the group, then the pieces of its JSON; nothing if there is no such group."""
    ending, separator = b"", b',"members":['
    async for piece in stream_members(
        context.service.runtime.reading, context.organization_id, group_id
    ):
        if isinstance(piece, Resource):
            yield piece
            yield select(group_bytes(piece, context.base), selection)[:-1]
            ending = b"}"
        elif members := await offload(
            selected_members, not selection.is_everything, piece, context.base, selection
        ):
            yield separator + members
            ending, separator = b"]}", b","
    if ending:
        yield ending


async def _write(response: web.StreamResponse, piece: bytes) -> None:
    async with asyncio.timeout(WRITE_TIMEOUT_S):
        await response.write(piece)
