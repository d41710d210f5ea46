"""Private members of a library are used in fenced modules only, and do what the library does.

A library may change its private members in any release. Whoever upgrades one looks here first.
"""

import ast
import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping

import asyncpg
import pytest
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from schema.events.event import Event
from service.http.answer import Answer
from tests.house.source import source_files, text

# Library → the modules that may use its private members, and which ones they use.
FENCES: Mapping[str, Mapping[str, frozenset[str]]] = {
    "aiohttp": {
        "service/http/answer.py": frozenset({"_eof_sent", "_headers", "_keep_alive"}),
        "service/http/connections/handler.py": frozenset(
            {
                "_buffer_paused",
                "_current_request",
                "_messages",
                "_reading_paused",
                "_request_count",
                "_waiter",
            }
        ),
        "service/http/connections/shortcut.py": frozenset(
            {
                "_buffer_paused",
                "_close",
                "_force_close",
                "_keepalive",
                "_keepalive_handle",
                "_keepalive_timeout",
                "_loop",
                "_manager",
                "_messages",
                "_next_keepalive_close_time",
                "_parser",
                "_process_keepalive",
                "_waiter",
            }
        ),
        "service/http/server.py": frozenset({"_kwargs", "_loop", "_make_server"}),
    },
    "asyncpg": {"eventstore/postgres/session.py": frozenset({"_transport"})},
    "pydantic": {
        "schema/events/codec.py": frozenset(
            {"__pydantic_fields_set__", "__pydantic_serializer__", "__pydantic_validator__"}
        )
    },
}
PUBLIC = frozenset({"_asdict", "_exit", "_fields", "_make", "_replace"})  # Documented by Python.
FENCED = {name: members for each in FENCES.values() for name, members in each.items()}
MEMBERS = frozenset[str]().union(*FENCED.values())


def private(name: str) -> bool:
    """Return whether a name is private, or pydantic's own."""
    is_dunder = name.startswith("__") and name.endswith("__")
    return name.startswith("__pydantic_") if is_dunder else name.startswith("_")


def used(tree: ast.AST) -> set[str]:
    """Return the private members that a module uses and does not define itself."""
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return {each for each in named if private(each)} - set(defined(tree))


def defined(tree: ast.AST) -> Iterator[str]:
    """Yield the names that a module gives: to functions, to fields of classes and in `self`."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name


@pytest.mark.parametrize("name", [*source_files()])
def test_private_members_of_a_library_stay_within_their_fence(name: str) -> None:
    assert used(ast.parse(text(name))) - PUBLIC - FENCED.get(name, frozenset()) == set()


@pytest.mark.parametrize("name", [*source_files()])
def test_an_exception_for_a_private_member_stands_in_a_fenced_module(name: str) -> None:
    assert ("SLF001" in text(name)) <= (name in FENCED)


def test_the_libraries_still_have_these_members() -> None:
    async def made() -> tuple[web.Server, RequestHandler]:
        server = web.Server(answer_plainly)
        return server, server()

    server, handler = asyncio.run(made())
    owners = (server, handler, web.AppRunner, web.Response(), asyncpg.Connection, Event)
    missing = {each for each in MEMBERS if not any(hasattr(owner, each) for owner in owners)}
    assert missing <= {"__pydantic_fields_set__", "_transport"}  # Of an instance only.
    assert "_transport" in asyncpg.Connection.__slots__


@pytest.mark.parametrize("library", FENCES)
def test_a_fenced_library_is_locked_to_one_version(library: str) -> None:
    locked = re.findall(rf"^{library}==[\d.]+", text("requirements.lock"), re.MULTILINE)
    assert len(locked) == 1


def asked(request: web.BaseRequest) -> tuple[int, bytes]:
    """Return the status that a path asks for, and a body that fits it."""
    status = int(request.path.strip("/"))
    return status, b"" if status in {204, 304} else b'{"a": 1}'


async def answer_plainly(request: web.BaseRequest) -> web.StreamResponse:
    """Answer as aiohttp does by itself."""
    status, body = asked(request)
    headers = {"Server": "scim-ledger", "ETag": 'W/"1"'}
    if not body:
        return web.Response(status=status, headers=headers)
    return web.Response(
        body=body, status=status, headers=headers, content_type="application/scim+json"
    )


async def answer_in_one_piece(request: web.BaseRequest) -> web.StreamResponse:
    """Answer as the service does."""
    status, body = asked(request)
    return Answer(body, status=status, headers={"ETag": 'W/"1"'})


@pytest.fixture
async def ports() -> AsyncIterator[list[int]]:
    """Serve both kinds of answer."""
    servers = [web.Server(answer_plainly), web.Server(answer_in_one_piece)]
    loop = asyncio.get_running_loop()
    sockets = [await loop.create_server(each, "127.0.0.1", 0) for each in servers]
    yield [each.sockets[0].getsockname()[1] for each in sockets]
    for each, server in zip(sockets, servers, strict=True):
        each.close()
        await server.shutdown(1)


async def ask(port: int, request: str) -> tuple[str, set[str], str]:
    """Return the first line, the headers and the body that a request is answered with."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.encode())
    writer.write_eof()
    whole = (await reader.read()).decode()
    writer.close()
    head, _, body = whole.partition("\r\n\r\n")
    first, *headers = head.split("\r\n")
    return first, {each for each in headers if not each.startswith("Date:")}, body


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("connection", ["close", "keep-alive"])
@pytest.mark.parametrize("status", [200, 204, 304, 404])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_answer_in_one_piece_is_the_librarys_own(
    ports: list[int], method: str, status: int, connection: str, version: str
) -> None:
    request = f"{method} /{status} HTTP/{version}\r\nHost: a\r\nConnection: {connection}\r\n\r\n"

    plain, whole = [await ask(port, request) for port in ports]

    assert whole == plain
