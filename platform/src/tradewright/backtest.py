"""The sentence over history: prices in, a trace out, with the functions that paper and live call."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright import pipeline
from tradewright.data import feeds
from tradewright.engine.fuse import fuse, is_compiled
from tradewright.engine.run import Trace, simulate
from tradewright.engine.state import table
from tradewright.engine.tape import BOOK, Decisions
from tradewright.engine.tape import Settings as EngineSettings
from tradewright.errors import DataError, UsageError
from tradewright.risk import rulebook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date
    from pathlib import Path

    from tradewright.config import Settings
    from tradewright.data.feeds import Feed
    from tradewright.engine.fuse import FusedRules
    from tradewright.engine.run import Answer
    from tradewright.plugins import Plugins
    from tradewright.risk.contract import OrderCheck, TargetRule
    from tradewright.values.arrays import FloatArray
    from tradewright.values.bars import Bars


@attrs.frozen(kw_only=True)
class Request:
    """What one backtest is asked beyond plugins.toml.

    Attributes:
        first_on: First session traded, None for the first there is; earlier bars still warm signals up.
        last_on: Last session traded, None for the last there is.
        resume_after: Sessions after which a simulated person lifts a latched halt; 0 for never.
        segments: Parts of the history at whose ends the trace notes what the rules had cut.
        ends: Last session of single feeds, instead of `last_on`: a source may have grown since a saved run.
    """

    first_on: date | None = None
    last_on: date | None = None
    resume_after: int = 0
    segments: int = 1
    ends: Mapping[str, date] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Backtest:
    """Everything that a report is made from.

    Attributes:
        settings: The configuration that ran.
        request: What was asked.
        feeds: What each feed brought.
        bars: All prices on one grid, warm-up included.
        start: First bar that was traded.
        sessions_per_year: How many sessions of the grid a year has, by convention.
        books: Name of each book, in the order of the trace's rows.
        targets: What each strategy wanted, by name.
        decisions: The same as the engine read it, with the answers of optimizers that were asked in turn.
        rules: Names and rules in the order of their numbers.
        checks: Names and order checks; their numbers follow.
        interpreted: Rules that could not be compiled, with the reason.
        engine: Hash of the compiled engine, rules and checks.
        trace: What happened.
        warnings: What a reader must know, most important first.
        seconds: Time of each stage.
    """

    settings: Settings
    request: Request
    feeds: tuple[Feed, ...]
    bars: Bars
    start: int
    sessions_per_year: int
    books: tuple[str, ...]
    targets: dict[str, pipeline.Targets]
    decisions: Decisions
    rules: tuple[tuple[str, TargetRule], ...]
    checks: tuple[tuple[str, OrderCheck], ...]
    interpreted: dict[str, str]
    engine: str
    trace: Trace
    warnings: tuple[str, ...]
    seconds: dict[str, float]


def run(
    settings: Settings,
    plugins: Plugins,
    request: Request,
    cache: Path,
    progress: Callable[[str, int, int], None] | None = None,
) -> Backtest:
    """Trade the configured strategies over their history.

    Args:
        settings: The configuration.
        plugins: What it may use.
        request: Range and simulated person.
        cache: Folder for compiled rules.
        progress: Called with the stage, what is done and what there is to do.

    Raises:
        ConfigError: The file asks for what cannot be.
        DataError: Prices are missing or impossible.
        PluginError: No signal is left, or a configured part broke.
        UsageError: The range asked for holds no bar.
    """
    watch = _Watch(progress)
    strategies = [pipeline.build(settings, plugins, name) for name in settings.strategies]
    rules, checks = rulebook.rules(settings, plugins), rulebook.checks(settings, plugins)
    with watch("data"):
        loaded = feeds.load(settings, plugins, request.last_on, request.ends)
        bars = feeds.grid(loaded, request.last_on)
        start = first_bar(bars, request.first_on)
        per_year = feeds.sessions_per_year(settings, loaded)
    with watch("signals"):
        wanted = {one.name: pipeline.targets(one, bars.only(one.symbols)) for one in strategies}
    with watch("rules"):
        fused = fuse(rules, cache, checks)
    made = decisions(strategies, wanted, bars)
    known = is_compiled(fused, cache, len(strategies), bars.n_assets)
    with watch("engine" if known else "compile"), placed(settings):
        trace = simulate(
            bars,
            made,
            engine_settings(settings, bars, fused, per_year, request.resume_after),
            fused,
            granted(settings),
            start,
            answers(strategies, wanted, bars),
            watch.counter("engine", bars.n_bars),
            request.segments,
        )
    return Backtest(
        settings=settings,
        request=request,
        feeds=loaded,
        bars=bars,
        start=start,
        sessions_per_year=per_year,
        books=tuple(settings.strategies),
        targets=wanted,
        decisions=made,
        rules=fused.rules,
        checks=fused.checks,
        interpreted=fused.interpreted,
        engine=fused.key,
        trace=trace,
        warnings=(*warnings(loaded, wanted, fused), *feeds.overlaps(loaded, bars)),
        seconds=watch.seconds,
    )


@contextmanager
def placed(settings: Settings) -> Iterator[None]:
    """Give an error about a rule, which knows its key but not the file, its place there."""
    try:
        yield
    except DataError as error:
        if error.file is None and error.key is not None and error.key.startswith(("risk.", "checks.")):
            raise settings.place(error, error.key) from error
        raise


def first_bar(bars: Bars, first_on: date | None) -> int:
    """Return the first bar of the first session on or after `first_on`."""
    if bars.n_bars == 0:
        raise DataError("the feeds brought no bar", fix="check the symbols and the range of each [data.NAME]")
    start = 0 if first_on is None else int(np.searchsorted(bars.session, np.datetime64(first_on)))
    if start >= bars.n_bars:
        raise UsageError(
            f"empty range: the prices end on {bars.session[-1]}, before {first_on}",
            key="--from",
            fix=f"ask for a day up to {bars.session[-1]}",
        )
    return start


def decisions(strategies: list[pipeline.Strategy], wanted: dict[str, pipeline.Targets], bars: Bars) -> Decisions:
    """Lay out every strategy's targets as the engine reads them."""
    target = np.zeros((bars.n_bars, len(strategies), bars.n_assets))
    made = np.zeros((bars.n_bars, len(strategies)), bool)
    asked = np.zeros_like(made)
    for book, strategy in enumerate(strategies):
        targets = wanted[strategy.name]
        target[:, book, bars.columns(strategy.symbols)] = targets.weights
        made[:, book] = targets.decided
        asked[:, book] = targets.decided & (targets.in_turn is not None)
    return Decisions(target, made, asked)


