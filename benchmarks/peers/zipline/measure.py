"""Time zipline-reloaded: `python measure.py WORKLOAD SOURCE.npz RESULT.json [CORE]`, in its own environment."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any

import pandas as pd
import stopwatch
from limits import CAPITAL, FEE, WEIGHT

if TYPE_CHECKING:
    from stopwatch import Arrays

# It keeps its data below this folder, which must be known before it is imported.
ROOT = tempfile.TemporaryDirectory()
os.environ["ZIPLINE_ROOT"] = ROOT.name

from exchange_calendars import get_calendar  # type: ignore[import-not-found]  # noqa: E402  # see above
from zipline import run_algorithm  # type: ignore[import-not-found]  # noqa: E402  # likewise
from zipline.api import (  # type: ignore[import-not-found]  # noqa: E402  # likewise
    order_target_percent,
    set_commission,
    set_slippage,
    symbol,
)
from zipline.data import bundles  # type: ignore[import-not-found]  # noqa: E402  # likewise
from zipline.finance import commission, slippage  # type: ignore[import-not-found]  # noqa: E402  # likewise


def daily(arrays: Arrays) -> dict[str, Any]:
    """Time a run over daily bars, written into one of its bundles beforehand; it fills at the next close."""
    n_bars = len(arrays["close"])
    sessions = get_calendar("XNYS", start="2006-01-03").sessions[: n_bars + 2]
    register(arrays, sessions)
    entry, exit_ = arrays["entry"].tolist(), arrays["exit"].tolist()
    fill_bars: list[int] = []

    def initialize(context: Any) -> None:
        context.asset, context.bar, context.held = symbol("A"), -1, 0
        set_commission(commission.PerDollar(cost=FEE))
        set_slippage(slippage.NoSlippage())

    def handle_data(context: Any, data: Any) -> None:  # noqa: ARG001  # the hook's signature
        context.bar += 1
        amount = context.portfolio.positions[context.asset].amount
        if amount != context.held:
            context.held = amount
            fill_bars.append(context.bar)
        if entry[context.bar]:
            order_target_percent(context.asset, WEIGHT)
        elif exit_[context.bar]:
            order_target_percent(context.asset, 0.0)

    def action() -> Any:
        fill_bars.clear()
        return run_algorithm(
            start=sessions[0],
            end=sessions[n_bars - 1],
            initialize=initialize,
            handle_data=handle_data,
            capital_base=CAPITAL,
            bundle="prices",
            data_frequency="daily",
            benchmark_returns=pd.Series(0.0, index=sessions),
        )

    seconds, _ = stopwatch.best_of(action)
    return stopwatch.answer(seconds, n_bars, fill_bars)


def register(arrays: Arrays, sessions: Any) -> None:
    """Write the prices into a bundle."""
    n_bars = len(arrays["close"])
    frame = pd.DataFrame(
        {name: arrays[name] for name in ("open", "high", "low", "close")}, index=sessions[:n_bars]
    ).assign(volume=1e6)
    frame = frame.reindex(sessions).ffill()

    def ingest(_: Any, assets: Any, minutes: Any, days: Any, adjustments: Any, *rest: Any) -> None:  # noqa: ARG001  # theirs
        ends = {"start_date": sessions[0], "end_date": sessions[-1]}
        assets.write(equities=pd.DataFrame([{"symbol": "A", "asset_name": "A", "exchange": "XNYS", **ends}]))
        days.write([(0, frame)])
        adjustments.write()

    bundles.register("prices", ingest, calendar_name="XNYS", start_session=sessions[0], end_session=sessions[-1])
    bundles.ingest("prices", show_progress=False)


if __name__ == "__main__":
    stopwatch.main({"crossover": daily, "daily": daily})
