"""The orders to a measuring process, and its answers: one line of JSON each."""

from dataclasses import dataclass, field

import orjson

from tests.benchmarks.bodies import Target

UNLIMITED = 2**62


@dataclass(frozen=True, slots=True)
class Order:
    """One measurement of the load tool. Connections are spread over the targets.

    A request of `send` is a method, a path and a body.
    """

    work: str  # post, patch, get or send.
    targets: list[Target]
    seconds: float
    connections: int = 32
    warm_up_s: float = 0.5  # Sent and answered, not counted.
    requests_max: int = UNLIMITED
    rate: float = 0.0  # Requests a second by all connections, evenly; 0: each as soon as it can.
    paths: list[str] = field(default_factory=list)  # Of get, over and over.
    requests: list[tuple[str, str, str]] = field(default_factory=list)  # Of send: each one once.


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was done, by how much a second, and how long one took."""

    count: int
    rate: float
    p50_ms: float
    p99_ms: float
    unexpected: str = ""  # The first answer that was not the expected one; empty: there was none.
    max_ms: float = 0.0


def measurement(latencies_s: list[float], seconds: float, unexpected: str = "") -> Measurement:
    """Return a measurement as numbers."""
    ordered = sorted(latencies_s) or [0.0]
    return Measurement(
        count=len(latencies_s),
        rate=len(latencies_s) / seconds,
        p50_ms=ordered[len(ordered) // 2] * 1000,
        p99_ms=ordered[int(len(ordered) * 0.99)] * 1000,
        unexpected=unexpected,
        max_ms=ordered[-1] * 1000,
    )


def read_order(line: bytes) -> Order:
    """Return the order of a line."""
    told = orjson.loads(line)
    return Order(**{**told, "targets": [Target(**each) for each in told["targets"]]})
