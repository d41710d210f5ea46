"""What a check finds."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"  # It works now; what is said should be mended.
    PROBLEM = "problem"  # The service does not start, or does not keep what it promises.


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` says what to do; it is empty if all is well."""

    area: str
    state: State
    text: str
    remedy: str = ""


def ok(area: str, text: str) -> Finding:
    """Return that all is well."""
    return Finding(area, State.OK, text)


def warning(area: str, text: str, remedy: str) -> Finding:
    """Return what should be mended."""
    return Finding(area, State.WARNING, text, remedy)


def problem(area: str, text: str, remedy: str = "") -> Finding:
    """Return what has to be mended."""
    return Finding(area, State.PROBLEM, text, remedy)
