"""The picture of one bar, from source to screen: `make reference` draws it anew.

What a backtest alone calls stands on the left, what paper alone calls on the right, and in the middle what both call.
An arrow is a call: the module of a box at its side names what stands in the middle, and a test holds it to that.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs/images/one-bar.svg"

WIDTH, BOX_WIDTH, MARGIN = 720, 216, 14
HEADING, LINE, PADDING, GAP, TOP = 20, 18, 7, 12, 44
LEFT, MIDDLE, RIGHT = MARGIN, (WIDTH - BOX_WIDTH) // 2, WIDTH - MARGIN - BOX_WIDTH
# The panel lies under everything, so that the picture is the same on a light page and on a dark one.
_STYLE = """\
  text { font: 14px ui-monospace, Menlo, Consolas, monospace; fill: #1f2933; text-anchor: middle; }
  text.head { font: 700 15px system-ui, sans-serif; }
  text.step { font: 600 13px system-ui, sans-serif; fill: #3e4c59; text-anchor: start; }
  rect { fill: #f5f7fa; stroke: #7b8794; rx: 6; }
  rect.panel { fill: #ffffff; stroke: #cbd2d9; }
  rect.both { fill: #dceefb; stroke: #2680c2; stroke-width: 1.5; }
  path { fill: none; stroke: #627d98; stroke-width: 1.4; marker-end: url(#head); }"""

_HEAD = """\
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0 8 4 0 8z" style="fill:#627d98;stroke:none;marker-end:none"/></marker></defs>"""

Names = tuple[tuple[str, str], ...]
"""(module of `tradewright`, name there: a function, a class or `Class.method`)."""


class Step(NamedTuple):
    """One step of the way.

    Attributes:
        title: What happens.
        backtest: What a backtest alone calls.
        both: What both call.
        paper: What paper alone calls.
    """

    title: str
    backtest: Names
    both: Names
    paper: Names


STEPS = (
    Step(
        "1  Source: the feeds' history, checked, on one grid",
        (("backtest", "run"),),
        (("data.market", "load"),),
        (("live.paper", "trade"),),
    ),
    Step(
        "2  Prices alone (left: all rows at once; right: at every row, those since an anchor)",
        (("backtest", "run"), ("engine.run", "Simulation")),
        (("sentence.parts", "Sentence.want"), ("engine.run", "lay_out")),
        (("live.outlook", "RowByRow.prepare"),),
    ),
    Step(
        "3  Who leads (left: one compiled loop over all bars; right: one event after the other)",
        (("engine.run", "Simulation.advance"), ("engine.loop", "play_bars")),
        (),
        (("live.playback", "Playback.step"), ("live.core", "Agent.handle")),
    ),
    Step(
        "4  Begin: what is known before the first price",
        (("engine.bar", "begin_bar"),),
        (("engine.transitions", "open_session"), ("engine.actions", "apply_action")),
        (("engine.walk", "Walk.begin"), ("engine.bar", "begin_unseen")),
    ),
    Step(
        "5  Check: an order meets its price",
        (("engine.bar", "fill_orders"), ("engine.matcher", "release")),
        (("engine.matcher", "order_view"), ("engine.rules", "ask_checks")),
        (("execute.gate", "release"), ("engine.walk", "Walk.check"), ("engine.loop", "check")),
    ),
    Step(
        "6  The price of a fill, and how much fills",
        (("engine.matcher", "fill_order"), ("engine.matcher", "fire_stops")),
        (
            ("engine.fills", "price_with_limit"),
            ("engine.fills", "room"),
            ("engine.fills", "price_at_stop"),
            ("engine.fills", "fee_of"),
        ),
        (("execute.venue", "SimulatedVenue.submit"), ("execute.venue", "SimulatedVenue.match")),
    ),
    Step(
        "7  Take: the fill is booked",
        (("engine.matcher", "execute"),),
        (("engine.transitions", "apply_fill"), ("engine.log", "log_fill")),
        (("engine.walk", "Walk.take"), ("engine.bar", "take_fills")),
    ),
    Step(
        "8  Exact sums of the account, rounded once",
        (),
        (),
        (("live.account", "Account.sums"), ("engine.walk", "Walk.settle")),
    ),
    Step(
        "9  Close: marks, capital, curve",
        (("engine.loop", "play_bars"),),
        (("engine.bar", "close_bar"),),
        (("engine.walk", "Walk.close"), ("engine.loop", "close")),
    ),
    Step(
        "10  Decide: rules, stops, the orders of the next bar, which begins at 4",
        (("engine.loop", "play_bars"),),
        (("engine.bar", "decide_bar"),),
        (("engine.walk", "Walk.decide"), ("engine.loop", "decide")),
    ),
    Step(
        "11  Written down, and compared bar by bar",
        (("engine.run", "Simulation.trace"),),
        (("engine.run", "Trace"),),
        (("ledger.store", "MemoryStore.append"), ("live.chronicle", "Chronicle.trace")),
    ),
    Step(
        "12  Screen",
        (("cli.backtest", "backtest"),),
        (("reports.summary", "summarise"), ("cli.page", "echo_report")),
        (("cli.run", "run"),),
    ),
)


def drawn(steps: tuple[Step, ...] = STEPS) -> str:
    """Return the picture as SVG."""
    parts, top = [], TOP
    for step in steps:
        parts.append(f'<text class="step" x="{MARGIN}" y="{top + 14}">{escape(step.title)}</text>')
        height = _height(step)
        middle = top + HEADING + height // 2
        parts += _boxes(step, middle)
        top += HEADING + height + GAP
    label = (
        "One bar from source to screen: what a backtest calls, what paper calls, and in the middle what both call."
    )
    heads = zip((LEFT, MIDDLE, RIGHT), ("backtest", "the same function", "paper"), strict=True)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img" aria-label="{label}">',
        f"<style>\n{_STYLE}\n</style>",
        _HEAD,
        f'<rect class="panel" x="1" y="1" width="{WIDTH - 2}" height="{top - 2}"/>',
        *(f'<text class="head" x="{left + BOX_WIDTH // 2}" y="28">{head}</text>' for left, head in heads),
        *parts,
        "</svg>\n",
    ])  # fmt: skip


def shown(module: str, name: str) -> str:
    """Return how a name is written: with its module, unless its class says as much; a command with its room.

    >>> shown("execute.gate", "release"), shown("engine.walk", "Walk.check"), shown("cli.run", "run")
    ('gate.release', 'Walk.check', 'cli.run.run')
    """
    if name[0].isupper():
        return name
    return f"{module if module.startswith('cli.') else module.rsplit('.', maxsplit=1)[-1]}.{name}"


def _height(step: Step) -> int:
    return LINE * max(map(len, (step.backtest, step.both, step.paper))) + 2 * PADDING


def _boxes(step: Step, middle: int) -> list[str]:
    """Draw the boxes of a step around the height `middle`, and an arrow from each caller."""
    parts = [
        _box(names, left, middle, "both" if left == MIDDLE else "")
        for names, left in ((step.backtest, LEFT), (step.both, MIDDLE), (step.paper, RIGHT))
        if names
    ]
    if step.both:
        parts.append(f'<path d="M{LEFT + BOX_WIDTH} {middle} L{MIDDLE - 2} {middle}"/>')
        parts.append(f'<path d="M{RIGHT} {middle} L{MIDDLE + BOX_WIDTH + 2} {middle}"/>')
    return parts


def _box(names: Names, left: int, middle: int, kind: str) -> str:
    height = LINE * len(names) + 2 * PADDING
    top = middle - height // 2
    lines = "".join(
        f'<text x="{left + BOX_WIDTH // 2}" y="{top + PADDING + LINE * i + 13}">{escape(shown(*one))}</text>'
        for i, one in enumerate(names)
    )
    return f'<rect class="{kind}" x="{left}" y="{top}" width="{BOX_WIDTH}" height="{height}"/>{lines}'


if __name__ == "__main__":
    PICTURE.write_text(drawn(), "utf-8")
    sys.stdout.write(f"one bar in {len(STEPS)} steps\n")
