"""What is counted of every request: its route, its status, how long it took, and why it was refused."""

from functools import lru_cache

from prometheus_client import Counter, Histogram

NO_ROUTE = "none"  # A request that reached no route: its path may be anything.
OTHER_METHOD = "other"
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"})

ANSWERED = Counter(
    "scim_ledger_requests_total",
    "Requests that were answered, by method, route and status.",
    ["method", "route", "status"],
)
TOOK = Histogram(
    "scim_ledger_request_duration_seconds",
    "How long requests took, from their head to their answer.",
    ["method", "route"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
UNAUTHORIZED = Counter(
    "scim_ledger_unauthorized_total",
    "Requests without a token that is accepted, by the reason.",
    ["reason"],
)
REFUSALS = Counter(
    "scim_ledger_refusals_total",
    "Requests that were refused, by status and scimType.",
    ["status", "scim_type"],
)


def count(method: str, route: str | None, status: int, duration_s: float) -> None:
    """Count an answer."""
    answered, took = _of(method if method in METHODS else OTHER_METHOD, route or NO_ROUTE, status)
    answered.inc()
    took.observe(duration_s)


@lru_cache(maxsize=2_048)
def _of(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return ANSWERED.labels(method, route, str(status)), TOOK.labels(method, route)


def count_refusal(status: int, scim_type: str | None) -> None:
    """Count a refusal."""
    REFUSALS.labels(str(status), scim_type or "").inc()
