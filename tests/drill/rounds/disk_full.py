"""The disk of Postgres is full: a clean 503, and the service recovers by itself once there is room."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from time import monotonic

import asyncpg

from service.database.embedded.postgres import folder_in
from tests.drill import postgres
from tests.drill.clients import Crew, at_work
from tests.drill.process import DrillFailed
from tests.drill.rounds.steps import REST_TIMEOUT_S, running
from tests.drill.site import Site, opened
from tests.drill.tally import Tally, timed

DISK_BYTES = 400 * 1024**2
LEFT_BYTES = 1024**2
SEGMENTS_MAX = 20
CLIENTS = 8
FULL_TIMEOUT_S = 60.0
FULL_S = 4.0  # That it stays full.
RECOVERY_TIMEOUT_S = 60.0


async def run(_site: Site, rng: Random, rounds: int) -> Tally:
    """Fill a disk of its own: with the log of Postgres on it, or with its tables only, in turn."""
    with timed(Tally("disk of Postgres full")) as tally:
        for number in range(rounds):
            try:
                with small_disk() as disk:
                    async with opened(disk) as site:
                        await _fill_once(site, disk, rng, tally, is_wal_full=number % 2 == 0)
            except PermissionError as error:
                tally.skipped = str(error)
                return tally
    return tally


async def _fill_once(
    site: Site, disk: Path, rng: Random, tally: Tally, *, is_wal_full: bool
) -> None:
    if not is_wal_full:
        await move_wal(site, wal_folder(disk))
    async with running(site.process()) as process:
        books = await site.books(2)
        async with at_work(books, [process.port], rng, clients=CLIENTS) as crew:
            await crew.progress(20, within_s=FULL_TIMEOUT_S)
            ballast = disk / "ballast"
            fill(ballast)
            if is_wal_full:
                await exhaust_wal(site)
            await _until_busy(crew)
            await asyncio.sleep(FULL_S)
            said = await process.readiness()
            full = "write-ahead log" if is_wal_full else "tables"
            tally.notes.append(f"no room for the {full}: /readyz said {said}")
            ballast.unlink()
            tally.note_recovery(await crew.progress(1, within_s=RECOVERY_TIMEOUT_S))
            async with crew.at_rest(within_s=REST_TIMEOUT_S):
                tally.add_round(await site.judge(books, is_dead=False))
        tally.add_crew(crew)
        tally.add_books(books, await site.judge(books, is_dead=False))


async def _until_busy(crew: Crew) -> None:
    """Return when clients get 503."""
    began, busy = monotonic(), crew.busy
    while crew.busy < busy + CLIENTS:
        if monotonic() - began > FULL_TIMEOUT_S:
            raise DrillFailed("The disk never filled up.")
        await asyncio.sleep(0.05)


def fill(ballast: Path) -> None:
    """Take almost all room that is left."""
    free = shutil.disk_usage(ballast.parent).free
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - LEFT_BYTES)


async def exhaust_wal(site: Site) -> None:
    """Let Postgres ask for the next piece of its write-ahead log until it gets none, and panics."""
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        async with site.owner() as connection:
            for _ in range(SEGMENTS_MAX):
                await connection.execute("SELECT pg_logical_emit_message(true, 'drill', 'full')")
                await connection.execute("SELECT pg_switch_wal()")


async def move_wal(site: Site, elsewhere: Path) -> None:
    """Put the write-ahead log on another disk, so that only tables and indexes find theirs full."""
    await postgres.stop(site.folder, "fast")
    await asyncio.to_thread(_move, folder_in(site.folder) / "pg_wal", elsewhere)
    await postgres.start(site.folder)


def wal_folder(disk: Path) -> Path:
    """Return where the write-ahead log goes that is not on the small disk."""
    return disk.with_name(f"{disk.name}-wal")


def _move(wal: Path, elsewhere: Path) -> None:
    owner = wal.stat()
    shutil.copytree(wal, elsewhere)
    for path in (elsewhere, *elsewhere.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    shutil.rmtree(wal)
    wal.symlink_to(elsewhere)


@contextmanager
def small_disk() -> Iterator[Path]:
    """Give a small file system in memory. Errors: PermissionError, where we may not mount one."""
    if os.geteuid() != 0:
        raise PermissionError("needs root, to mount a small file system")
    folder = Path(tempfile.mkdtemp(prefix="scim-ledger-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0755", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, check=False)
    try:
        if mounted.returncode != 0:
            raise PermissionError(f"may not mount: {mounted.stderr.decode().strip()}")
        yield folder
    finally:
        if mounted.returncode == 0:
            # Lazily: a server that a failed round has left behind still has its folder there.
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()
        shutil.rmtree(wal_folder(folder), ignore_errors=True)
