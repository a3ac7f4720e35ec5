"""Lines on two logarithmic axes, as a small SVG without any library."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Line = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 34, 44
COLOURS = ("#1f6f8b", "#c8553d", "#6a994e", "#7d5ba6")


def chart(title: str, across: str, up: str, lines: Mapping[str, Line]) -> str:
    """Return the picture of some lines; every number is above 0.

    >>> chart("Cost", "bars", "s", {"ours": [(1.0, 1.0), (10.0, 10.0)]}).count("<polyline")
    1
    """
    points = [point for line in lines.values() for point in line]
    x_span, y_span = span([x for x, _ in points]), span([y for _, y in points])
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="11" fill="#333"'
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        text(WIDTH / 2, 18, title, "middle", ' font-weight="bold"'),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, across, "middle"),
        text(8, TOP - 8, up, "start"),
        *grid(x_span, y_span),
        *curves(lines, x_span, y_span),
        "</svg>",
    ]
    return "\n".join(body) + "\n"


def span(values: Sequence[float]) -> tuple[int, int]:
    """Return the decades around some numbers.

    >>> span([3.0, 200.0]), span([10.0])
    ((0, 3), (1, 2))
    """
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def place(value: float, decades: tuple[int, int], start: float, end: float) -> float:
    """Return where a number lies between two edges."""
    low, high = decades
    return start + (math.log10(value) - low) / (high - low) * (end - start)


def grid(x_span: tuple[int, int], y_span: tuple[int, int]) -> Iterator[str]:
    """Yield a thin line and a label at each decade."""
    for decade in range(x_span[0], x_span[1] + 1):
        x = place(10.0**decade, x_span, LEFT, WIDTH - RIGHT)
        yield f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>'
        yield text(x, HEIGHT - BOTTOM + 15, short(10.0**decade), "middle")
    for decade in range(y_span[0], y_span[1] + 1):
        y = place(10.0**decade, y_span, HEIGHT - BOTTOM, TOP)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        yield text(LEFT - 6, y + 4, short(10.0**decade), "end")


def curves(lines: Mapping[str, Line], x_span: tuple[int, int], y_span: tuple[int, int]) -> Iterator[str]:
    """Yield each line with its dots and its name at the right."""
    for number, (name, line) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        dots = [
            (place(x, x_span, LEFT, WIDTH - RIGHT), place(y, y_span, HEIGHT - BOTTOM, TOP)) for x, y in sorted(line)
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in dots)
        yield text(WIDTH - RIGHT + 10, TOP + 14 + 16 * number, name, "start", f' style="fill:{colour}"')


def text(x: float, y: float, words: str, anchor: str, more: str = "") -> str:
    """Return a label."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'


def short(value: float) -> str:
    """Return a power of ten as one reads it.

    >>> short(1000.0), short(0.001), short(1e6)
    ('1,000', '0.001', '1e6')
    """
    if 1e-3 <= value < 1.0:
        return f"{value:g}"
    return f"{value:,.0f}" if 1.0 <= value < 1e6 else f"1e{round(math.log10(value))}"
