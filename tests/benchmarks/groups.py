"""Row: adding a member to a group of 100,000, against adding one to an empty group."""

from collections.abc import Iterator, Sequence

from tests.benchmarks.bench import Bench
from tests.benchmarks.bodies import Target, add_member_body
from tests.benchmarks.events import Size
from tests.benchmarks.orders import Measurement, Order
from tests.benchmarks.report import Row, required
from tests.benchmarks.rounds import Rounds, latency_ratio
from tests.benchmarks.servers import our_service

MEMBERS = 100_000
ADDS = 150  # In a round; each group that is empty takes one.
MOST = 1.5
ROUND_S = 60.0  # At most.


def rows(bench: Bench) -> Iterator[Row]:
    """Yield the row."""
    adds = ADDS * bench.options.rounds
    size = Size(MEMBERS + adds, everyone=MEMBERS, empty_groups=adds, spare=adds)
    (tenant,) = bench.database.tenants("Groups")
    (loaded,) = bench.database.load([tenant], [size])
    with our_service(bench.database) as server:
        target = server.target(tenant)
        bench.warm_up(target)
        large, empty = [], []
        for begin in range(0, adds, ADDS):
            users = loaded.spare_ids[begin : begin + ADDS]
            large.append(add(bench, target, [loaded.everyone_id] * ADDS, users))
            empty.append(add(bench, target, loaded.empty_group_ids[begin : begin + ADDS], users))
    yield row_of(Rounds(tuple(large)), Rounds(tuple(empty)))


def add(
    bench: Bench, target: Target, group_ids: Sequence[str], user_ids: Sequence[str]
) -> Measurement:
    """Measure one PATCH after another, each of a group and a user."""
    requests = [
        ("PATCH", f"/Groups/{group_id}", add_member_body(user_id))
        for group_id, user_id in zip(group_ids, user_ids, strict=True)
    ]
    order = Order("send", [target], ROUND_S, 1, warm_up_s=0.0, requests=requests)
    return bench.tool.ask(order)


def row_of(large: Rounds, empty: Rounds) -> Row:
    """Return the row of both."""
    ratio = latency_ratio(large, empty)
    return required(
        f"member add to a group of {MEMBERS:,}, one connection",
        f"≤ {MOST} x the same on an empty group",
        f"{ratio:.2f} x an empty group, whose p50 is {empty.p50_ms:.2f} ms",
        large,
        is_met=ratio <= MOST,
    )
