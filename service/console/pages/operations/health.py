"""Health: whether the service is ready, what the proof says, and its metrics at a glance."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final
from uuid import UUID

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from service.console.framework.call import ConsoleCall
from service.console.pages.operations.names import organization_names
from service.http.answer import Answer
from service.http.health import METRICS, PROOF, READY

OURS: Final = "scim_ledger_"
COUNT, SUM = "_count", "_sum"
CREATED = "_created"  # A family of its own in the text format: when each counter began. It says nothing here.
COLUMNS: Final = ("name", "value", "help")


@dataclass(frozen=True, slots=True)
class Gauged:
    """A metric: its sum over all labels; of a histogram, how often and the mean."""

    name: str
    help: str
    value: float
    mean: float | None


async def show(call: ConsoleCall) -> Answer:
    """GET /operations/health."""
    text = (await call.request.app[METRICS].get()).decode()
    metrics = [*_gauged(text_string_to_metric_families(text))]
    if call.query.get("format") == "csv":
        return call.csv(
            "metrics", COLUMNS, ((each.name, each.value, each.help) for each in metrics)
        )
    proof = call.request.app[PROOF]
    document, names = proof.document(), await organization_names(call)
    pool = call.service.pool
    return await call.show(
        "operations/health.html",
        reason=(await call.request.app[READY].get()).reason or proof.reason(),
        contradictions=[
            (names.get(UUID(each["organizationId"]), each["organizationId"]), each["code"])
            for each in document.get("contradictions", ())
        ],
        proof_document=document,
        metrics=metrics,
        connections=(pool.get_size() - pool.get_idle_size(), pool.get_max_size()),
        console_connections=(
            call.runtime.pool.get_size() - call.runtime.pool.get_idle_size(),
            call.runtime.pool.get_max_size(),
        ),
        organizations=len(names),
        release=version("scim-ledger"),
    )


def _gauged(families: Iterable[Metric]) -> Iterable[Gauged]:
    for each in sorted(families, key=lambda family: family.name):
        is_ours = each.name.startswith(OURS) and not each.name.endswith(CREATED)
        if not is_ours or not each.samples:
            continue
        if each.type in {"histogram", "summary"}:
            count = sum(sample.value for sample in each.samples if sample.name.endswith(COUNT))
            total = sum(sample.value for sample in each.samples if sample.name.endswith(SUM))
            yield Gauged(each.name, each.documentation, count, total / count if count else None)
        else:
            values = (sample.value for sample in each.samples)
            yield Gauged(each.name, each.documentation, sum(values), None)
