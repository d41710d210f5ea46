"""Which processes are those of an embedded PostgreSQL."""

from pathlib import Path

import psutil


def first_process(folder: Path) -> int | None:
    """Return the id of the folder's first process, by its own word; None where there is none."""
    try:
        return int((folder / "postmaster.pid").read_bytes().split(b"\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def is_alive(folder: Path) -> bool:
    """Tell whether the folder's first process lives, by its own word; asks little, for who asks often."""
    pid = first_process(folder)
    try:
        return pid is not None and bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def processes(folder: Path) -> list[int]:
    """Return the ids of the folder's server processes: the folder is their working directory."""
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
    """Whether a process whose folder we may not ask for, as in some containers, may be of this one.

    The first process names its folder; its children name none, and soon follow it when it dies.
    """
    match command:
        case [title, *_] if title.startswith("postgres: "):
            return orphan
        case _:
            return str(folder) in (command or [])
