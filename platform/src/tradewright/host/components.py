"""What plugins provide: protocols the kernel calls, and the specs that hooks yield.

A hook yields specs: small records with a name, a factory and a config class.  Nothing heavy happens before
the kernel calls the factory, and it calls only the factories of components that plugins.toml uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from tradewright.values.allocation import Allocation, Problem
    from tradewright.values.arrays import BoolArray, FloatArray
    from tradewright.values.bars import Bars
    from tradewright.values.forecast import Forecast
    from tradewright.values.history import History
    from tradewright.values.request import DataRequest

API = 1
"""Number of the contract between kernel and plugins; a spec built for another one is not loaded."""


@runtime_checkable
class DataSource(Protocol):
    """Brings prices."""

    def history(self, request: DataRequest) -> Bars:
        """Return the bars asked for, in the order of `request.symbols`.

        Raises:
            DataError: A symbol is unknown or the prices cannot be used.
        """


@runtime_checkable
class Signal(Protocol):
    """Turns history into a forecast, causally: row t may depend on rows 0 to t only."""

    @property
    def warmup_bars(self) -> int:
        """Rows at the start that carry no opinion yet; a plain attribute will do."""

    def compute(self, view: History) -> Forecast:
        """Return a forecast for every bar and asset of `view.bars` at once, `(n_bars, n_assets)`."""


@runtime_checkable
class FittedSignal(Signal, Protocol):
    """A signal whose model was fitted before, elsewhere; the attribute is optional.

    No disturbance of its input can show what such a model has learned from prices that a backtest plays again, so
    everything up to that day is reported as in-sample.
    """

    @property
    def fitted_until(self) -> date | None:
        """Last day whose data the model has seen, None when there is no model."""


@runtime_checkable
class Optimizer(Protocol):
    """Turns a combined forecast into target weights."""

    def solve(self, problem: Problem) -> Allocation:
        """Return weights within the problem's bounds; report failure as a status, never by raising."""


@runtime_checkable
class RowOptimizer(Optimizer, Protocol):
    """An optimizer that does not look at the weights held now, so a backtest asks for all rebalances at once.

    The extra method is optional.  `solve` must give the same weights as one row of it.
    """

    def solve_rows(
        self, forecast: FloatArray, volatility: FloatArray, trading: BoolArray, gross: float
    ) -> FloatArray:
        """Return weights, `(n_rows, n_assets)`, for inputs of that shape; each row is its own problem."""


@attrs.frozen(kw_only=True)
class _Spec:
    """Attributes shared by every spec.

    Attributes:
        name: The word in plugins.toml, unique among components of one kind.
        factory: Called with a validated `config` object, returns the component.
        config: A frozen attrs class; unknown keys are refused, and every default is documented.
        summary: One line for `tradewright plugins info`.
        api: The contract the component was written for.
        hosts: Where on the network it goes, such as `api.example.com`; declared, shown to the operator, not enforced.
        secrets: What it reads, as `env:NAME` or `keyring:service/name`; likewise.
    """

    kind: ClassVar[str]

    name: str
    factory: Callable[[Any], Any]
    config: type
    summary: str = ""
    api: int = API
    hosts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class DataSourceSpec(_Spec):
    """A named data source; `factory(config)` returns a `DataSource`."""

    kind = "data-source"


@attrs.frozen(kw_only=True)
class SignalSpec(_Spec):
    """A named signal; `factory(config)` returns a `Signal`.

    Attributes:
        native: Whether it runs code that can take the program with it, such as a solver in C++ or a model: it lives
            in a process of its own unless the strategy says `isolation = "none"`.
    """

    kind = "signal"

    native: bool = False


@attrs.frozen(kw_only=True)
class OptimizerSpec(_Spec):
    """A named optimizer; `factory(config)` returns an `Optimizer`.

    Attributes:
        native: As of `SignalSpec`.
    """

    kind = "optimizer"

    native: bool = False


@attrs.frozen(kw_only=True)
class TargetRuleSpec(_Spec):
    """A named target rule; `factory(config)` returns a `tradewright.risk.TargetRule`."""

    kind = "target-rule"


@attrs.frozen(kw_only=True)
class OrderCheckSpec(_Spec):
    """A named order check; `factory(config)` returns a `tradewright.risk.OrderCheck`."""

    kind = "order-check"


@attrs.frozen(kw_only=True)
class ExecutorSpec(_Spec):
    """A named executor; `factory(config)` returns the object that talks to a venue."""

    kind = "executor"


Spec = DataSourceSpec | SignalSpec | OptimizerSpec | TargetRuleSpec | OrderCheckSpec | ExecutorSpec
RiskSpec = TargetRuleSpec | OrderCheckSpec
