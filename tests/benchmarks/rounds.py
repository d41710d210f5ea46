"""Rounds that take turns, and what they say: medians, extremes, ratios of paired rounds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.orders import Measurement


@dataclass(frozen=True, slots=True)
class Rounds:
    """The measurements of one system, in the order in which they were made."""

    measurements: tuple[Measurement, ...]

    @property
    def rate(self) -> float:
        """Return the median of what was done a second."""
        return median(each.rate for each in self.measurements)

    @property
    def p50_ms(self) -> float:
        """Return the median of the rounds' medians."""
        return median(each.p50_ms for each in self.measurements)

    @property
    def p99_ms(self) -> float:
        """Return the median of the rounds' 99th percentiles."""
        return median(each.p99_ms for each in self.measurements)

    def show(self) -> str:
        """Return the rate with its extremes, and the latencies."""
        rates = [each.rate for each in self.measurements]
        return (
            f"{self.rate:,.0f}/s ({min(rates):,.0f} to {max(rates):,.0f}), "
            f"p50 {self.p50_ms:.2f} ms, p99 {self.p99_ms:.2f} ms"
        )

    def figures(self) -> dict[str, object]:
        """Return the numbers for the report."""
        return {
            "ratePerS": round(self.rate, 1),
            "p50Ms": round(self.p50_ms, 3),
            "p99Ms": round(self.p99_ms, 3),
            "roundsPerS": [round(each.rate, 1) for each in self.measurements],
        }


def take_turns(systems: Mapping[str, Callable[[], Measurement]], rounds: int) -> dict[str, Rounds]:
    """Return the rounds of systems measured A B C, A B C: what disturbs one disturbs all."""
    made: dict[str, list[Measurement]] = {name: [] for name in systems}
    for _ in range(rounds):
        for name, measure in systems.items():
            made[name].append(measure())
    return {name: Rounds(tuple(measurements)) for name, measurements in made.items()}


def rate_ratio(ours: Rounds, theirs: Rounds) -> float:
    """Return how many times as much as theirs ours does: the median over the paired rounds."""
    pairs = zip(ours.measurements, theirs.measurements, strict=True)
    return median(a.rate / b.rate for a, b in pairs)


def latency_ratio(ours: Rounds, theirs: Rounds) -> float:
    """Return how many times as long as theirs ours takes at p50: the median over the pairs."""
    pairs = zip(ours.measurements, theirs.measurements, strict=True)
    return median(a.p50_ms / b.p50_ms for a, b in pairs)
