"""The sentence, made from the settings once, and said over any rows: backtest and agent both begin here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tradewright.engine.fuse import fuse
from tradewright.risk import requested_halt, rulebook
from tradewright.sentence import strategies
from tradewright.sentence.pipeline import patience_for, targets
from tradewright.sentence.wiring import answers, decisions, divide_capital, engine_settings
from tradewright.signals.evaluate import warmup
from tradewright.values.weights import Breach

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from tradewright.config import Settings
    from tradewright.engine.fuse import FusedRules
    from tradewright.engine.run import Answer
    from tradewright.engine.tape import Decisions
    from tradewright.engine.tape import Settings as EngineSettings
    from tradewright.host.isolation import Children
    from tradewright.host.plugins import Plugins
    from tradewright.risk.contract import OrderCheck, TargetRule
    from tradewright.sentence.pipeline import Targets
    from tradewright.sentence.strategies import Strategy
    from tradewright.values.arrays import FloatArray
    from tradewright.values.bars import Bars

    Rules = tuple[tuple[str, TargetRule], ...]
    Checks = tuple[tuple[str, OrderCheck], ...]


@attrs.frozen(kw_only=True)
class Wanted:
    """What the strategies want on some rows, each row from what was known at its close.

    Attributes:
        bars: The rows.
        targets: By name of the strategy.
        decisions: The same as the engine reads it.
        answer: Whom the engine asks where a book waits for its close.
    """

    bars: Bars
    targets: dict[str, Targets]
    decisions: Decisions
    answer: Answer

    def strikes(self, strategy: str) -> int:
        """Return how many answers of a strategy's optimizer were replaced that is asked in turn."""
        told = self.targets.get(strategy)
        return 0 if told is None or told.in_turn is None else len(told.in_turn.breaches)

    def with_strikes(self, strikes: Mapping[str, int]) -> Wanted:
        """Return the same with optimizers that are asked in turn having been replaced so often, by strategy."""
        for strategy, n in strikes.items():
            in_turn = self.targets[strategy].in_turn
            if in_turn is not None:
                in_turn.breaches[:0] = [Breach(component=in_turn.name, reason="told by a checkpoint")] * n
        return self

    def with_strikes_of(self, before: Wanted) -> Wanted:
        """Return the same with optimizers that are asked in turn remembering how often they were replaced.

        Args:
            before: What the same components wanted some rows ago.
        """
        for name, one in self.targets.items():
            earlier = before.targets[name].in_turn
            if one.in_turn is not None and earlier is not None:
                one.in_turn.breaches[:0], one.in_turn.answers[:0] = earlier.breaches, earlier.answers
        return self


@attrs.frozen(kw_only=True)
class Sentence:
    """A file's components, ready to be asked.

    Attributes:
        settings: The configuration.
        plugins: What it may use.
        books: The strategies' components, in the order of the file.
        rules: Names and rules that the file and the mission ask for.
        checks: Names and order checks, likewise.
        children: Where components live that have processes of their own; None makes all of them here.
    """

    settings: Settings
    plugins: Plugins
    books: tuple[Strategy, ...]
    rules: Rules
    checks: Checks
    children: Children | None

    @classmethod
    def build(cls, settings: Settings, plugins: Plugins, children: Children | None) -> Sentence:
        """Make every component that the settings name; a signal whose plugin is broken is left out and named.

        Raises:
            ConfigError: A component or an option is unknown, or two limits contradict each other.
            PluginError: The plugin of an optimizer, rule or check is not active, or its factory broke.
        """
        return cls(
            settings=settings,
            plugins=plugins,
            books=tuple(strategies.build(settings, plugins, name, children) for name in settings.strategies),
            rules=rulebook.rules(settings, plugins),
            checks=rulebook.checks(settings, plugins),
            children=children,
        )

    def without_limits(self) -> Sentence:
        """Return the same without risk rules, and without the checks that a file can set: for a comparison alone."""
        return attrs.evolve(self, rules=(), checks=rulebook.physics(self.settings, self.plugins))

    def without(self, votes: Mapping[str, Mapping[str, str]], answers: Collection[str] = ()) -> Sentence:
        """Return the same without what was lost: these signals are not asked, nor are these optimizers.

        Args:
            votes: Why, by name of strategy and signal.
            answers: Strategies in which the fallback answers.
        """
        books = (book.without(votes.get(book.name, {}), optimizer=book.name in answers) for book in self.books)
        return attrs.evolve(self, books=tuple(books))

    def on_request(self) -> Sentence:
        """Return the same with the rule that halts when somebody asks, which an agent has and a backtest does not."""
        return attrs.evolve(self, rules=(*self.rules, (requested_halt.NAME, requested_halt.RULE)))

    def want(self, bars: Bars, *, keep_said: bool = False) -> Wanted:
        """Ask signals, and optimizers that answer all rows at once, what each strategy wants.

        Args:
            bars: The rows.
            keep_said: Whether to keep what each signal said of every row.

        Raises:
            PluginError: No signal of a strategy is left.
        """
        told = {book.name: targets(book, bars.only(book.symbols), keep_said=keep_said) for book in self.books}
        return self._wanted(told, bars)

    def warmups(self) -> list[int]:
        """Return how many rows each signal looks back over before it speaks; one that does not say is left out."""
        return [
            rows
            for book in self.books
            for name, signal in book.signals.items()
            if signal is not None and (rows := warmup(name, signal, patience_for(signal, book.deadline))) is not None
        ]

    def afresh(self, wanted: Wanted) -> Wanted:
        """Return the same for another play: what an optimizer that is asked in turn says depends on what is held."""
        told = {
            name: one.afresh(strategies.make_optimizer(self.settings, self.plugins, name, self.children))
            if one.in_turn is not None
            else one
            for name, one in wanted.targets.items()
        }
        return self._wanted(told, wanted.bars)

    def fuse(self, cache: Path | None) -> FusedRules:
        """Return the loop with the rules and checks; `cache` is the user's own folder, None for a temporary one.

        Raises:
            PluginError: A rule writes to what it may only read, or returns the wrong type.
            SafetyError: Somebody else can write into the cache.
        """
        return fuse(self.rules, cache, self.checks)

    def engine_settings(
        self, bars: Bars, fused: FusedRules, sessions_per_year: int, resume_after: int = 0
    ) -> EngineSettings:
        """Return the file's numbers as the engine reads them."""
        return engine_settings(self.settings, bars, fused, sessions_per_year, resume_after)

    @property
    def capital(self) -> FloatArray:
        """Money granted to each book at the start, in currency, `(n_books,)`."""
        return divide_capital(self.settings)

    def _wanted(self, told: dict[str, Targets], bars: Bars) -> Wanted:
        return Wanted(
            bars=bars,
            targets=told,
            decisions=decisions(self.books, told, bars),
            answer=answers(self.books, told, bars),
        )
