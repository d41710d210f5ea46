"""Rows: how long each kind of query takes at 1,000 users and at many, asked one after another."""

import http.client
from collections.abc import Iterator
from typing import Any

import orjson

from tests.benchmarks.bench import Bench
from tests.benchmarks.bodies import Target
from tests.benchmarks.database import Tenant
from tests.benchmarks.events import Loaded, Size
from tests.benchmarks.kinds import Kind, find, kinds
from tests.benchmarks.orders import Measurement, Order
from tests.benchmarks.report import Row
from tests.benchmarks.servers import our_service
from tests.benchmarks.workers import UnexpectedAnswer

SMALL, LARGE, FULL = 1_000, 50_000, 1_000_000
EVERYONE = 100  # Members of the group that the filters on groups speak of.
MOST = 2.0  # Times as long as at SMALL, where the cost must not depend on the size.
PROBES = 3
PARTS = 3  # Of the seconds of a round, since there are many kinds.
LEAST, MANY = 5, 1_000  # Requests of a kind.
PATIENCE_S = 120.0
PAGE_MAX = 1_000


def rows(bench: Bench) -> Iterator[Row]:
    """Yield a row for each kind; both organizations are in one database, as customers are."""
    many = FULL if bench.options.is_full else LARGE
    sizes = [Size(users, everyone=EVERYONE) for users in (SMALL, many)]
    tenants = bench.database.tenants("Small", "Large")
    loaded = bench.database.load(tenants, sizes)
    with our_service(bench.database) as server:
        small, large = (
            measure(bench, server.target(tenant), tenant, each)
            for tenant, each in zip(tenants, loaded, strict=True)
        )
    for (kind, few), (_, more) in zip(small, large, strict=True):
        yield row_of(kind, few, more, many)


def measure(
    bench: Bench, target: Target, tenant: Tenant, loaded: Loaded
) -> list[tuple[Kind, Measurement]]:
    """Return what each kind of query takes in an organization."""
    asked = [*kinds(tenant, loaded), *by_cursor(target, len(loaded.user_ids))]
    return [(kind, time_of(bench, target, kind)) for kind in asked]


def by_cursor(target: Target, users: int) -> Iterator[Kind]:
    """Yield pages by cursor: the first one, and one in the middle."""
    for name, query in {"": {}, ", sortBy userName": {"sortBy": "userName"}}.items():
        middle = walk(target, query, users)
        yield Kind(f"first page by cursor{name}", [find("/Users", cursor="", **query)])
        yield Kind(
            f"page by cursor in the middle{name}",
            [find("/Users", cursor=middle, **query)],
            is_bounded=True,
        )


def walk(target: Target, query: dict[str, str], users: int) -> str:
    """Return the cursor of the page in the middle of all users."""
    size = min(PAGE_MAX, users // 10)
    asked = {**query, "count": str(size), "attributes": "userName"}
    connection = http.client.HTTPConnection(target.host, target.port, timeout=PATIENCE_S)
    cursor = ""
    for _ in range(users // size // 2):
        cursor = get(connection, target, find("/Users", cursor=cursor, **asked))["nextCursor"]
    connection.close()
    return cursor


def get(connection: http.client.HTTPConnection, target: Target, path: str) -> Any:
    """Return the body of an answer."""
    headers = {"Authorization": f"Bearer {target.token}"}
    connection.request("GET", f"{target.path}{path}", headers=headers)
    return orjson.loads(connection.getresponse().read())


def time_of(bench: Bench, target: Target, kind: Kind) -> Measurement:
    """Return what a kind takes: as many requests as fit a part of the seconds of a round."""
    try:
        probe = bench.tool.ask(order(target, kind, PROBES))
        fitting = int(bench.options.seconds / PARTS * 1000 / max(probe.p50_ms, 0.01))
        if fitting > len(kind.paths):  # Fills the caches of Postgres and of the disk.
            bench.tool.ask(order(target, kind, len(kind.paths)))
        return bench.tool.ask(order(target, kind, min(MANY, max(LEAST, fitting))))
    except UnexpectedAnswer as problem:
        return Measurement(0, 0.0, 0.0, 0.0, str(problem))


def order(target: Target, kind: Kind, requests: int) -> Order:
    """Return the order for some requests of a kind, one after another."""
    return Order(
        "get", [target], PATIENCE_S, 1, warm_up_s=0.0, requests_max=requests, paths=[*kind.paths]
    )


def row_of(kind: Kind, small: Measurement, large: Measurement, many: int) -> Row:
    """Return the row of a kind at both sizes."""
    target = f"≤ {MOST:g} x the same at {SMALL:,} users" if kind.is_bounded else ""
    if problem := small.unexpected or large.unexpected:
        return Row(kind.name, target or "an answer", problem, is_met=False)
    ratio = large.p50_ms / small.p50_ms
    return Row(
        kind.name,
        target,
        f"p50 {small.p50_ms:.2f} ms at {SMALL:,}, {large.p50_ms:.2f} ms at {many:,} users: {ratio:.2f} x",
        ratio <= MOST if kind.is_bounded else None,
        {
            "p50MsSmall": round(small.p50_ms, 3),
            "p50MsLarge": round(large.p50_ms, 3),
            "ratio": round(ratio, 2),
        },
    )
