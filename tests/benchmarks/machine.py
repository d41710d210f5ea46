"""The machine of a run: without it, the numbers mean nothing."""

import os
import platform
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil

SYNCS = 200
BLOCK_BYTES = 8192
GIB = 1024**3


def describe(folder: Path | None) -> dict[str, object]:
    """Return the kind of machine and how fast its disk says that a write is safe."""
    parent = Path(folder or tempfile.gettempdir())
    return {
        "processor": processor(),
        "processors": os.cpu_count() or 0,
        "memory": f"{psutil.virtual_memory().total / GIB:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, {file_system(parent)}",
        "python": platform.python_version(),
        "fdatasync p50": f"{sync_ms(parent):.2f} ms",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def processor() -> str:
    """Return the name of the processor."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8").splitlines() if about.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def file_system(folder: Path) -> str:
    """Return the type of the file system that holds a folder."""
    mounts = {each.mountpoint: each.fstype for each in psutil.disk_partitions(all=True)}
    for path in (folder.resolve(), *folder.resolve().parents):
        if str(path) in mounts:
            return mounts[str(path)]
    return "unknown file system"


def sync_ms(folder: Path) -> float:
    """Return the median time of writing a block and having it on the disk."""
    taken = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(SYNCS):
            begin = time.perf_counter()
            file.write(b"x" * BLOCK_BYTES)
            file.flush()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - begin)
    return median(taken) * 1000
