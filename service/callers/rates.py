"""Which rate limits a caller has: the organization's own settings, else those of the service. Pure."""

from dataclasses import dataclass
from uuid import UUID

from schema.events.organization import Organization
from service.limits.rate import Bucket, bucket


@dataclass(frozen=True, slots=True)
class Rates:
    """The rate limits of a service; None means that there is none."""

    requests_per_second: int | None = None
    burst: int | None = None
    token_requests_per_second: int | None = None
    token_burst: int | None = None

    def buckets(self, organization: Organization, token_id: UUID) -> tuple[Bucket, ...]:
        """Return the buckets that a request with a token counts for; none if nothing is limited.

        A setting of the organization replaces the service's; its 0 lifts the limit.
        """
        chosen = organization.settings
        limits = (
            (
                organization.id,
                "organization",
                chosen.get("requestsPerSecond", self.requests_per_second),
                chosen.get("burst", self.burst),
            ),
            (
                token_id,
                "token",
                chosen.get("tokenRequestsPerSecond", self.token_requests_per_second),
                chosen.get("tokenBurst", self.token_burst),
            ),
        )
        return tuple(
            bucket(each, name, per_second, burst)
            for each, name, per_second, burst in limits
            if per_second
        )
