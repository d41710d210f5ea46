"""The parts of a running service that handlers use."""

from dataclasses import dataclass

import asyncpg
from aiohttp import web

from eventstore.sealing.sealer import Sealer
from projections.directory.queries.point_reads import PointReader
from projections.directory.queries.reader import QueryReader
from service.callers.authenticate import Authenticator
from service.callers.issuers import IssuerRules
from service.http.hosts import Hosts
from service.limits.failures import Failures
from service.limits.fair_share import FairShare
from service.limits.memory_share import MemoryShare
from service.limits.rate import RateLimits
from service.limits.turns import Turns
from service.limits.working_memory import WorkingMemory
from service.proof.outside import OutsideCopy
from service.requests.kept import KeptRequests
from service.runtime import Runtime
from service.write.lane import Lanes


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of a running service."""

    runtime: Runtime  # For use cases.
    pool: asyncpg.Pool
    lanes: Lanes
    reader: PointReader
    authenticator: Authenticator
    sealer: Sealer
    queries: QueryReader
    streams: FairShare  # Bounds answers that hold a connection while their client reads.
    memory: WorkingMemory  # Bounds the bodies that are in work.
    bodies: MemoryShare  # Bounds the bodies that arrive.
    hosts: Hosts
    rates: RateLimits
    turns: Turns  # Bounds the requests of an organization that are worked on.
    failures: Failures  # Of authentication, per client address.
    outside: OutsideCopy  # The copy of checkpoints outside of the database, which also lists who was erased.
    backup_retention_days: int
    kept: KeptRequests  # Those that were refused or changed nothing, until they are written.
    issuer_rules: IssuerRules  # Which issuers may vouch for OAuth clients.


SERVICE = web.AppKey("service", Service)
