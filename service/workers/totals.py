"""The metrics of all workers: prometheus-client keeps those of each process in files of one folder.

A gauge of a worker that dies goes with it. Its counters stay, or the sum would go back, which looks like a restart of
everything. They are added to the files of a process that never was, so that the folder does not grow.
"""

import os
from pathlib import Path
from typing import Any

from prometheus_client.mmap_dict import MmapedDict

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
NOBODY = "0"  # In place of a process number.


def forget(folder: Path, pid: int) -> None:
    """Drop the gauges of a process that has ended, and keep its counters."""
    for file in folder.glob(f"*_{pid}.db"):
        kind = file.name.rpartition("_")[0]
        if not kind.startswith("gauge"):
            _add(folder / f"{kind}_{NOBODY}.db", file)
        file.unlink(missing_ok=True)


def living(folder: Path) -> list[int]:
    """Return the numbers of the processes that have metrics in the folder."""
    numbers = {each.stem.rpartition("_")[2] for each in folder.glob("*.db")} - {NOBODY}
    return sorted(int(each) for each in numbers if each.isdecimal())


def _add(total: Path, file: Path) -> None:
    values: Any = MmapedDict  # The library leaves it without types.
    kept = values(os.fspath(total))
    try:
        for key, value, at_s, _ in values.read_all_values_from_file(os.fspath(file)):
            before, _ = kept.read_value(key)
            kept.write_value(key, before + value, at_s)
    finally:
        kept.close()
