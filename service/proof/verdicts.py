"""What is wrong with logs now, as far as this process knows: stops requests where that is due, and reports it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Gauge

from eventstore.proof.verdicts import GRAVITY, MISSING_TRUST, STOPPING, Finding, by_gravity
from service.callers.stopped_logs import StoppedLogs

log = structlog.get_logger()

CONTRADICTIONS: Final = Gauge(
    "scim_ledger_proof_contradictions",
    "Logs that contradict their checkpoints, their tree or the copy outside, by the gravest code.",
    ["code"],
    multiprocess_mode="livemax",
)


class Verdicts:
    """The findings of each log, by who found them: a later look by the same one replaces them."""

    def __init__(self, stopped: StoppedLogs) -> None:
        self._stopped = stopped
        self._findings: dict[UUID, dict[str, tuple[Finding, ...]]] = {}
        self.logs = 0  # How many there are in all.

    def put(self, organization_id: UUID, source: str, findings: Sequence[Finding]) -> None:
        """Note what one look at a log found; nothing, if all was well."""
        before = self.of(organization_id)
        by_source = self._findings.setdefault(organization_id, {})
        by_source[source] = tuple(findings)
        if not any(by_source.values()):
            del self._findings[organization_id]
        self._report(organization_id, before, self.of(organization_id))

    def of(self, organization_id: UUID) -> tuple[Finding, ...]:
        """Return what is wrong with a log, the gravest first."""
        by_source = self._findings.get(organization_id, {})
        return by_gravity(dict.fromkeys(each for found in by_source.values() for each in found))

    def is_contradicted(self, organization_id: UUID) -> bool:
        """Return whether anything contradicts: then nothing more is signed."""
        return any(each.is_contradiction for each in self.of(organization_id))

    def contradicted(self) -> Mapping[UUID, str]:
        """Return the gravest code of each log that is contradicted."""
        codes = {log_id: self.of(log_id)[0].code for log_id in self._findings}
        return {log_id: code for log_id, code in codes.items() if code not in MISSING_TRUST}

    @property
    def is_database_put_back(self) -> bool:
        """Return whether more than half of the logs are concerned, as after the restore of a whole database."""
        stopping = sum(code in STOPPING for code in self.contradicted().values())
        return stopping * 2 > self.logs

    def _report(
        self, organization_id: UUID, before: Sequence[Finding], now: Sequence[Finding]
    ) -> None:
        stopping = [each.code for each in now if each.code in STOPPING]
        if stopping:
            self._stopped.stop(organization_id, stopping[0])
        else:
            self._stopped.release(organization_id)
        known = {each.code for each in before}
        if fresh := [each for each in now if each.code not in known]:
            log.error(
                "log_contradicted",
                organization_id=str(organization_id),
                code=now[0].code,
                finding=fresh[0].sentence(),
            )
        elif before and not now:
            log.warning("log_agrees_again", organization_id=str(organization_id))
        if before != now:
            self._count()

    def _count(self) -> None:
        counts = Counter(self.contradicted().values())
        for code in GRAVITY:
            CONTRADICTIONS.labels(code).set(counts.get(code, 0))
