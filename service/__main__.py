"""Where `scim-ledger` and `python -m service` begin: before anything is imported that takes its time."""

import os
import signal
from types import FrameType

INTERRUPTED = 130  # What shells give for Ctrl-C: 128 and the number of the signal.


def main() -> None:
    """Run the command line. Ctrl-C ends it without a word until it has begun."""
    signal.signal(signal.SIGINT, leave)
    from service.cli import app  # noqa: PLC0415 - half a second of imports, with nothing to clean up.

    app()


def leave(_signal: int, _frame: FrameType | None) -> None:
    """End the process at once, since an exception in the middle of an import would be a trace."""
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
