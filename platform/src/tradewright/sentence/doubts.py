"""What a reader of a result must know of it: votes lost, answers replaced, prices seen before, rules not compiled."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tradewright.errors import DataError
from tradewright.optimize.solve import BREACHES_MAX
from tradewright.signals.passes import NO_VOTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.config import Settings
    from tradewright.data.market import Market
    from tradewright.engine.fuse import FusedRules
    from tradewright.host.plugins import Plugins
    from tradewright.sentence.parts import Sentence, Wanted
    from tradewright.sentence.pipeline import Targets
    from tradewright.values.bars import Bars


def warnings(sentence: Sentence, traded: Market, wanted: Wanted, start: int, fused: FusedRules) -> Iterator[str]:
    """Yield everything of a play that is to be known beside its figures, most important first."""
    yield from find_doubts(sentence.plugins, wanted.targets, traded.bars, start)
    for rule, why in fused.interpreted.items():
        yield f"{rule} runs interpreted, hundreds of times slower: {why}"
    yield from traded.warnings()


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


@contextmanager
def place_errors(settings: Settings) -> Iterator[None]:
    """Give an error about a rule, which knows its key but not the file, its place there."""
    try:
        yield
    except DataError as error:
        if error.file is None and error.key is not None and error.key.startswith(("risk.", "checks.")):
            raise settings.place(error, error.key) from error
        raise
