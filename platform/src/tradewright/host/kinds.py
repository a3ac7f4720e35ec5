"""The kinds of component, in the order of the sentence: one table, which everything else reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from tradewright.host.components import (
    ClosingExecutor,
    DataSource,
    DataSourceSpec,
    Executor,
    ExecutorSpec,
    FittedSignal,
    Optimizer,
    OptimizerSpec,
    OrderCheckSpec,
    RowOptimizer,
    Signal,
    SignalSpec,
    TargetRuleSpec,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.host.components import Spec


@attrs.frozen(kw_only=True)
class Kind:
    """What is true of every component of one kind.

    Attributes:
        word: In messages and tables, such as `data-source`.
        hook: The hook that yields its specs.
        spec: What the hook yields.
        protocols: What the factory returns: the protocol it must fit, then those that are optional.  None for rules
            and checks, which are values of `tradewright.risk.contract`, a floor above this room.
        place: How plugins.toml names one, `{}` for its word.
    """

    word: str
    hook: str
    spec: type[Spec]
    protocols: tuple[type[Any], ...] = ()
    place: str

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names that the protocols declare as attributes, the optional ones included."""
        return tuple(name for name, value in self._declared() if isinstance(value, property))

    @property
    def methods(self) -> tuple[str, ...]:
        """Names that the protocols declare as methods, likewise."""
        return tuple(name for name, value in self._declared() if callable(value))

    def _declared(self) -> Iterator[tuple[str, Any]]:
        for protocol in self.protocols:
            yield from ((name, value) for name, value in vars(protocol).items() if not name.startswith("_"))


KINDS = {
    kind.word: kind
    for kind in (
        Kind(
            word="data-source",
            hook="tradewright_data_sources",
            spec=DataSourceSpec,
            protocols=(DataSource,),
            place='[data.NAME] with source = "{}"',
        ),
        Kind(
            word="signal",
            hook="tradewright_signals",
            spec=SignalSpec,
            protocols=(Signal, FittedSignal),
            place="[strategies.NAME.signals.{}] with weight = 1.0",
        ),
        Kind(
            word="optimizer",
            hook="tradewright_optimizers",
            spec=OptimizerSpec,
            protocols=(Optimizer, RowOptimizer),
            place='[strategies.NAME] with optimizer = "{}"',
        ),
        Kind(
            word="target-rule",
            hook="tradewright_risk_rules",
            spec=TargetRuleSpec,
            place="[risk] with {} = {{}}",
        ),
        Kind(
            word="order-check",
            hook="tradewright_risk_rules",
            spec=OrderCheckSpec,
            place="[checks] with {} = {{}}",
        ),
        Kind(
            word="executor",
            hook="tradewright_executors",
            spec=ExecutorSpec,
            protocols=(Executor, ClosingExecutor),
            place='[venues.NAME] with executor = "{}"',
        ),
    )
}
"""The kinds by their word."""

HOOKS = {
    hook: tuple(kind.spec for kind in KINDS.values() if kind.hook == hook)
    for hook in dict.fromkeys(kind.hook for kind in KINDS.values())
}
"""The hooks in the order they are called, and the specs that each may yield."""
