"""A small plot of lines over numbers, as SVG: panels side by side, from zero, with a few round marks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 420, 300, 64, 34, 16, 46
COLOURS = ("#0b5fa5", "#b2471d", "#3d7d3d", "#7a3e9d")
MARKS = 5


@dataclass(frozen=True)
class Line:
    """A named line through points."""

    name: str
    points: Sequence[tuple[float, float]]


def plot(panels: Mapping[str, Sequence[Line]], across: str) -> str:
    """Return panels by what they show upwards; `across` is what all show from left to right."""
    width = WIDTH * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}">',
        f'<rect width="{width}" height="{HEIGHT}" fill="white"/>',
        '<g font-family="sans-serif" font-size="12">',
    ]
    for place, (upwards, lines) in enumerate(panels.items()):
        parts.append(f'<g transform="translate({WIDTH * place} 0)">')
        parts += _panel(upwards, lines, across)
        parts.append("</g>")
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _panel(upwards: str, lines: Sequence[Line], across: str) -> Iterator[str]:
    most_x = max((x for line in lines for x, _ in line.points), default=1.0)
    most_y = max((y for line in lines for _, y in line.points), default=1.0)
    marks_x, marks_y = _marks(most_x), _marks(most_y)
    end_x, end_y = max(most_x, marks_x[-1]), max(most_y, marks_y[-1])

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + (WIDTH - LEFT - RIGHT) * x / end_x,
            HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / end_y,
        )

    yield _text(LEFT, TOP - 14, upwards, weight="bold")
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, across, anchor="middle")
    for mark in marks_y:
        (x, y), (right, _) = at(0, mark), at(end_x, mark)
        yield f'<path d="M{x:.1f} {y:.1f}H{right:.1f}" stroke="#ddd"/>'
        yield _text(x - 6, y + 4, f"{mark:,g}", anchor="end")
    for mark in marks_x:
        x, y = at(mark, 0)
        yield _text(x, y + 16, f"{mark:,g}", anchor="middle")
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        points = [at(x, y) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
        yield _text(LEFT + 10, TOP + 14 + 16 * number, line.name, colour=colour)


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    weight: str = "normal",
    colour: str = "#333",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="{colour}">{escape(text)}</text>'
    )


def _marks(most: float) -> list[float]:
    """Return a few round numbers from 0 to about the most."""
    if most <= 0:
        return [0.0, 1.0]
    rough = most / MARKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough)
    return [step * number for number in range(math.ceil(most / step - 1e-9) + 1)]
