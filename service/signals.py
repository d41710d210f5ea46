"""Which signals end a process. Light to import: the command line asks before anything else."""

import signal

SIGNALLED = (
    128  # Shells add the number of the signal: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
)


def ending() -> list[signal.Signals]:
    """Return the signals that end a process; under nohup the end of the terminal does not."""
    is_nohup = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    always = [signal.SIGINT, signal.SIGTERM]
    return always if is_nohup else [*always, signal.SIGHUP]
