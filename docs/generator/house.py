"""The picture of the kernel's rooms, made from its imports: `make reference` writes it anew.

The rows are the layers of the import contract; an arrow leads from a room to one that it imports.  An arrow that
follows from others (a to b and b to c say a to c) is left out, so that the picture can be read.
"""

from __future__ import annotations

import sys
import tomllib
from itertools import permutations
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import grimp

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs/images/house.svg"
PACKAGE = "tradewright"

WIDTH, ROW, BOX_WIDTH, BOX_HEIGHT = 760, 92, 112, 38
_STYLE = """\
  text { font: 600 14px ui-monospace, Menlo, Consolas, monospace; fill: #1f2933; text-anchor: middle; }
  text.count { font: 11px system-ui, sans-serif; fill: #52606d; }
  rect { fill: #f5f7fa; stroke: #7b8794; rx: 6; }
  path { fill: none; stroke: #9aa5b1; stroke-width: 1.2; marker-end: url(#head); }"""

_HEAD = """\
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0 8 4 0 8z" style="fill:#9aa5b1;stroke:none;marker-end:none"/></marker></defs>"""


class House(NamedTuple):
    """The kernel's rooms: its folders, and its modules that lie in none.

    Attributes:
        rows: Names from top to bottom, as the layers of the import contract have them.
        modules: How many each holds.
        arrows: Who imports whom.
    """

    rows: tuple[tuple[str, ...], ...]
    modules: dict[str, int]
    arrows: frozenset[tuple[str, str]]


def house() -> House:
    """Read the layers from pyproject.toml and the imports from the code; types alone are no import."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=True, cache_dir=None)
    rooms = {name: name.split(".")[1] for name in graph.modules if name != PACKAGE}
    modules = {room: list(rooms.values()).count(room) for room in rooms.values()}
    arrows = {
        (rooms[name], rooms[other])
        for name in rooms
        for other in graph.find_modules_directly_imported_by(name)
        if other in rooms and rooms[name] != rooms[other]
    }
    layers = ([name.strip(" ()") for name in layer.split("|")] for layer in contract["layers"])
    rows = tuple(row for layer in layers if (row := tuple(name for name in layer if name in modules)))
    return House(rows, modules, frozenset(arrows))


def told(arrows: frozenset[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the arrows that do not follow from others, in order.

    >>> told(frozenset({("a", "b"), ("b", "c"), ("a", "c")}))
    [('a', 'b'), ('b', 'c')]
    """
    return sorted(arrow for arrow in arrows if arrow[1] not in _reached(arrow[0], arrows - {arrow}))


def _reached(start: str, arrows: frozenset[tuple[str, str]]) -> set[str]:
    found: set[str] = set()
    ahead = {start}
    while ahead:
        ahead = {other for one, other in arrows if one in ahead} - found
        found |= ahead
    return found


def drawn(found: House) -> str:
    """Return the picture as SVG."""
    shown = told(found.arrows)
    places = _places(found, shown)
    height = ROW * len(found.rows) - (ROW - 2 * BOX_HEIGHT) + 8
    boxes = [_box(room, *place, found.modules[room]) for room, place in places.items()]
    label = f"The {len(places)} rooms of the kernel on {len(found.rows)} floors; each imports only rooms below it."
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">',
        f"<style>\n{_STYLE}\n</style>",
        _HEAD,
        *(_arrow(*places[one], *places[other]) for one, other in shown),
        *boxes,
        "</svg>\n",
    ])  # fmt: skip


def _places(found: House, arrows: list[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """Return the centre of each box; on a floor the rooms stand in the order that makes their arrows shortest."""
    places: dict[str, tuple[float, float]] = {}
    for number, row in enumerate(found.rows):
        spots = [WIDTH * (i + 1) / (len(row) + 1) for i in range(len(row))]
        above = {room: [places[one][0] for one, other in arrows if other == room] for room in row}
        best = min(
            permutations(row),
            key=lambda order: sum(abs(x - one) for x, room in zip(spots, order, strict=True) for one in above[room]),
        )
        places |= {room: (x, ROW * number + BOX_HEIGHT) for room, x in zip(best, spots, strict=True)}
    return places


def _arrow(x: float, y: float, to_x: float, to_y: float) -> str:
    """Draw from the lower edge of one box to the upper edge of another; a longer way bends around what is between."""
    top, bottom = y + BOX_HEIGHT / 2, to_y - BOX_HEIGHT / 2
    aside = 0.0 if to_y - y == ROW else (BOX_WIDTH * 0.9) * (1 if x + to_x >= WIDTH else -1)
    middle = (x + to_x) / 2 + aside
    bend = "" if not aside else f" {middle:.0f} {(top + bottom) / 2:.0f}"
    return f'<path d="M{x:.0f} {top:.0f} {"Q" if bend else "L"}{bend} {to_x:.0f} {bottom:.0f}"/>'


def _box(room: str, x: float, y: float, modules: int) -> str:
    left, top = x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2
    count = "1 module" if modules == 1 else f"{modules} modules"
    return (
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}"/>'
        f'<text x="{x:.0f}" y="{y - 1:.0f}">{escape(room)}</text>'
        f'<text class="count" x="{x:.0f}" y="{y + 13:.0f}">{count}</text>'
    )


if __name__ == "__main__":
    found = house()
    PICTURE.write_text(drawn(found), "utf-8")
    sys.stdout.write(f"{len(found.modules)} rooms, {len(found.rows)} floors, {len(found.arrows)} arrows\n")
