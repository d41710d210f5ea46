"""`make bench`: run the rows, print the table, write it as JSON where BENCH_JSON says."""

import sys
from collections.abc import Callable, Iterator, Mapping

from rich.console import Console

from tests.benchmarks import (
    appends,
    console,
    group_sizes,
    groups,
    machine,
    memory,
    organizations,
    past,
    processes,
    proofs,
    queries,
    reads,
    rebuilds,
    stalls,
    writes,
)
from tests.benchmarks.bench import Bench, bench
from tests.benchmarks.database import database
from tests.benchmarks.options import Options, read_options
from tests.benchmarks.report import Row, print_table, write_json
from tests.benchmarks.servers import ServerFailed
from tests.benchmarks.workers import UnexpectedAnswer

# By the names that BENCH_ONLY takes; each has a database of its own.
ROWS: Mapping[str, Callable[[Bench], Iterator[Row]]] = {
    "writes": writes.rows,
    "organizations": organizations.rows,
    "reads": reads.rows,
    "groups": groups.rows,
    "queries": queries.rows,
    "members": group_sizes.rows,
    "appends": appends.rows,
    "processes": processes.rows,
    "memory": memory.rows,
    "rebuild": rebuilds.rows,
    "stalls": stalls.rows,
    "proof": proofs.rows,
    "past": past.rows,
    "console": console.rows,
}


def run(options: Options, console: Console) -> list[Row]:
    """Return the rows that the options ask for, measured on a database of their own."""
    made: list[Row] = []
    for name, measure in ROWS.items():
        if not options.wants(name):
            continue
        console.print(f"{name} …")
        with database(options.folder) as fresh, bench(options, fresh) as running:
            try:
                made += measure(running)
            except (UnexpectedAnswer, ServerFailed) as problem:
                made.append(Row(name, "to be measured", str(problem), is_met=False))
    return made


def main() -> None:
    """Run, and exit with 1 where a target was measured and not met."""
    options, console = read_options(), Console(stderr=True)
    about = machine.describe(options.folder)
    rows = run(options, console)
    print_table(about, rows, Console())
    if options.json_file:
        write_json(about, rows, options.json_file)
    sys.exit(any(row.is_met is False for row in rows))


if __name__ == "__main__":
    main()
