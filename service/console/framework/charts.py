"""Bar charts as numbers: a template draws them as SVG, x in per cent of the width and y in pixels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PLOT_PX: Final = 132  # The height of the axis.
LEFT, RIGHT = 7.5, 99.5  # Where the bars begin and end, in per cent.
GAP_PX: Final = 1.0
BAR_SHARE: Final = 0.68  # Of the width that a bar has.
STEPS: Final = (1, 2, 2.5, 5, 10)
LINES: Final = 4


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar. `kind` is its class: created, changed or ended."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its sentence, and a label below it or an empty text."""

    x: float
    middle: float
    width: float
    parts: tuple[Part, ...]
    sentence: str
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the grid with its value."""

    y: float
    value: float


@dataclass(frozen=True, slots=True)
class BarChart:
    """A chart of stacked bars."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    is_empty: bool


def bar_chart(
    rows: Sequence[Sequence[tuple[str, int]]], sentences: Sequence[str], labels: Sequence[str]
) -> BarChart:
    """Return a chart. Each row is a bar: (kind, number) from below to above."""
    highest = max((sum(number for _, number in row) for row in rows), default=0)
    top = axis_top(highest)
    step = (RIGHT - LEFT) / max(len(rows), 1)
    bars = []
    for index, row in enumerate(rows):
        x, y, parts = LEFT + index * step, PLOT_PX - GAP_PX, []
        for kind, number in row:
            if number:
                height = max(number / top * PLOT_PX - GAP_PX, GAP_PX)
                y -= height
                parts.append(Part(kind, round(y, 1), round(height, 1)))
                y -= GAP_PX
        width = step * BAR_SHARE
        bars.append(
            Bar(
                round(x, 2),
                round(x + width / 2, 2),
                round(width, 2),
                tuple(parts),
                sentences[index],
                labels[index],
            )
        )
    lines = tuple(
        Line(round(PLOT_PX - PLOT_PX * each / LINES, 1), top * each / LINES)
        for each in range(LINES + 1)
    )
    return BarChart(tuple(bars), lines, highest == 0)


def axis_top(highest: int) -> int:
    """Return the number at the top of an axis: four even steps that are whole and round."""
    if highest <= LINES:
        return LINES
    least = highest / LINES
    power = 10 ** math.floor(math.log10(least))
    step: float = next(each * power for each in STEPS if each * power >= least)
    return LINES * math.ceil(step)
