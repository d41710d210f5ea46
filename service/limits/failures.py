"""Failed attempts are limited per client address: whoever guesses learns less and less often."""

import time
from collections import OrderedDict
from collections.abc import Callable

from prometheus_client import Counter

from schema.scim.errors import TooManyRequests

REMEMBERED_MAX = 10_000  # Addresses. The one that has failed least recently is forgotten first.
MINUTE_S = 60.0

LIMITED = Counter(
    "scim_ledger_rate_limited_total",
    "Requests that were refused with 429, by the limit: organization, token, address or events.",
    ["limit"],
)


class Failures:
    """Counts failed attempts: `per_minute` may fail at once, and they come back over a minute."""

    def __init__(self, per_minute: int, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._clock_s = per_minute, clock_s
        # Address → how many failures it may still make, and when that was so.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def count(self, address: str) -> None:
        """Count a failed attempt. Errors: TooManyRequests if there were too many."""
        now_s = self._clock_s()
        left, since_s = self._left.pop(address, (float(self._per_minute), now_s))
        left = min(left + (now_s - since_s) * self._per_minute / MINUTE_S, float(self._per_minute))
        is_over = left < 1.0
        self._left[address] = (left if is_over else left - 1.0, now_s)
        if len(self._left) > REMEMBERED_MAX:
            self._left.popitem(last=False)
        if is_over:
            LIMITED.labels("address").inc()
            raise TooManyRequests(
                "Too many requests of this address failed to authenticate; check the token.",
                (1.0 - left) * MINUTE_S / self._per_minute,
            )
