"""What plugins provide: protocols the kernel calls, and the specs that hooks yield.

A hook yields specs: small records with a name, a factory and a config class.  Nothing heavy happens before
the kernel calls the factory, and it calls only the factories of components that plugins.toml uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

import attrs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import date, datetime
    from uuid import UUID

    from tradewright.execute.news import Report
    from tradewright.values.allocation import Allocation, Problem
    from tradewright.values.arrays import BoolArray, FloatArray
    from tradewright.values.bars import Bars
    from tradewright.values.forecast import Forecast
    from tradewright.values.history import History
    from tradewright.values.order import Activity, Fill, Order
    from tradewright.values.request import DataRequest
    from tradewright.values.snapshot import Snapshot
    from tradewright.values.venue import Capabilities, Gap

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


@runtime_checkable
class Executor(Protocol):
    """Talks to one account at one venue; it hands on what is said, and decides nothing.

    A call is made once, and never again: only the agent knows whether it may be.  One that has an answer returns it.
    `Refused` means that the venue has said no, `Limited` that it wants to be called less often, `Forbidden` that it
    does not let us in; whatever else is raised, a timeout among it, means that nobody knows what became of the call.
    So an answer that cannot be read is an error, and so is one that says less than was asked for.  Nothing is sent
    before the first call, and a call may end at any await: it is cancelled when it takes too long.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What can be asked of the venue; a plain attribute will do."""

    async def submit(self, order: Order, /) -> Report:
        """Send an order under its client id, once; say ACCEPTED, DUPLICATE, or with FOUND where it stands already.

        Raises:
            Refused: The venue has refused it and says why: the order is dead.
            Limited: The venue wants to be called less often.
            Forbidden: The venue does not let us in.
            Exception: Anything else: what became of the order is not known.
        """

    async def cancel(self, order_id: UUID, /) -> Report:
        """Cancel an order by its client id; say CANCELLED, with FOUND how it stands, or ABSENT where it is unknown.

        Raises:
            Refused: The venue does not cancel it.
            Exception: As of `submit`.
        """

    async def query(self, order_id: UUID, /) -> Report:
        """Say FOUND with status and signed units filled, or ABSENT where the venue itself says that it is unknown.

        Raises:
            Exception: As of `submit`, without `Refused`.
        """

    async def snapshot(self, since: datetime, /) -> Snapshot:
        """Return cash, positions, orders, and fills and activities from an instant on, aware UTC: all or nothing.

        Raises:
            Exception: As of `query`.
        """

    def reports(self) -> AsyncIterator[Report | Activity | Fill | Gap]:
        """Yield what the venue says by itself; `Gap` first, once the stream stands, and each time that it does anew.

        Where the stream breaks, end or raise: it is asked for again, in time.  A fill without the id of one of our
        orders is a stranger's.  `venue` of a fill or activity may be any word; the kernel writes its own name there.
        """


@runtime_checkable
class ClosingExecutor(Executor, Protocol):
    """An executor that keeps connections, and has to let go of them; the method is optional."""

    async def close(self) -> None:
        """Let go of every connection; nothing is asked afterwards."""


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
    """A named executor; `factory(config)` returns an `Executor`."""

    kind = "executor"


Spec = DataSourceSpec | SignalSpec | OptimizerSpec | TargetRuleSpec | OrderCheckSpec | ExecutorSpec
RiskSpec = TargetRuleSpec | OrderCheckSpec
