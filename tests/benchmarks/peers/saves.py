"""Saves of `eventsourcing` on Postgres: `python saves.py DBNAME HOST PORT USER`, orders as in orders.py.

One save is one event of an aggregate's own, about as large as ours, from as many threads as asked.
"""

# mypy: ignore-errors
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from uuid import uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

THREADS_MAX = 8


class User(Aggregate):
    """A user with the values that a POST brings."""

    @event("Provisioned")
    def __init__(self, values: dict[str, object]) -> None:
        self.values = values


def values(n: int) -> dict[str, object]:
    """Return about as many bytes as our event holds."""
    return {
        "userName": f"user.{n:010d}@example.com",
        "externalId": f"entra-{n:010d}-8d2a-4f8e-bf98-7363c4aed4ef",
        "displayName": "Given1 Family1",
        "title": "Contract manager",
        "preferredLanguage": "en-US",
        "emails": [{"primary": True, "type": "work", "value": f"user.{n:010d}@example.com"}],
        "name": {"formatted": "Given1 Family1", "familyName": "Family1", "givenName": "Given1"},
        "enterprise": {"employeeNumber": f"{n:010d}", "department": "Legal"},
        "roleId": str(uuid4()),
    }


def save_until(application: Application, until: float) -> list[float]:
    """Save one aggregate after another; return how long each save took."""
    latencies_s = []
    while (started := perf_counter()) < until:
        application.save(User(values(len(latencies_s))))
        latencies_s.append(perf_counter() - started)
    return latencies_s


def main() -> None:
    """Answer orders until the input ends."""
    name, host, port, user = sys.argv[1:]
    os.environ |= {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": name,
        "POSTGRES_HOST": host,
        "POSTGRES_PORT": port,
        "POSTGRES_USER": user,
        "POSTGRES_PASSWORD": "",
        "POSTGRES_POOL_SIZE": str(THREADS_MAX),
    }
    application = Application()
    threads = ThreadPoolExecutor(THREADS_MAX)
    for line in sys.stdin:
        order = json.loads(line)
        save_until(application, perf_counter() + 0.3)
        begin = perf_counter()
        made = [
            threads.submit(save_until, application, begin + order["seconds"])
            for _ in range(order["threads"])
        ]
        latencies_s = sorted(each for some in made for each in some.result())
        seconds = perf_counter() - begin
        answer = {
            "count": len(latencies_s),
            "rate": len(latencies_s) / seconds,
            "p50_ms": latencies_s[len(latencies_s) // 2] * 1000,
            "p99_ms": latencies_s[int(len(latencies_s) * 0.99)] * 1000,
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    application.close()


if __name__ == "__main__":
    main()
