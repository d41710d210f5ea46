"""Rows: how long changes and reads of a group take at 100 and at 100,000 members, one after another."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.bodies import Target, group_body, members_body
from tests.benchmarks.events import Loaded, Size
from tests.benchmarks.orders import Measurement, Order
from tests.benchmarks.report import Row
from tests.benchmarks.rounds import Rounds, latency_ratio
from tests.benchmarks.servers import our_service

FEW, MEMBERS = 100, 100_000
MANY = 1_000  # Members of a large change.
ONES = 100  # Changes of one member in a round.
ROUND_S = 300.0  # At most.
MOST = 1.5
GROWTH_MOST_MIB = 32.0
Request = tuple[str, str, str]  # Method, path, body.


@dataclass(frozen=True, slots=True)
class Group:
    """A group, who is in it, and users who are not."""

    id: str
    name: str
    member_ids: Sequence[str]
    spare_ids: Sequence[str]

    @property
    def path(self) -> str:
        """Return its path."""
        return f"/Groups/{self.id}"

    def change(self, op: str, ids: Sequence[str]) -> Request:
        """Return the PATCH of an operation on members."""
        return "PATCH", self.path, members_body(op, ids)

    def put(self, ids: Sequence[str]) -> Request:
        """Return the PUT of the group with these members."""
        return "PUT", self.path, group_body(self.name, ids)


# What is measured, in this order: each leaves the group as it was, or as the next one needs it.
WORK: dict[str, Callable[[Group], list[Request]]] = {
    "add 1 member": lambda group: [group.change("Add", [each]) for each in group.spare_ids[:ONES]],
    "remove 1 member": lambda group: [
        group.change("Remove", [each]) for each in group.spare_ids[:ONES]
    ],
    "add 1,000 members": lambda group: [group.change("Add", group.spare_ids[:MANY])],
    "remove 1,000 members": lambda group: [group.change("Remove", group.spare_ids[:MANY])],
    "PATCH replace of all members, 1 other": lambda group: [
        group.change("Replace", [*group.member_ids[1:], group.spare_ids[0]])
    ],
    "PUT with all members, 1 other": lambda group: [group.put(group.member_ids)],
    "GET without members": lambda group: (
        [("GET", f"{group.path}?excludedAttributes=members", "")] * ONES
    ),
    "GET": lambda group: [("GET", group.path, "")] * 3,
}
BOUNDED = ("add 1 member", "remove 1 member", "GET without members")
BOUNDED_TOO = ("add 1,000 members", "remove 1,000 members")


def rows(bench: Bench) -> Iterator[Row]:
    """Yield the rows of changes, of reads, and of the memory that a whole read takes."""
    (tenant,) = bench.database.tenants("Members")
    size = Size(MEMBERS + MANY, everyone=MEMBERS, empty_groups=1, spare=MANY)
    (loaded,) = bench.database.load([tenant], [size])
    with our_service(bench.database) as server:
        target = server.target(tenant)
        bench.warm_up(target)
        small, large = groups(loaded)
        send(bench, target, [small.change("Add", small.member_ids)])
        yield row_of_memory(bench, target, large, server.pid)
        made = [measure(bench, target, group) for group in (small, large)]
    for name in WORK:
        yield row_of(name, made[0][name], made[1][name])


def groups(loaded: Loaded) -> tuple[Group, Group]:
    """Return the group of few members, still empty, and the one of many."""
    few, everyone = loaded.user_ids[:FEW], loaded.user_ids[:MEMBERS]
    return (
        Group(loaded.empty_group_ids[0], "Empty 0", few, loaded.spare_ids),
        Group(loaded.everyone_id, "Everyone", everyone, loaded.spare_ids),
    )


def measure(bench: Bench, target: Target, group: Group) -> dict[str, Rounds]:
    """Return the rounds of all work on a group."""
    made: dict[str, list[Measurement]] = {name: [] for name in WORK}
    for _ in range(bench.options.rounds):
        for name, requests in WORK.items():
            made[name].append(send(bench, target, requests(group)))
    return {name: Rounds(tuple(each)) for name, each in made.items()}


def send(bench: Bench, target: Target, requests: list[Request]) -> Measurement:
    """Measure requests, one after another."""
    return bench.tool.ask(Order("send", [target], ROUND_S, 1, warm_up_s=0.0, requests=requests))


def row_of(name: str, small: Rounds, large: Rounds) -> Row:
    """Return the row of one kind of work at both sizes."""
    ratio = latency_ratio(large, small)
    is_bounded = name in BOUNDED or name in BOUNDED_TOO
    return Row(
        name,
        f"≤ {MOST:g} x the same at {FEW:,} members" if is_bounded else "",
        f"p50 {small.p50_ms:.2f} ms at {FEW:,}, {large.p50_ms:.2f} ms at {MEMBERS:,} members: "
        f"{ratio:.2f} x",
        ratio <= MOST if is_bounded else None,
        {
            "p50MsSmall": round(small.p50_ms, 3),
            "p50MsLarge": round(large.p50_ms, 3),
            "ratio": round(ratio, 2),
        },
    )


def row_of_memory(bench: Bench, target: Target, group: Group, pid: int) -> Row:
    """Return the row of what a GET of all members adds to the most memory that the service had."""
    before = peak_mib(pid)
    send(bench, target, [("GET", group.path, "")] * 3)
    growth = peak_mib(pid) - before
    return Row(
        f"memory that a GET of {MEMBERS:,} members adds to the service",
        f"≤ {GROWTH_MOST_MIB:g} MiB, streamed",
        f"{growth:.1f} MiB, on {before:.0f} MiB",
        growth <= GROWTH_MOST_MIB,
        {"growthMib": round(growth, 1)},
    )


def peak_mib(pid: int) -> float:
    """Return the most memory that a process ever held, as Linux counts it."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(peak) / 1024
