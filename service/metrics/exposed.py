"""Writes metrics out: those of this process, or the sums over all workers of one parent."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from service.workers.totals import VARIABLE, living

TRIES = 3
# Of these the sum would mean nothing.
OF_EACH = frozenset({"process_start_time_seconds", "process_max_fds"})


def written() -> bytes:
    """Return the metrics in Prometheus's text format."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return generate_latest()
    registry = CollectorRegistry()
    registry.register(OfWorkers(Path(folder)))
    return generate_latest(registry)


class OfWorkers(Collector):
    """The metrics of all workers: each once, with the sum of its values, and those of their processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        yield from self._summed()
        yield from processes(living(self._folder))

    def _summed(self) -> list[Metric]:
        for _ in range(TRIES):
            # The parent adds up the counters of a worker that has died while we read.
            with suppress(FileNotFoundError):
                collector: Any = MultiProcessCollector  # The library leaves it without types.
                return list(collector(None, str(self._folder)).collect())
        return []


def processes(pids: list[int]) -> Iterator[Metric]:
    """Yield what Python's own collector knows of a process, summed over processes."""
    summed: dict[str, Metric] = {}
    for pid in pids:
        for metric in ProcessCollector(pid=lambda pid=pid: pid, registry=None).collect():  # type: ignore[misc]
            if metric.name not in summed:
                summed[metric.name] = metric
                continue
            kept = summed[metric.name].samples
            for place, sample in enumerate(metric.samples):
                choose = max if metric.name in OF_EACH else sum
                value = choose((kept[place].value, sample.value))
                kept[place] = kept[place]._replace(value=value)
    yield from summed.values()
