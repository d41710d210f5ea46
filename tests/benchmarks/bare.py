"""The least that aiohttp can do: read the JSON of a body, answer a constant of the given size.

`python -m tests.benchmarks.bare PORT BYTES` runs it: the limit of what our service could reach.
"""

import sys

import orjson
import uvloop
from aiohttp import web

from tests.benchmarks.bodies import MEDIA_TYPE, user_body


def make_app(size_bytes: int) -> web.Application:
    """Return an application whose answers have a body of about this size."""
    document = b'{"id":"01890000-0000-7000-8000-000000000000",' + user_body(0)[1:]
    padding = max(0, size_bytes - len(document) - len(b',"padding":""'))
    answer = document[:-1] + b',"padding":"' + b"x" * padding + b'"}'

    async def get(_request: web.Request) -> web.Response:
        return web.Response(body=answer, content_type=MEDIA_TYPE)

    async def post(request: web.Request) -> web.Response:
        orjson.loads(await request.read())
        return web.Response(status=201, body=answer, content_type=MEDIA_TYPE)

    app = web.Application()
    app.router.add_get("/{path:.*}", get)
    app.router.add_post("/{path:.*}", post)
    return app


def main() -> None:
    """Serve until a signal comes."""
    uvloop.install()
    port, size_bytes = int(sys.argv[1]), int(sys.argv[2])
    web.run_app(make_app(size_bytes), host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    main()
