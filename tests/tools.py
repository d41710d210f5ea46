"""What the tools among the tests share: `make drill`, `make attack`, `make rolling`, `make failover`."""

import sys
import tempfile
from pathlib import Path


def say(text: str) -> None:
    """Print a line of the report as soon as it is known."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def new_folder(name: str) -> Path:
    """Return a new folder that another account may enter."""
    folder = Path(tempfile.mkdtemp(prefix=f"scim-ledger-{name}-"))
    folder.chmod(0o755)
    return folder
