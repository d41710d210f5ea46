"""The parts of a running service that handlers use."""

from dataclasses import dataclass

import asyncpg
from aiohttp import web

from eventstore.sealing.sealer import Sealer
from projections.directory.queries.point_reads import PointReader
from projections.directory.queries.reader import QueryReader
from service.callers.authenticate import Authenticator
from service.limits.fair_share import FairShare
from service.runtime import Runtime
from service.write.lane import Lanes


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of a running service. Without a `public_url`, each request's Host header gives the URL."""

    runtime: Runtime  # For use cases.
    pool: asyncpg.Pool
    lanes: Lanes
    reader: PointReader
    authenticator: Authenticator
    sealer: Sealer
    queries: QueryReader
    streams: FairShare  # Bounds answers that hold a connection while their client reads.
    large: FairShare  # Bounds bodies of megabytes.
    public_url: str | None = None


SERVICE = web.AppKey("service", Service)
