"""The sentence over history: prices in, a trace out, with the functions that paper and live call."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import attrs

from tradewright.data import market
from tradewright.engine.fuse import is_compiled
from tradewright.engine.run import simulate
from tradewright.host.isolation import Children
from tradewright.sentence.doubts import place_errors, warnings
from tradewright.sentence.parts import Sentence
from tradewright.sentence.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path

    from tradewright.config import Settings
    from tradewright.data.market import Market
    from tradewright.host.plugins import Plugins
    from tradewright.sentence.parts import Wanted


@attrs.frozen(kw_only=True)
class Request:
    """What one backtest is asked beyond plugins.toml.

    Attributes:
        first_on: First session traded, None for the first there is; earlier bars still warm signals up.
        last_on: Last session traded, None for the last there is.
        resume_after: Sessions after which a simulated person lifts a latched halt; 0 for never.
        segments: Parts of the history at whose ends the trace notes what the rules had cut.
        ends: Last session of single feeds, instead of `last_on`: a source may have grown since a saved run.
        without_limits: Whether to play the file a second time, without risk rules and the checks that a file can set.
    """

    first_on: date | None = None
    last_on: date | None = None
    resume_after: int = 0
    segments: int = 1
    ends: Mapping[str, date] = attrs.field(factory=dict)
    without_limits: bool = False


@attrs.frozen(kw_only=True)
class Backtest(Record):
    """A run over history: a record, and what played it.

    Attributes:
        request: What was asked.
        interpreted: Rules that could not be compiled, with the reason.
        engine: Hash of the compiled engine, rules and checks.
    """

    request: Request
    interpreted: dict[str, str]
    engine: str


def run(
    settings: Settings,
    plugins: Plugins,
    request: Request,
    cache: Path | None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Backtest:
    """Trade the configured strategies over their history.

    Args:
        settings: The configuration.
        plugins: What it may use.
        request: Range and simulated person.
        cache: Folder for compiled rules, the user's own; None for a temporary one.
        progress: Called with the stage, what is done and what there is to do.

    Raises:
        ConfigError: The file asks for what cannot be.
        DataError: Prices are missing or impossible.
        PluginError: No signal is left, or a configured part broke.
        SafetyError: Somebody else can write into the cache.
        UsageError: The range asked for holds no bar.
    """
    watch = _Watch(progress)
    with Children() as children:
        sentence = Sentence.build(settings, plugins, children)
        with watch("data"):
            traded = market.load(settings, plugins, request.last_on, request.ends)
            start = traded.first_bar(request.first_on, request.last_on)
        with watch("signals"):
            wanted = sentence.want(traded.bars)
        governed = _play(sentence, traded, wanted, request, start, cache, watch)
        if not request.without_limits:
            return governed
        again = _Watch(progress)
        free = sentence.without_limits()
        unlimited = _play(free, traded, free.afresh(wanted), request, start, cache, again)
    return attrs.evolve(
        governed,
        # What holds of both plays is said once.
        unlimited=attrs.evolve(
            unlimited, warnings=tuple(line for line in unlimited.warnings if line not in governed.warnings)
        ),
        seconds={**governed.seconds, "without_limits": sum(again.seconds.values())},
    )


def _play(
    sentence: Sentence,
    traded: Market,
    wanted: Wanted,
    request: Request,
    start: int,
    cache: Path | None,
    watch: _Watch,
) -> Backtest:
    """Trade what the strategies want, as far as the sentence's rules and checks allow."""
    settings, bars = sentence.settings, traded.bars
    with watch("rules"):
        fused = sentence.fuse(cache)
    known = is_compiled(fused, cache, len(sentence.books), bars.n_assets)
    with watch("engine" if known else "compile"), place_errors(settings):
        trace = simulate(
            bars,
            wanted.decisions,
            sentence.engine_settings(bars, fused, traded.sessions_per_year, request.resume_after),
            fused,
            sentence.capital,
            start,
            wanted.answer,
            watch.counter("engine", bars.n_bars),
            request.segments,
        )
    return Backtest(
        settings=settings,
        request=request,
        feeds=traded.all_feeds,
        bars=bars,
        start=start,
        sessions_per_year=traded.sessions_per_year,
        books=tuple(settings.strategies),
        targets=wanted.targets,
        decisions=wanted.decisions,
        rules=fused.rules,
        checks=fused.checks,
        interpreted=fused.interpreted,
        engine=fused.key,
        trace=trace,
        warnings=tuple(warnings(sentence, traded, wanted, start, fused)),
        seconds=watch.seconds,
    )


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
