"""A budget: what one request may cost, in units of work that are counted before the work is done.

A unit is about a third of a microsecond: one value that is looked at once. What a request costs depends on what is
stored as well as on what is sent, so each step states its cost and is refused if too little is left. All operations
of a bulk share the budget of their request.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from schema.scim.errors import PayloadTooLarge

UNITS_MAX = 3_000_000  # Of one request: about a second of work, beside the event loop.
ASCII_SHIFT = 5  # 32 characters of ASCII cost as much as a value.
OTHER_SHIFT = 1  # Other characters are composed before they compare (`fold`), which takes twenty times as long.


@dataclass(slots=True)
class Budget:
    """The units that a request has left. Changed in place by the `Spending` of its commands."""

    left: int = UNITS_MAX


@dataclass(slots=True)
class Spending:
    """What one command has spent of its request's budget. A command may be decided again; then it starts over."""

    budget: Budget = field(default_factory=Budget)
    spent: int = 0

    def start_over(self) -> None:
        """Give back what was spent."""
        self.budget.left += self.spent
        self.spent = 0

    def spend(self, units: int) -> None:
        """Take units before work is done. Errors: PayloadTooLarge if too few are left; then none are taken."""
        if units > self.budget.left:
            raise PayloadTooLarge(
                "The request compares too many values in all: split its operations over several requests, "
                "or list fewer values in each."
            )
        self.budget.left -= units
        self.spent += units


def weight(values: Iterable[Any]) -> int:
    """Return the units that it takes to look at each of some values once: simple ones, or flat objects."""
    units = 0
    for each in values:
        units += 1
        if type(each) is str:
            units += _text_weight(each)
        elif isinstance(each, dict):
            units += len(each)
            for value in each.values():
                if type(value) is str:
                    units += _text_weight(value)
    return units


def _text_weight(text: str) -> int:
    return len(text) >> (ASCII_SHIFT if text.isascii() else OTHER_SHIFT)
