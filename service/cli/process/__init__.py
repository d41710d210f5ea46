"""A command as a process: its event loop, its signals, its output and its exit code.

`run.py` runs a command in an event loop and ends it cleanly on a signal, `problems.py` maps each expected
error to one line and an exit code, `output.py` writes to standard output and detects that it is closed.
It knows no command: it may not import the modules of `service/cli` or `service/cli/printing`.
Begin with `run.py`.
"""
