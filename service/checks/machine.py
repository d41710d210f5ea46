"""Looks at the machine: the disk, the limits of the process, and settings that contradict each other."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from service.checks.findings import Finding, ok, problem, warning
from service.config import Settings
from service.limits.descriptors import connections_max, raise_limit

GIB = 1024**3
FREE_BYTES_MIN, FREE_SHARE_MIN = GIB, 0.1
FREE_BYTES_LAST = 256 * 1024**2
CONNECTIONS_FEW = 500


def check_machine(settings: Settings) -> Iterator[Finding]:
    """Yield what there is to say about this machine."""
    yield from check_disk(settings.data_dir)
    yield check_descriptors(settings)
    yield from check_settings(settings)


def check_disk(folder: Path) -> Iterator[Finding]:
    """Yield whether the disk of the data folder has room."""
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    usage = shutil.disk_usage(there)
    text = f"{usage.free / GIB:.1f} GiB of {usage.total / GIB:.1f} GiB are free at {there}"
    if usage.free < FREE_BYTES_LAST:
        yield problem("disk", text, "Make room: Postgres stops when nothing is left.")
    elif usage.free < FREE_BYTES_MIN or usage.free < usage.total * FREE_SHARE_MIN:
        yield warning("disk", text, "Make room, before Postgres stops.")
    else:
        yield ok("disk", text)


def check_descriptors(settings: Settings) -> Finding:
    """Return how many clients may be connected."""
    raise_limit()
    clients = connections_max(settings.pool_size_max)
    text = f"{clients:,} clients may be connected to each process"
    if clients < CONNECTIONS_FEW:
        return warning("open files", text, "Raise the hard limit of open files (ulimit -Hn).")
    return ok("open files", text)


def check_settings(settings: Settings) -> Iterator[Finding]:
    """Yield settings that do not fit together."""
    found = list(_contradictions(settings))
    yield from found or [ok("settings", "understood")]


def _contradictions(settings: Settings) -> Iterator[Finding]:
    is_local = settings.host in {"127.0.0.1", "::1", "localhost"}
    if settings.proxy_networks and not settings.public_url:
        yield warning(
            "settings",
            "a proxy is trusted, and the address that clients use is not known",
            "Set SCIM_LEDGER_PUBLIC_URL.",
        )
    if settings.public_url and not settings.proxy_networks:
        yield warning(
            "settings",
            "there is a public URL, and no proxy is trusted: all clients share the proxy's limits",
            "Set SCIM_LEDGER_TRUSTED_PROXIES to the addresses of the proxy.",
        )
    if settings.public_url and settings.public_url.startswith("http:"):
        yield warning(
            "settings", "the public URL is without TLS: tokens can be read", "End TLS at the proxy."
        )
    if not is_local and not settings.public_url:
        yield warning(
            "settings",
            f"the service listens on {settings.host} without TLS",
            "Put a proxy in front that ends TLS, and set SCIM_LEDGER_PUBLIC_URL.",
        )
    if settings.public_url and settings.drain_seconds == 0:
        yield warning(
            "settings",
            "the service stops at once, before a balancer notices",
            "Set SCIM_LEDGER_DRAIN_SECONDS to twice the interval of its checks.",
        )
    if settings.is_embedded and settings.outside_copy is None:
        yield warning(
            "settings",
            "the copy of checkpoints is on the database's disk",
            "Set SCIM_LEDGER_OUTSIDE_COPY to another machine or store.",
        )
    if settings.is_embedded and settings.master_key is None:
        yield warning(
            "settings",
            "the master key is beside the database that it protects",
            "Copy master.key to another place, apart from backups of the database.",
        )
