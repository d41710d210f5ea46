"""Tries a former release on a database of the present code, and prints what went well: `make former FORMER=<git revision>`.

First both serve one database side by side. Then the tests of the protocol of that revision run against databases that the
present code has migrated. A service that started before the migration does not look again; so for these tests the newest
migrations are not on record. Arguments after the revision are given to pytest in place of the tests of the protocol.
"""

import asyncio
import base64
import os
import shutil
import subprocess
import sys

import asyncpg

from eventstore.sealing.randomness import random_bytes
from service.database.embedded import postgres as embedded
from service.database.migrate import migrate
from tests.conftest import UNSAFE, in_database
from tests.former.release import OnDatabase, Release
from tests.former.side_by_side import Tried, try_both
from tests.protocol.installation import free_port
from tests.tools import new_folder, say

TESTS = ("-m", "not browser and not process", "tests/protocol")


def main() -> None:
    """Try a revision. Exit with 1 if something went wrong."""
    if len(sys.argv) < 2:
        sys.exit("Name a revision: make former FORMER=<git revision>")
    folder = new_folder("former")
    release = Release(sys.argv[1], folder)
    say(f"Installing {release.revision} ...")
    release.install()
    server = embedded.start(folder / "data", settings=UNSAFE)
    try:
        tried = asyncio.run(try_side_by_side(release, server.dsn))
        tried.append(asyncio.run(try_tests(release, server.dsn, sys.argv[2:] or [*TESTS])))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    for each in tried:
        say(
            f"{'ok    ' if each.is_good else 'FAILED'}  {each.name}{': ' * bool(each.said)}{each.said}"
        )
    sys.exit(not all(each.is_good for each in tried))


async def try_side_by_side(release: Release, dsn: str) -> list[Tried]:
    """Let the former release make a database, and both serve it."""
    owner = await asyncpg.connect(dsn)
    await owner.execute("CREATE DATABASE shared")
    await owner.close()
    key, url = base64.b64encode(random_bytes(32)).decode(), in_database(dsn, "shared")
    former = OnDatabase(release.folder / "a", free_port(), url, key, release)
    present = OnDatabase(release.folder / "b", free_port(), url, key)
    return await try_both(former, present)


async def try_tests(release: Release, dsn: str, arguments: list[str]) -> Tried:
    """Run tests of the former release on databases that are copies of one that the present code has migrated."""
    template = in_database(dsn, "template1")
    await migrate(template)
    owner = await asyncpg.connect(template)
    forget = "DELETE FROM service.schema_migrations WHERE number > $1"
    hidden = await owner.execute(forget, release.last_migration())
    await owner.close()
    say(f"Tests of {release.revision}; migrations that it does not know: {hidden.split()[-1]}")
    command = (release.python, "-m", "pytest", "-q", "-n", workers(), "--dist", "worksteal")
    done = subprocess.run(  # noqa: ASYNC221 - nothing else runs.
        (*command, *arguments),
        cwd=release.source,
        env={**os.environ, "TEST_DATABASE_URL": dsn},
        check=False,
    )
    return Tried(f"tests of {release.revision}: {' '.join(arguments)}", done.returncode == 0)


def workers() -> str:
    """Return how many processes run the tests."""
    return os.environ.get("PYTEST_WORKERS", "2")


if __name__ == "__main__":
    main()