def answers(strategies: list[pipeline.Strategy], wanted: dict[str, pipeline.Targets], bars: Bars) -> Answer:
    """Return who answers the engine when a book is asked what it wants, given what it holds."""
    in_turn = [wanted[strategy.name].in_turn for strategy in strategies]
    traded = [bars.columns(strategy.symbols) for strategy in strategies]

    def answer(bar: int, book: int, held: FloatArray) -> FloatArray:
        target, asked = np.zeros(bars.n_assets), in_turn[book]
        if asked is not None:
            target[traded[book]] = asked.ask(bar, held[traded[book]])
        return target

    return answer


def granted(settings: Settings) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return each book's share of the starting capital, `(n_books,)`."""
    shares = [strategy.capital_share for strategy in settings.strategies.values()]
    return settings.capital.start * np.array(shares, dtype=np.float64)


def engine_settings(
    settings: Settings, bars: Bars, fused: FusedRules, sessions_per_year: int, resume_after: int
) -> EngineSettings:
    """Return the file's numbers as the engine reads them."""
    costs, execution, capital = settings.costs, settings.execution, settings.capital
    strategies = settings.strategies.values()
    # Strategies may leave part of the capital to others; the steps are then that much smaller.
    shared = sum(one.capital_share for one in strategies)
    books = table(
        (len(strategies),),
        BOOK,
        share=[one.capital_share / shared for one in strategies],
        no_trade_band=[one.no_trade_band for one in strategies],
    )
    return EngineSettings(
        at_close=execution.fill == "next-close" or bars.open is None,
        has_volume=bars.volume is not None,
        has_actions=bars.split is not None,
        whole=execution.units == "whole",
        in_units=False,
        limit_offset=execution.limit_offset if execution.order == "limit" else math.nan,
        participation=execution.participation,
        half_spread_and_slippage=(costs.spread_bps / 2.0 + costs.slippage_bps) / 10_000.0,
        commission_per_share=costs.commission_per_share,
        commission_rate=costs.commission_rate,
        commission_min=costs.commission_min,
        cash_rate=costs.cash_rate,
        borrow_rate=costs.borrow_rate,
        capital_total=capital.total * shared,
        capital_step=capital.step * shared,
        capital_step_return=capital.step_return,
        evidence_ok=True,
        resume_after=resume_after,
        sessions_per_year=float(sessions_per_year),
        latched=np.array([rule.latched for _, rule in fused.rules if rule.phase == "book"], dtype=bool),
        books=books,
    )


def warnings(loaded: tuple[Feed, ...], wanted: dict[str, pipeline.Targets], fused: FusedRules) -> list[str]:
    """Return what weakens the result, most important first."""
    lines = [
        f"{name}: {signal} has no vote: {why}" for name, t in wanted.items() for signal, why in t.missing.items()
    ]
    for name, targets in wanted.items():
        if targets.strikes:
            first = targets.strikes[0]
            lines.append(
                f"{name}: {first.component} was replaced {len(targets.strikes)} times, first: {first.reason}"
            )
    lines += [f"{rule} runs interpreted, hundreds of times slower: {why}" for rule, why in fused.interpreted.items()]
    lines += [f"{feed.name}: {line}" for feed in loaded for line in feed.warnings]
    return lines


class _Watch:
    """Times the stages and tells whoever watches."""

    def __init__(self, progress: Callable[[str, int, int], None] | None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._stage, self._began = "", 0.0

    def __call__(self, stage: str) -> _Watch:
        self._stage = stage
        return self

    def __enter__(self) -> None:
        if self._progress is not None:
            self._progress(self._stage, 0, 1)
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        # Compiling happens within the first bars, so its time cannot be told from the engine's.
        self.seconds["engine" if self._stage == "compile" else self._stage] = time.perf_counter() - self._began

    def counter(self, stage: str, total: int) -> Callable[[int], None] | None:
        """Return a function that reports bars done, or None when nobody watches."""
        if self._progress is None:
            return None
        progress = self._progress
        return lambda done: progress(stage, done, total)
