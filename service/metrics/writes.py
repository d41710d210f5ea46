"""What is measured of writes: how many commands share a transaction, how long it takes, and how many wait."""

from prometheus_client import Gauge, Histogram

BATCH = Histogram(
    "scim_ledger_batch_commands",
    "Commands in one transaction.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)
APPEND = Histogram(
    "scim_ledger_append_seconds",
    "How long a transaction of writes takes, from its first statement to its commit.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0),
)
WAITING = Gauge(
    "scim_ledger_lane_waiting",
    "Commands that wait for their batch: in the longest lane, and in all of them.",
    ["lanes"],
    multiprocess_mode="livesum",
)
POOL = Gauge(
    "scim_ledger_pool_connections",
    "Connections of the pool to Postgres, by state: used, idle, or how many there may be (max).",
    ["state"],
    multiprocess_mode="livesum",
)
HOLDS = Gauge(
    "scim_ledger_guard_open_holds",
    "Holds of the guard that nobody has decided on, over all organizations.",
    multiprocess_mode="livemostrecent",
)
