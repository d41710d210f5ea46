"""A real PgBouncer in transaction mode in front of a database, with the settings that docs/how-to/own-database.md gives."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from eventstore.postgres.database_url import with_login
from service.database.embedded.account import account_for, give
from tests.postgres.servers import under
from tests.protocol.installation import CHECKOUT, free_port

PROGRAM = os.environ.get("SCIM_LEDGER_TEST_PGBOUNCER") or shutil.which("pgbouncer")
SINCE = (1, 21)  # It follows prepared statements from one connection to the next.


def missing() -> str:
    """Return why there is no PgBouncer to try; empty if there is one."""
    if PROGRAM is None:
        return "there is no pgbouncer on the PATH, and SCIM_LEDGER_TEST_PGBOUNCER names none"
    said = subprocess.run([PROGRAM, "--version"], check=False, capture_output=True, text=True)
    found = re.search(r"PgBouncer (\d+)\.(\d+)", said.stdout)
    if found is None or tuple(map(int, found.groups())) < SINCE:
        return f"{PROGRAM} is older than 1.21: {said.stdout.splitlines()[:1]}"
    return ""


def documented() -> str:
    """Return the settings that the page gives, as they stand there."""
    page = (CHECKOUT / "docs" / "how-to" / "own-database.md").read_text("utf-8")
    blocks: list[str] = re.findall(r"```ini\n(.*?)```", page, re.DOTALL)
    [found] = (each for each in blocks if "max_prepared_statements" in each)
    return found.replace("\n  ", "\n")


def written(folder: Path, url: str, port: int, login: tuple[str, str]) -> Path:
    """Write the files of a PgBouncer that knows one login; return the one to start it with."""
    behind = urlsplit(url)
    query = {name: each[-1] for name, each in parse_qs(behind.query).items()}
    host = query.get("host", behind.hostname)
    behind_port = query.get("port", behind.port or 5432)
    (folder / "users.txt").write_text('"{}" "{}"\n'.format(*login))
    file = folder / "pgbouncer.ini"
    file.write_text(
        f"[databases]\n* = host={host} port={behind_port}\n[pgbouncer]\n{documented()}"
        f"auth_type = scram-sha-256\nauth_file = {folder}/users.txt\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"logfile = {folder}/pgbouncer.log\ndefault_pool_size = 10\n"
    )
    return file


@contextmanager
def pooled(url: str, login: str, password: str) -> Iterator[str]:
    """Run a PgBouncer in front of a database for one login; give the URL with which this login connects."""
    assert PROGRAM is not None
    folder = Path(tempfile.mkdtemp(prefix="scim-ledger-pgbouncer-"))
    account, port = account_for(folder / "none"), free_port()
    file = written(folder, url, port, (login, password))
    for each in (folder, *folder.iterdir()):
        give(each, account)
    process = subprocess.Popen([PROGRAM, "-q", str(file)], **under(account))
    try:
        wait_for(port, process, folder / "pgbouncer.log")
        database = unquote(urlsplit(url).path.strip("/"))
        there = f"postgresql://127.0.0.1:{port}/{database}?sslmode=disable"
        yield with_login(there, user=login, password=password, database=database)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the pooler accepts connections."""
    while True:
        assert process.poll() is None, log.read_text() if log.exists() else process.returncode
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
