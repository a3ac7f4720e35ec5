"""Put the causality gate's questions to what the settings name, on the prices that a backtest would show it."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

import attrs

from tradewright.data import feeds
from tradewright.errors import UsageError
from tradewright.host.isolation import Children
from tradewright.sentence.candidates import asks, candidate, choice, contents, rule_of
from tradewright.sentence.strategies import home_of, make_signal, symbols
from tradewright.signals.causality import CUTS_EACH, check
from tradewright.signals.features import check_features
from tradewright.values.history import History

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from tradewright.config import Settings
    from tradewright.data.feeds import Feed
    from tradewright.host.components import Signal
    from tradewright.host.plugins import Plugins
    from tradewright.risk.contract import OrderCheck, TargetRule
    from tradewright.sentence.candidates import Part
    from tradewright.signals.causality import Verdict
    from tradewright.signals.passes import Candidate
    from tradewright.values.bars import Bars


@attrs.frozen(kw_only=True)
class Checked:
    """One part, and what the gate says of it.

    Attributes:
        part: What was asked.
        candidate: What a pass is valid for.
        bars: The history, as it was shown.
        fingerprints: Of the feeds behind it, by name.
        verdict: What was found.
    """

    part: Part
    candidate: Candidate
    bars: Bars
    fingerprints: dict[str, str]
    verdict: Verdict


def ask(
    settings: Settings,
    plugins: Plugins,
    parts: Sequence[Part],
    each: int | None,
    seed: int | None,
    progress: Callable[[str, int, int], None] | None,
) -> list[Checked]:
    """Ask each part.

    Args:
        settings: The configuration.
        plugins: What it may use.
        parts: Whom to ask.
        each: Cuts of each kind, None for the usual number.
        seed: Chooses the cuts, None for that of the settings.
        progress: Called with the stage, what is done and what there is to do.

    Raises:
        ConfigError: A part or an option is unknown.
        DataError: Prices are missing, impossible or too few.
        PluginError: A part broke, or answers equal questions differently.
        UsageError: A rule asks for no features, so that there is nothing to ask.
    """
    hashes, loaded = contents(plugins), _Loaded(settings, plugins)
    found = []
    for part in parts:
        told = None if progress is None else partial(progress, f"asking {part.name} with other futures")
        few = {"each": each or CUTS_EACH, "seed": settings.seed if seed is None else seed}
        if part.strategy is None:
            used = loaded(settings.data)
            bars, rule = feeds.grid(settings, used), _asking_rule(settings, plugins, part)
            verdict = check_features(part.name, rule, bars, progress=told, **few)
        else:
            used = loaded(settings.strategies[part.strategy].data)
            bars = feeds.grid(settings, used).only(symbols(settings, part.strategy)).adjusted()
            with _unasked(settings, plugins, part) as make:
                verdict = check(part.name, make, History(bars), progress=told, **few)
        found.append(
            Checked(
                part=part,
                candidate=candidate(settings, plugins, part, hashes),
                bars=bars,
                fingerprints={feed.name: feed.fingerprint for feed in used},
                verdict=verdict,
            )
        )
    return found


def _asking_rule(settings: Settings, plugins: Plugins, part: Part) -> TargetRule | OrderCheck:
    rule = rule_of(settings, plugins, part)
    if not asks(rule):
        message = f"{part.title} asks for no features: it sees no prices, and there is nothing to check"
        raise UsageError(message, key="NAME", fix="leave it out")
    return rule


class _Loaded:
    """Feeds, each read once."""

    def __init__(self, settings: Settings, plugins: Plugins) -> None:
        self._settings, self._plugins = settings, plugins
        self._known: dict[str, Feed] = {}

    def __call__(self, names: Collection[str]) -> tuple[Feed, ...]:
        for name in names:
            if name not in self._known:
                self._known[name] = feeds.load_feed(self._settings, self._plugins, name, None)
        return tuple(self._known[name] for name in names)


@contextmanager
def _unasked(settings: Settings, plugins: Plugins, part: Part) -> Iterator[Callable[[], Signal]]:
    """Yield what makes a signal that has seen nothing yet: in a process of its own, which ends the one before.

    The kernel's own are the kernel, and remember nothing.
    """
    assert part.strategy is not None  # noqa: S101  # a signal
    chosen = choice(settings, plugins, part)
    if chosen.owner.builtin:
        yield partial(make_signal, settings, plugins, part.strategy, part.name)
        return
    home = home_of(chosen, plugins)
    seconds = settings.strategies[part.strategy].deadline
    with ExitStack() as alive:

        def make() -> Signal:
            alive.close()
            started: Signal = alive.enter_context(Children()).start(home, seconds)  # type: ignore[assignment]  # of that kind
            return started

        yield make
