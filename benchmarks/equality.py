"""Compare the engine's equity with two peers': the same prices, fixed share orders, one proportional fee, no rules.

`make bench-equality` runs it.  Each peer works in an environment of its own, below its folder in `peers/`; prices,
orders and answers travel in .npz files, so no peer needs anything of ours, and we nothing of theirs.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import market
import numpy as np
import ours
from peers import PeerError, call, environment
from tradewright.engine.fuse import fuse
from tradewright.engine.run import simulate
from tradewright.engine.tape import Decisions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.values.arrays import FloatArray

TOLERANCE = 1e-9  # Relative to max(1, |x|), on every bar of the equity curve.
CHECK_FAILED = 9  # The exit code of every check of this project that fails.
SEED = 7
CAPITAL = 1_000_000.0  # Enough for every order: what happens when cash is short differs from peer to peer.
FEE = 0.001  # Fraction of each fill's value.
POSITION_MAX = 100  # Units.
HERE = Path(__file__).parent
LINE = "{:<10} {:<14} {:>6} {:>6} {:>16} {:>16} {:>12}"


class Case(NamedTuple):
    """Prices and, for each bar, the position that is wanted after the next open."""

    name: str
    open: FloatArray
    close: FloatArray
    position: FloatArray


class Equity(NamedTuple):
    """What a run comes to: the curve at each close and the number of fills."""

    curve: FloatArray
    fills: int


PEERS = {
    "vectorbt": ("free", "rounds"),
    "raptorbt": ("rounds",),  # Version 0.13.4 refuses to add to an open position.
}


def main() -> None:
    """Print the table; exit with CHECK_FAILED when an equity differs or a peer does not answer."""
    try:
        sys.exit(compare())
    except PeerError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(CHECK_FAILED)


def compare() -> int:
    """Print the table and return the exit code."""
    cases = list(make_cases())
    ours = {case.name: run_engine(case) for case in cases}
    click.echo(LINE.format("peer", "case", "bars", "fills", "our equity", "their equity", "difference"))
    failed = False
    for peer, kinds in PEERS.items():
        chosen = [case for case in cases if case.name.endswith(kinds)]
        for name, theirs in ask(peer, chosen).items():
            difference = largest_difference(ours[name], theirs)
            # Written so that NaN fails.
            same = difference <= TOLERANCE
            failed = failed or not same
            ends = [f"{run.curve[-1]:.6f}" for run in (ours[name], theirs)]
            line = LINE.format(peer, name, len(theirs.curve), theirs.fills, *ends, f"{difference:.1e}")
            click.echo(line if same else f"{line}  DIFFERS")
    return CHECK_FAILED if failed else 0


def make_cases() -> Iterator[Case]:
    """Yield a seeded random walk and, where arch is installed, the S&P 500; each with two schedules of orders."""
    random = np.random.default_rng(SEED)
    series = {"walk": random_walk(random, 2_520)}
    index = sp500()
    if index is not None:
        series["sp500"] = index
    for name, (opening, close) in series.items():
        yield Case(f"{name}-free", opening, close, free_positions(random, len(close)))
        yield Case(f"{name}-rounds", opening, close, round_trips(random, len(close)))


def random_walk(random: np.random.Generator, n_bars: int) -> tuple[FloatArray, FloatArray]:
    """Return opens and closes, `(n_bars,)` each, with gaps between them."""
    close = 100.0 * np.exp(np.cumsum(random.normal(0.0002, 0.01, n_bars)))
    return close * np.exp(random.normal(0.0, 0.004, n_bars)), close


def sp500() -> tuple[FloatArray, FloatArray] | None:
    """Return the daily opens and closes that arch ships, None without arch."""
    try:
        from arch.data import sp500 as data  # noqa: PLC0415  # an optional package
    except ImportError:
        click.echo("arch is not installed: the S&P 500 is left out", err=True)
        return None
    frame = data.load()
    return frame["Open"].to_numpy(float), frame["Close"].to_numpy(float)


def free_positions(random: np.random.Generator, n_bars: int) -> FloatArray:
    """Return positions that grow, shrink and change side, passing through 0 since no order crosses it."""
    position = np.zeros(n_bars)
    for bar in range(1, n_bars):
        position[bar] = position[bar - 1]
        if random.random() < 0.25:
            wanted = float(random.integers(-POSITION_MAX, POSITION_MAX + 1))
            position[bar] = 0.0 if wanted * position[bar] < 0.0 else wanted
    return position


def round_trips(random: np.random.Generator, n_bars: int) -> FloatArray:
    """Return positions of either side that are opened at once and closed in parts."""
    position = np.zeros(n_bars)
    for bar in range(1, n_bars):
        held = position[bar] = position[bar - 1]
        if random.random() < 0.25 and held == 0.0:
            position[bar] = float(random.integers(-POSITION_MAX, POSITION_MAX + 1))
        elif random.random() < 0.25:
            position[bar] = np.copysign(random.integers(0, int(abs(held))), held) if held else 0.0
    return position


def run_engine(case: Case) -> Equity:
    """Return our equity."""
    session = np.arange(len(case.close))
    arrays = {
        "open": case.open,
        "high": np.maximum(case.open, case.close),
        "low": np.minimum(case.open, case.close),
        "close": case.close,
        "session": session,
        **market.clock(session.astype("datetime64[D]").astype("datetime64[ns]")),
    }
    made = np.ones((len(case.close), 1), dtype=bool)
    wanted = Decisions(case.position[:, None, None], made, np.zeros_like(made))
    settings = ours.settings([], in_units=True, commission_rate=FEE)
    trace = simulate(ours.bars_of(arrays), wanted, settings, fuse([], ours.CACHE), np.array([CAPITAL]))
    return Equity(trace.equity[:, 0], len(trace.fills))


def ask(peer: str, cases: list[Case]) -> dict[str, Equity]:
    """Return a peer's equity of each case, by name."""
    python = environment(peer)
    arrays = {f"{case.name}/{key}": value for case in cases for key, value in case._asdict().items() if key != "name"}
    for case in cases:
        arrays[f"{case.name}/capital"], arrays[f"{case.name}/fee"] = np.array(CAPITAL), np.array(FEE)
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "cases.npz"), Path(folder, "equity.npz")
        np.savez(source, **arrays)
        call(str(python), str(HERE / "peers" / peer / "replay.py"), str(source), str(result))
        with np.load(result) as answers:
            return {
                case.name: Equity(answers[f"{case.name}/equity"], int(answers[f"{case.name}/fills"]))
                for case in cases
            }


def largest_difference(ours: Equity, theirs: Equity) -> float:
    """Return the largest difference of the two curves relative to max(1, |x|), infinite when they do not match."""
    if ours.curve.shape != theirs.curve.shape or ours.fills != theirs.fills:
        return float("inf")
    return float(np.max(np.abs(ours.curve - theirs.curve) / np.maximum(1.0, np.abs(theirs.curve))))


if __name__ == "__main__":
    main()
