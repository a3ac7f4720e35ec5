"""Trade a file's own feeds on paper, with the backtest of the same file beside it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import attrs

from tradewright.data import market
from tradewright.engine.run import Simulation
from tradewright.host.isolation import Children
from tradewright.live.parity import Comparison
from tradewright.live.playback import Playback
from tradewright.sentence.doubts import place_errors, warnings
from tradewright.sentence.parts import Sentence
from tradewright.sentence.provenance import versions
from tradewright.sentence.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from tradewright.config import Settings
    from tradewright.data.market import Market
    from tradewright.engine.fuse import FusedRules
    from tradewright.host.plugins import Plugins
    from tradewright.ledger.store import Store
    from tradewright.live.parity import Parity
    from tradewright.sentence.parts import Wanted


@attrs.frozen(kw_only=True)
class Request:
    """What a replay on paper is asked beyond plugins.toml.

    Attributes:
        first_on: First session traded, None for the first there is; earlier bars still warm signals up.
        last_on: Last session traded, None for the last there is.
        ahead: Whether signals are asked once of all rows, instead of at every row.
        rows_per_second: How many rows to play in a second at most; None for as many as can be.
    """

    first_on: date | None = None
    last_on: date | None = None
    ahead: bool = False
    rows_per_second: float | None = None


@attrs.frozen(kw_only=True)
class Paper(Record):
    """A recording that was traded on paper: a record, and how it compares.

    Attributes:
        parity: With the backtest of the same file.
        interpreted: Rules that could not be compiled, with the reason.
        engine: Hash of the compiled engine, rules and checks.
        store: What the agent has written down.
    """

    parity: Parity
    interpreted: dict[str, str]
    engine: str
    store: Store


def trade(
    settings: Settings,
    plugins: Plugins,
    request: Request,
    cache: Path | None,
    progress: Callable[[str, int, int], None] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Paper:
    """Play the configured feeds through the agent, and through the backtest's loop beside it.

    Args:
        settings: The configuration.
        plugins: What it may use.
        request: Range and speed.
        cache: Folder for compiled rules, the user's own; None for a temporary one.
        progress: Called with the stage, what is done and what there is to do.
        pause: Waits for so many seconds.

    Raises:
        ConfigError: The file asks for what cannot be, or two strategies trade one symbol.
        DataError: Prices are missing or impossible.
        PluginError: No signal is left, or a configured part broke.
        SafetyError: Somebody else can write into the cache.
        UsageError: The range asked for holds no bar.
    """
    tell, began = progress or _nobody, time.perf_counter()
    refuse_shared_symbols(settings)
    with Children() as children:
        sentence, traded, start, fused = prepare(settings, plugins, request, children, cache, tell)
        ready = time.perf_counter()
        with place_errors(settings):
            playback = Playback(
                sentence, traded, fused, start, ahead=request.ahead, versions=versions(plugins, fused.key)
            )
            tell("signals", 0, 1)
            wanted = sentence.afresh(sentence.want(traded.bars))  # With optimizers of its own.
            comparison = Comparison(playback, _backtest(sentence, traded, fused, wanted, start))
            parity = _play(comparison, traded.bars.n_bars - start, request, tell, pause)
        seconds = {"data": ready - began, "paper": time.perf_counter() - ready}
        return _paper(sentence, traded, playback, wanted, start, fused, parity=parity, seconds=seconds)


def prepare(
    settings: Settings,
    plugins: Plugins,
    request: Request,
    children: Children,
    cache: Path | None,
    tell: Callable[[str, int, int], None],
) -> tuple[Sentence, Market, int, FusedRules]:
    """Return what a replay on paper plays with: components, recording, first bar and rules; see `trade`."""
    sentence = Sentence.build(settings, plugins, children).on_request()
    tell("data", 0, 1)
    traded = market.load(settings, plugins, request.last_on)
    start = traded.first_bar(request.first_on, request.last_on)
    tell("rules", 0, 1)
    return sentence, traded, start, sentence.fuse(cache)


def _backtest(sentence: Sentence, traded: Market, fused: FusedRules, wanted: Wanted, start: int) -> Simulation:
    """Return the loop of a backtest over the same rows."""
    costs = sentence.engine_settings(traded.bars, fused, traded.sessions_per_year)
    return Simulation(traded.bars, wanted.decisions, costs, fused, sentence.capital, start, wanted.answer)


def _paper(
    sentence: Sentence,
    traded: Market,
    playback: Playback,
    wanted: Wanted,
    start: int,
    fused: FusedRules,
    *,
    parity: Parity,
    seconds: dict[str, float],
) -> Paper:
    """Return what a playback has left as a record."""
    return Paper(
        settings=sentence.settings,
        feeds=traded.all_feeds,
        bars=traded.bars,
        start=start,
        sessions_per_year=traded.sessions_per_year,
        books=tuple(sentence.settings.strategies),
        targets=wanted.targets,
        decisions=wanted.decisions,
        rules=fused.rules,
        checks=fused.checks,
        interpreted=fused.interpreted,
        engine=fused.key,
        trace=playback.chronicle.trace(),
        store=playback.store,
        parity=parity,
        warnings=tuple(warnings(sentence, traded, wanted, start, fused)),
        seconds=seconds,
    )


def _play(
    comparison: Comparison,
    n_rows: int,
    request: Request,
    tell: Callable[[str, int, int], None],
    pause: Callable[[float], None],
) -> Parity:
    every = max(1, n_rows // 200)
    for row in range(n_rows):
        began = time.perf_counter()
        comparison.step()
        if request.rows_per_second is not None:
            pause(max(0.0, 1.0 / request.rows_per_second - (time.perf_counter() - began)))
        if row % every == 0 or row == n_rows - 1:
            tell("paper", row + 1, n_rows)
    return comparison.result()


def refuse_shared_symbols(settings: Settings) -> None:
    """Refuse a file in which two strategies trade one symbol: their orders would meet each other at the venue.

    Raises:
        ConfigError: It names the symbol and both.
    """
    owners: dict[str, str] = {}
    for name, strategy in settings.strategies.items():
        for symbol in (symbol for feed in strategy.data for symbol in settings.data[feed].symbols):
            if owners.setdefault(symbol, name) != name:
                raise settings.error(
                    f"strategies.{name}.data",
                    f"{symbol} is traded by {owners[symbol]} already: on one account their orders would meet each"
                    " other, which only a backtest keeps apart",
                    "give each symbol to one strategy, or run them as two files with an account each",
                )


def _nobody(_: str, __: int, ___: int) -> None:
    """Tell nobody."""
