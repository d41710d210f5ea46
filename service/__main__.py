"""Where `scim-ledger` and `python -m service` begin: before anything is imported that takes its time."""

import os
import signal
import sys
from types import FrameType

from service.signals import SIGNALLED, ending


def main() -> None:
    """Run the command line. A signal ends it without a word until it has begun."""
    for each in ending():
        signal.signal(each, leave)
    from service.terminal import prepare  # noqa: PLC0415 - what it imports takes time enough for a Ctrl-C.

    prepare()
    try:
        from service.cli.command_line import start  # noqa: PLC0415 - half a second of imports, with nothing to clean up.

        code = start(sys.argv[1:])
    except KeyboardInterrupt:  # As the event loop closes.
        code = SIGNALLED + signal.SIGINT
    sys.exit(code)


def leave(number: int, _frame: FrameType | None) -> None:
    """End the process at once, since an exception in the middle of an import would be a trace."""
    os._exit(SIGNALLED + number)


if __name__ == "__main__":
    main()
