"""What the rows of the table share: the options of the run, its database, its load tool."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.benchmarks.bodies import Target
from tests.benchmarks.database import Database
from tests.benchmarks.options import Options
from tests.benchmarks.orders import Measurement, Order
from tests.benchmarks.workers import Worker, load_tool

CONNECTIONS = 32
WARM_UP_ROUNDS = 2
WARM_UP_S = 1.0


@dataclass(frozen=True, slots=True)
class Bench:
    """A run of the benchmark."""

    options: Options
    database: Database
    tool: Worker

    def warm_up(self, target: Target) -> None:
        """Let a service fill its caches and Postgres its plans, as it has after a minute of work."""
        for _ in range(WARM_UP_ROUNDS):
            self.tool.ask(Order("post", [target], WARM_UP_S, CONNECTIONS))

    def post(self, *targets: Target, connections: int = CONNECTIONS) -> Callable[[], Measurement]:
        """Return what measures POST /Users."""
        return lambda: self.tool.ask(
            Order("post", list(targets), self.options.seconds, connections)
        )

    def patch(self, target: Target) -> Callable[[], Measurement]:
        """Return what measures PATCH of the users that POST made there."""
        return lambda: self.tool.ask(Order("patch", [target], self.options.seconds, CONNECTIONS))

    def get(
        self, target: Target, paths: list[str], connections: int = CONNECTIONS
    ) -> Callable[[], Measurement]:
        """Return what measures GET of some paths."""
        return lambda: self.tool.ask(
            Order("get", [target], self.options.seconds, connections, paths=paths)
        )


@contextmanager
def bench(options: Options, database: Database) -> Iterator[Bench]:
    """Give a run; its load tool ends with the block."""
    with load_tool() as tool:
        yield Bench(options, database, tool)
