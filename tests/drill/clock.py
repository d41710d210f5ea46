"""A wall clock that is wrong for one process: a few lines of C between it and the C library."""

import subprocess
import sys
from pathlib import Path
from shutil import which

SOURCE = Path(__file__).with_name("clock.c")


def build(folder: Path) -> Path | None:
    """Return the library to preload; None without a compiler or without Linux."""
    compiler = which("cc") or which("gcc")
    if compiler is None or sys.platform != "linux":
        return None
    library = folder / "clock.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"], check=True
    )
    return library


def environment(library: Path, off_s: int) -> dict[str, str]:
    """Return what makes the clock of a process wrong by so many seconds."""
    return {"LD_PRELOAD": str(library), "CLOCK_OFF_S": str(off_s)}
