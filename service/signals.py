"""Which signals end a process. It is light to import, because the command line needs it first."""

import signal

SIGNALLED = (
    128  # A shell adds the signal's number: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
)


def ending() -> list[signal.Signals]:
    """Return the signals that end a process; under nohup, SIGHUP is not one of them."""
    is_nohup = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    always = [signal.SIGINT, signal.SIGTERM]
    return always if is_nohup else [*always, signal.SIGHUP]
