"""What all requests of the console share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from service.console.framework.links import Links
from service.console.sessions.cookies import Cookies
from service.console.sessions.oidc import Oidc
from service.http.parts import Service
from service.runtime import Runtime


@dataclass(frozen=True, slots=True)
class ConsoleParts:
    """The parts of the console. `runtime` has a pool of its own: no page takes a connection that SCIM needs."""

    service: Service
    runtime: Runtime
    links: Links
    cookies: Cookies
    oidc: Oidc | None  # None: nobody signs in at an identity provider.
    served: frozenset[str]  # The paths of pages, for the navigation.
    extras: Mapping[str, Any] = field(default_factory=dict)  # Parts of single pages, by their name.


CONSOLE: Final = web.AppKey("console", ConsoleParts)
