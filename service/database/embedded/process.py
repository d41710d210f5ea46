"""Finds the processes of an embedded PostgreSQL."""

from pathlib import Path

import psutil


def first_process(folder: Path) -> int | None:
    """Return the id of the folder's first process, from postmaster.pid; None without that file."""
    try:
        return int((folder / "postmaster.pid").read_bytes().split(b"\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def is_alive(folder: Path) -> bool:
    """Return whether the process named in postmaster.pid lives. Cheap, so it can be called often."""
    pid = first_process(folder)
    try:
        return pid is not None and bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def processes(folder: Path) -> list[int]:
    """Return the ids of the folder's server processes. The folder is their working directory."""
    asked = ["cmdline", "cwd", "name", "ppid", "status"]
    servers = {
        process.pid: process.info
        for process in psutil.process_iter(asked)
        if (process.info["name"] or "").startswith("postgres")
        and process.info["status"] != psutil.STATUS_ZOMBIE
    }
    return [
        pid
        for pid, info in servers.items()
        if info["cwd"] == str(folder)
        or (
            info["cwd"] is None
            and may_be_of(folder, info["cmdline"], orphan=info["ppid"] not in servers)
        )
    ]


def may_be_of(folder: Path, command: list[str] | None, *, orphan: bool) -> bool:
    """Return whether a process may belong to this folder. In some containers its working directory is hidden.

    The first process has the folder in its command line. Its children do not; they end soon after it dies.
    """
    match command:
        case [title, *_] if title.startswith("postgres: "):
            return orphan
        case _:
            return str(folder) in (command or [])
