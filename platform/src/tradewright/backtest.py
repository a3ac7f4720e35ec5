"""The sentence over history: prices in, a trace out, with the functions that paper and live call."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.data import feeds
from tradewright.engine.fuse import fuse, is_compiled
from tradewright.engine.run import simulate
from tradewright.errors import DataError, UsageError
from tradewright.host.isolation import Children
from tradewright.optimize.solve import BREACHES_MAX
from tradewright.risk import rulebook
from tradewright.sentence import strategies
from tradewright.sentence.pipeline import Targets, targets
from tradewright.sentence.record import Record
from tradewright.sentence.wiring import answers, decisions, divide_capital, engine_settings
from tradewright.signals.passes import NO_VOTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date
    from pathlib import Path

    from tradewright.config import Settings
    from tradewright.data.feeds import Feed
    from tradewright.host.plugins import Plugins
    from tradewright.risk.contract import OrderCheck, TargetRule
    from tradewright.sentence.strategies import Strategy
    from tradewright.values.bars import Bars

    Rules = tuple[tuple[str, TargetRule], ...]
    Checks = tuple[tuple[str, OrderCheck], ...]


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
        ready = _prepare(settings, plugins, request, children, watch)
        governed = _play(ready, ready.rules, ready.checks, cache, watch)
        if not request.without_limits:
            return governed
        again = _Watch(progress)
        unlimited = _play(_afresh(ready, children), (), rulebook.physics(settings, plugins), cache, again)
    return attrs.evolve(
        governed,
        # What holds of both plays is said once.
        unlimited=attrs.evolve(
            unlimited, warnings=tuple(line for line in unlimited.warnings if line not in governed.warnings)
        ),
        seconds={**governed.seconds, "without_limits": sum(again.seconds.values())},
    )


@attrs.frozen(kw_only=True)
class _Prepared:
    """What a run knows before anything is traded.

    Attributes:
        settings: The configuration.
        plugins: What it may use.
        request: Range and simulated person.
        books: The strategies' components.
        rules: Names and rules that the file and the mission ask for.
        checks: Names and order checks, likewise.
        feeds: What each feed brought that a strategy trades.
        beside: That of the benchmark, when no strategy trades it.
        bars: All prices on one grid.
        start: First bar to trade.
        sessions_per_year: How many sessions of the grid a year has.
        targets: What each strategy wants, by name.
    """

    settings: Settings
    plugins: Plugins
    request: Request
    books: list[Strategy]
    rules: Rules
    checks: Checks
    feeds: tuple[Feed, ...]
    beside: tuple[Feed, ...]
    bars: Bars
    start: int
    sessions_per_year: int
    targets: dict[str, Targets]


def _prepare(settings: Settings, plugins: Plugins, request: Request, children: Children, watch: _Watch) -> _Prepared:
    """Make the components, read the prices and ask the signals."""
    books = [strategies.build(settings, plugins, name, children) for name in settings.strategies]
    rules, checks = rulebook.rules(settings, plugins), rulebook.checks(settings, plugins)
    with watch("data"):
        loaded = feeds.load(settings, plugins, request.last_on, request.ends)
        beside = feeds.load_benchmark(settings, plugins, request.last_on, request.ends)
        bars = feeds.grid(settings, loaded, request.last_on)
        start = first_bar(bars, request)
        per_year = feeds.sessions_per_year(settings, loaded)
    with watch("signals"):
        wanted = {book.name: targets(book, bars.only(book.symbols)) for book in books}
    return _Prepared(
        settings=settings,
        plugins=plugins,
        request=request,
        books=books,
        rules=rules,
        checks=checks,
        feeds=loaded,
        beside=beside,
        bars=bars,
        start=start,
        sessions_per_year=per_year,
        targets=wanted,
    )


def _afresh(ready: _Prepared, children: Children) -> _Prepared:
    """Return the same for a second play: what an optimizer that is asked in turn says depends on what is held."""
    optimizers = {
        name: strategies.make_optimizer(ready.settings, ready.plugins, name, children)
        for name, one in ready.targets.items()
        if one.in_turn is not None
    }
    wanted = {
        name: one.afresh(optimizers[name]) if name in optimizers else one for name, one in ready.targets.items()
    }
    return attrs.evolve(ready, targets=wanted)


def _play(ready: _Prepared, rules: Rules, checks: Checks, cache: Path | None, watch: _Watch) -> Backtest:
    """Trade what the strategies want, as far as these rules and checks allow."""
    settings, request, bars, wanted = ready.settings, ready.request, ready.bars, ready.targets
    with watch("rules"):
        fused = fuse(rules, cache, checks)
    made = decisions(ready.books, wanted, bars)
    known = is_compiled(fused, cache, len(ready.books), bars.n_assets)
    with watch("engine" if known else "compile"), place_errors(settings):
        trace = simulate(
            bars,
            made,
            engine_settings(settings, bars, fused, ready.sessions_per_year, request.resume_after),
            fused,
            divide_capital(settings),
            ready.start,
            answers(ready.books, wanted, bars),
            watch.counter("engine", bars.n_bars),
            request.segments,
        )
    return Backtest(
        settings=settings,
        request=request,
        feeds=(*ready.feeds, *ready.beside),
        bars=bars,
        start=ready.start,
        sessions_per_year=ready.sessions_per_year,
        books=tuple(settings.strategies),
        targets=wanted,
        decisions=made,
        rules=fused.rules,
        checks=fused.checks,
        interpreted=fused.interpreted,
        engine=fused.key,
        trace=trace,
        warnings=tuple(_warnings(ready, fused.interpreted)),
        seconds=watch.seconds,
    )


def _warnings(ready: _Prepared, interpreted: dict[str, str]) -> Iterator[str]:
    yield from find_doubts(ready.plugins, ready.targets, ready.bars, ready.start)
    for rule, why in interpreted.items():
        yield f"{rule} runs interpreted, hundreds of times slower: {why}"
    for feed in (*ready.feeds, *ready.beside):
        yield from (f"{feed.name}: {line}" for line in feed.warnings)
    yield from feeds.overlaps(ready.feeds, ready.bars)


@contextmanager
def place_errors(settings: Settings) -> Iterator[None]:
    """Give an error about a rule, which knows its key but not the file, its place there."""
    try:
        yield
    except DataError as error:
        if error.file is None and error.key is not None and error.key.startswith(("risk.", "checks.")):
            raise settings.place(error, error.key) from error
        raise


def first_bar(bars: Bars, request: Request) -> int:
    """Return the first bar of the first session on or after the first day asked for."""
    if bars.n_bars == 0:
        raise DataError("the feeds brought no bar", fix="check the symbols and the range of each [data.NAME]")
    first_on, last_on = request.first_on, request.last_on
    start = 0 if first_on is None else int(np.searchsorted(bars.session, np.datetime64(first_on)))
    if start < bars.n_bars:
        return start
    last = bars.session[-1]
    message = f"the prices end on {last}, before {first_on}"
    if last_on is not None:  # They may go on after it: only those up to then were asked for.
        message = f"no price from {first_on} to {last_on}, the last one before is of {last}"
    raise UsageError(f"empty range: {message}", key="--from", fix=f"ask for a first day up to {last}")


def find_doubts(plugins: Plugins, wanted: dict[str, Targets], bars: Bars, start: int) -> Iterator[str]:
    """Yield what is to be known of the plugins behind a result: votes lost, answers replaced, prices seen before."""
    for name, made in wanted.items():
        for signal, why in made.missing.items():
            yield f"{NO_VOTE}{_of(plugins, 'signal', signal)} of {name}: {why}"
    for name, made in wanted.items():
        if made.breaches:
            first = made.breaches[0]
            times = f"{len(made.breaches)} times" if len(made.breaches) > 1 else "once"
            off = " and then switched off" if len(made.breaches) >= BREACHES_MAX else ""
            when = "" if first.bar is None else f" on {bars.session[first.bar]}"
            who = _of(plugins, "optimizer", first.component)
            yield f"{name}: {who} was replaced {times}{off}, first{when}: {first.reason}"
        for signal, until in made.fitted.items():
            if until >= bars.session[start].item():
                yield f"{name}: {signal} is in-sample up to {until}: its model has seen these prices"


def _of(plugins: Plugins, kind: str, name: str) -> str:
    """Return a component's name and, when it comes from an installed package, which."""
    for record in plugins.records:
        mine = any((spec.kind, spec.name) == (kind, name) for spec in record.components)
        if mine and not record.builtin and record.distribution is not None:
            return f"{name} ({record.distribution} {record.version})"
    return name


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
