"""The routes of OAuth 2, and the parts that they use."""

from aiohttp import web

from service.oauth.grant import Granter
from service.oauth.metadata import metadata
from service.oauth.paths import METADATA_PATH, TOKEN_PATH
from service.oauth.token_endpoint import GRANTER, token


def add_routes(app: web.Application, granter: Granter) -> None:
    """Add the endpoints to an application."""
    app[GRANTER] = granter
    app.router.add_get(METADATA_PATH, metadata)
    app.router.add_post(TOKEN_PATH, token)
