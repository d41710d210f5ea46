"""The start of `scim-ledger` and `python -m service`, before any import that takes long."""

import os
import signal
import sys
from types import FrameType

from service.signals import SIGNALLED, ending


def main() -> None:
    """Run the command line. Until it has started, a signal ends the process silently."""
    for each in ending():
        signal.signal(each, leave)
    from service.terminal import prepare  # noqa: PLC0415 - what it imports takes time enough for a Ctrl-C.

    prepare()
    try:
        from service.cli.command_line import start  # noqa: PLC0415 - imports take half a second; nothing is open yet.

        code = start(sys.argv[1:])
    except KeyboardInterrupt:  # While the event loop closes.
        code = SIGNALLED + signal.SIGINT
    sys.exit(code)


def leave(number: int, _frame: FrameType | None) -> None:
    """End the process at once: an exception during an import would print a trace."""
    os._exit(SIGNALLED + number)


if __name__ == "__main__":
    main()
