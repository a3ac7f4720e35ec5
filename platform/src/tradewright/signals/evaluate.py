"""Where the kernel calls a signal: nothing a plugin returns gets past here unchecked."""

from __future__ import annotations

import inspect
import warnings
from datetime import date, datetime
from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.errors import PluginError
from tradewright.host.fence import ask, expect
from tradewright.values.forecast import WANTED, Forecast

if TYPE_CHECKING:
    from tradewright.host.components import Signal
    from tradewright.values.arrays import BoolArray, FloatArray
    from tradewright.values.bars import Bars
    from tradewright.values.history import History


def evaluate(name: str, signal: Signal, view: History, seconds: float | None = None) -> Forecast:
    """Ask `signal` for its forecast of every bar and asset of `view`, and check it.

    Assets that have had no bar yet get no opinion, whatever the signal says about them.

    Args:
        name: The signal's word in plugins.toml, for errors.
        signal: Called once.
        view: What had become known; its arrays are read-only.
        seconds: How long it may take, None for ever.

    Returns:
        The forecast, `(n_bars, n_assets)`.

    Raises:
        PluginError: The signal raised, took too long, printed, wrote to its input, returned anything but a
            Forecast of this shape with scores in [-1, 1] and confidences in [0, 1], or had an opinion during its
            warm-up.
    """
    key = f"{name}.compute"
    with warnings.catch_warnings():
        # Casting complex to float64 only warns, and drops half of the number.
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        returned, warmup_bars = ask(key, signal, lambda: (signal.compute(view), signal.warmup_bars), seconds)
    forecast = expect(key, returned, Forecast)
    _check_values(key, forecast, view.bars)
    _check_warmup(key, forecast, warmup_bars)
    return _without_unborn(forecast, view.bars.traded)


def fitted_until(name: str, signal: Signal, seconds: float | None = None) -> date | None:
    """Return the last day whose data a signal's model has seen, None for a signal without one.

    Args:
        name: The signal's word in plugins.toml, for errors.
        signal: Asked once, when it has the attribute.
        seconds: How long it may take, None for ever.

    Raises:
        PluginError: `fitted_until` raised, took too long, or is something else.
    """
    # Looked for without running it: whatever a property raises, an AttributeError too, is the plugin's own fault.
    if inspect.getattr_static(signal, "fitted_until", None) is None:
        return None
    key = f"{name}.fitted_until"
    until: object = ask(key, signal, lambda: signal.fitted_until, seconds)  # type: ignore[attr-defined]  # see above
    if until is None:
        return None
    if not isinstance(until, date) or isinstance(until, datetime):
        raise PluginError(f"must be a datetime.date or None, was {type(until).__name__}", key=key)
    return until


def warmup(name: str, signal: Signal, seconds: float | None = None) -> int | None:
    """Return how many rows a signal looks back over before it speaks, None where it cannot say."""
    key = f"{name}.warmup_bars"
    try:
        return int(expect(key, ask(key, signal, lambda: signal.warmup_bars, seconds), int))
    except PluginError:
        return None  # It has no vote either, and that is said where it is asked for one.


def opinion(forecast: Forecast) -> FloatArray:
    """Return confidence x score, `(n_bars, n_assets)` in [-1, 1]; 0 is no opinion."""
    product: FloatArray = forecast.confidence * forecast.score
    return product


def _check_values(key: str, forecast: Forecast, bars: Bars) -> None:
    wanted = (bars.n_bars, bars.n_assets)
    for part, array in (("score", forecast.score), ("confidence", forecast.confidence)):
        if array.ndim == len(wanted) and array.shape[1] == bars.n_assets and array.shape[0] > bars.n_bars:
            rows = f"{array.shape[0]} rows for {bars.n_bars} bars"
            now = f"now={bars.closed_at[-1]}" if bars.n_bars else "the first bar"
            raise PluginError(f"look-ahead: {part} has {rows}; row {bars.n_bars} is after {now}", key=key)
        if array.shape != wanted:
            raise PluginError(f"{WANTED}, was {part} of shape {array.shape} for {wanted}", key=key)
    try:
        attrs.validate(forecast)  # Again: its author may have written to the arrays since.
    except ValueError as error:
        raise PluginError(str(error), key=key) from error


def _check_warmup(key: str, forecast: Forecast, warmup_bars: object) -> None:
    if not isinstance(warmup_bars, int) or isinstance(warmup_bars, bool) or warmup_bars < 0:
        raise PluginError(f"warmup_bars must be a count of bars >= 0, was {warmup_bars!r}", key=key)
    early = np.argwhere(opinion(forecast)[:warmup_bars])
    if len(early):
        bar, asset = (int(i) for i in early[0])
        raise PluginError(
            f"must have no opinion in its first warmup_bars={warmup_bars} rows, "
            f"was {forecast.score[bar, asset]:g} at (bar, asset) = {(bar, asset)}",
            key=key,
            fix=f"declare warmup_bars <= {bar}, or return confidence 0 there",
        )


def _without_unborn(forecast: Forecast, traded: BoolArray) -> Forecast:
    unborn = ~np.logical_or.accumulate(traded, axis=0)
    if not opinion(forecast)[unborn].any():
        return forecast
    return Forecast(np.where(unborn, 0.0, forecast.score), np.where(unborn, 0.0, forecast.confidence))
