"""The table of contents of the platform: one registration hook per stage, in the order of the sentence.

A plugin implements the hooks it needs with `@tradewright.hookimpl` and yields specs.  The kernel calls each
hook once per plugin at start-up, in a thread that it waits for at most ten seconds, in the order of
`[plugins] enabled`; afterwards it talks to the components themselves.  An exception, or anything that is not a
spec, quarantines that plugin alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tradewright.host.components import DataSourceSpec, ExecutorSpec, OptimizerSpec, RiskSpec, SignalSpec

PROJECT = "tradewright"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

# ---- history ---------------------------------------------------------------------------------------------


@hookspec
def tradewright_data_sources() -> Iterable[DataSourceSpec]:  # type: ignore[empty-body]  # a spec has no body
    """Register sources of prices.

    Called:
        Once per plugin, at start-up.

    Returns:
        Specs; a plugin without sources leaves the hook out.

    Raises:
        Anything raised quarantines the plugin; the others go on.

    Example:
        >>> import attrs, tradewright as tw
        >>> @attrs.frozen
        ... class Options:
        ...     path: str = "prices.csv"
        >>> class Source:
        ...     def __init__(self, options): self.options = options
        ...     def history(self, request): ...
        >>> @tw.hookimpl
        ... def tradewright_data_sources():
        ...     yield tw.DataSourceSpec(name="mine", factory=Source, config=Options)
        >>> next(tradewright_data_sources()).name
        'mine'

    Since 0.1.
    """


# ---- forecasts -------------------------------------------------------------------------------------------


@hookspec
def tradewright_signals() -> Iterable[SignalSpec]:  # type: ignore[empty-body]  # a spec has no body
    """Register signals.

    Called:
        Once per plugin, at start-up.

    Returns:
        Specs whose factory returns an object with `warmup_bars` and `compute(view) -> Forecast`.

    Raises:
        Anything raised quarantines the plugin; the others go on.

    Example:
        >>> import attrs, numpy as np, tradewright as tw
        >>> @attrs.frozen
        ... class AlwaysLong:
        ...     warmup_bars: int = 0
        ...     def compute(self, view):
        ...         return tw.Forecast(np.ones(view.bars.close.shape), view.bars.traded)
        >>> @tw.hookimpl
        ... def tradewright_signals():
        ...     yield tw.SignalSpec(name="always-long", factory=lambda config: config, config=AlwaysLong)
        >>> [spec.name for spec in tradewright_signals()]
        ['always-long']

    Since 0.1.
    """


# ---- target weights --------------------------------------------------------------------------------------


@hookspec
def tradewright_optimizers() -> Iterable[OptimizerSpec]:  # type: ignore[empty-body]  # a spec has no body
    """Register optimizers.

    Called:
        Once per plugin, at start-up.

    Returns:
        Specs whose factory returns an object with `solve(problem) -> Allocation`.

    Raises:
        Anything raised quarantines the plugin; the others go on.

    Example:
        >>> import attrs, tradewright as tw
        >>> @attrs.frozen
        ... class Cash:
        ...     def solve(self, problem):
        ...         return tw.Allocation(weights=0.0 * problem.forecast)
        >>> @tw.hookimpl
        ... def tradewright_optimizers():
        ...     yield tw.OptimizerSpec(name="cash", factory=lambda config: config, config=Cash)
        >>> [spec.name for spec in tradewright_optimizers()]
        ['cash']

    Since 0.1.
    """


# ---- checked targets, checked orders ---------------------------------------------------------------------


@hookspec
def tradewright_risk_rules() -> Iterable[RiskSpec]:  # type: ignore[empty-body]  # a spec has no body
    """Register target rules and order checks.

    Called:
        Once per plugin, at start-up.

    Returns:
        `TargetRuleSpec` and `OrderCheckSpec` in any mixture; their factories return a `TargetRule` or an
        `OrderCheck`, whose function is compiled into the engine (see `tradewright.risk.contract`).

    Raises:
        Anything raised quarantines the plugin; the others go on.

    Example:
        >>> from typing import NamedTuple
        >>> import attrs, tradewright as tw
        >>> class Parameters(NamedTuple):
        ...     price: float
        >>> def no_pennies(proposal, asset, book, p):
        ...     target = proposal.target if asset.mark >= p.price else 0.0
        ...     return tw.Proposal(target, proposal.stop, proposal.mode)
        >>> @attrs.frozen
        ... class Options:
        ...     price: float = 5.0
        ...     def make(self):
        ...         return tw.TargetRule(phase="asset", function=no_pennies, parameters=Parameters(self.price))
        >>> @tw.hookimpl
        ... def tradewright_risk_rules():
        ...     yield tw.TargetRuleSpec(name="no-pennies", factory=Options.make, config=Options)
        >>> [spec.name for spec in tradewright_risk_rules()]
        ['no-pennies']

    Since 0.1.
    """


# ---- fills -----------------------------------------------------------------------------------------------


@hookspec
def tradewright_executors() -> Iterable[ExecutorSpec]:  # type: ignore[empty-body]  # a spec has no body
    """Register venues.

    Called:
        Once per plugin, at start-up.

    Returns:
        Specs whose factory returns an `Executor`; it runs only when `[execution] executor` names it, or a
        `[venues.NAME]` table of its options, and sends nothing.

    Raises:
        Anything raised quarantines the plugin; the others go on.

    Example:
        >>> import attrs, tradewright as tw
        >>> @attrs.frozen
        ... class Account:
        ...     key: tw.Secret = tw.Secret("env:BROKER_KEY")
        >>> class Broker:
        ...     def __init__(self, account):
        ...         self.capabilities = tw.Capabilities(
        ...             paper=True, order_types=["market", "limit"], fractional=False, shorting=False,
        ...             client_ids="native", stops_rest="none",
        ...         )
        ...     async def submit(self, order): ...
        ...     async def cancel(self, order_id): ...
        ...     async def query(self, order_id): ...
        ...     async def snapshot(self, since): ...
        ...     async def reports(self): yield tw.Gap()
        >>> @tw.hookimpl
        ... def tradewright_executors():
        ...     yield tw.ExecutorSpec(name="broker", factory=Broker, config=Account)
        >>> isinstance(next(tradewright_executors()).factory(Account()), tw.Executor)
        True

    Since 0.1.
    """
