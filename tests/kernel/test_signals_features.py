"""Features of rules and order checks: the built-in ones are causal, and each planted one is found where it looks."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from gate_rates import path
from tradewright import builtins
from tradewright.errors import DataError, PluginError
from tradewright.host.loading import load
from tradewright.risk.computed import matrices, numbers
from tradewright.risk.contract import Feature, MatrixFeature, OrderCheck, TargetRule
from tradewright.risk.features import average_volume, volatility
from tradewright.signals.features import check_features

BARS = path(seed=5, n_bars=400)
BUILT_IN = {
    spec.name: spec
    for record in load([], entry_points=[], builtin=builtins).records
    for spec in record.components
    if spec.kind in {"target-rule", "order-check"}
}
SCHEDULED = "trading-window"
NEEDED = {
    "order-value": {"limit": 1000},
    "order-quantity": {"limit": 100.0},
    "restricted-list": {"symbols": ("A0",)},
    "risk-per-trade": {"stop": "atr"},
}


def asking(*features: Feature, matrices: tuple[MatrixFeature, ...] = ()) -> TargetRule:
    return TargetRule(phase="sides", function=max, parameters=(), features=features, matrices=matrices)


def verdict(*features: Feature, matrices: tuple[MatrixFeature, ...] = (), bars=BARS, each: int = 8):
    return check_features("mine", asking(*features, matrices=matrices), bars, each=each)


def intraday():
    """Return the same prices as half-hours of 60 sessions that are known to close at 20:00."""
    n_bars = 360
    days = np.repeat(BARS.session[: n_bars // 6], 6)
    minutes = np.tile(np.arange(1, 7) * 30, n_bars // 6) + 17 * 60
    closed = days + minutes.astype("timedelta64[m]")
    return attrs.evolve(
        BARS.until(n_bars), session=days, opened_at=closed - np.timedelta64(30, "m"), closed_at=closed
    )


# ---- the kernel's own ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BUILT_IN)
def test_features_of_the_kernel_do_not_look_ahead(name):
    spec = BUILT_IN[name]
    rule = spec.factory(spec.config(**NEEDED.get(name, {})))
    if not (rule.features or rule.matrices):
        return

    found = check_features(name, rule, intraday() if name == SCHEDULED else BARS, each=4)

    assert found.passed
    assert found.answers > len(found.cuts) > 10


def test_features_of_the_trading_window_know_when_a_session_that_goes_on_will_close():
    bars, spec = intraday(), BUILT_IN[SCHEDULED]

    found = check_features(SCHEDULED, spec.factory(spec.config()), bars, each=4)

    assert found.passed
    assert any(not bars.session_ends[cut - 1] for cut in found.cuts), "some cuts lie within a session"


def test_features_of_the_kernel_are_asked_of_most_kinds():
    made = [spec.factory(spec.config(**NEEDED.get(name, {}))) for name, spec in BUILT_IN.items()]

    assert 7 <= sum(bool(rule.features or rule.matrices) for rule in made)


# ---- planted ---------------------------------------------------------------------------------------------


def tomorrow(bars, window):
    return np.vstack([bars.close[1:], bars.close[-1:]])


def of_all(bars, window):
    return np.full(bars.close.shape, np.nanmean(bars.close))


def market_of_all(bars, window, refresh):
    change = np.nan_to_num(np.diff(np.log(np.where(bars.traded, bars.close, 1.0)), axis=0))
    return [np.cov(change.T)], np.zeros(bars.n_bars, dtype=int)


def begins_early(bars, window, refresh):
    known = np.where(np.arange(bars.n_bars) < bars.n_bars - 5, 0, -1)
    return [np.eye(bars.n_assets)], known


def test_feature_that_reads_tomorrow_is_found_with_bar_column_and_distance():
    found = verdict(Feature("volatility", 20, volatility), Feature("next", 1, tomorrow))

    assert "next" == found.first.part
    assert found.first.cut == found.first.bar + 1
    assert "looks exactly 1 bar ahead, as shift(-1) does" == found.cause.text


def test_feature_of_the_whole_sample_is_named_so():
    assert "full-sample" == verdict(Feature("mean", 20, of_all)).cause.kind


@pytest.mark.parametrize("compute", [market_of_all, begins_early])
def test_matrix_that_knows_the_future_is_found(compute):
    found = verdict(matrices=(MatrixFeature("correlation", 20, 5, compute),))

    assert not found.passed
    assert "correlation" == found.first.part


def test_feature_that_a_module_remembers_is_found():
    kept = {}

    def remembers(bars, window):
        if len(kept.get(bars.symbols, ())) < bars.n_bars:
            kept[bars.symbols] = tomorrow(bars, window)
        return kept[bars.symbols][: bars.n_bars]

    assert not verdict(Feature("kept", 1, remembers)).passed


def test_feature_drawn_at_random_gets_no_pass():
    random = np.random.default_rng(1)

    assert not verdict(Feature("drawn", 1, lambda bars, window: random.normal(size=bars.close.shape))).passed


def test_feature_that_remembers_another_future_gets_no_verdict():
    kept = {}

    def remembers(bars, window):
        # Only whoever has as many bars as all of them is answered from memory.
        return kept.setdefault(bars.n_bars, bars.close) if bars.close[-1, 0] > 1e4 else bars.close

    high = attrs.evolve(BARS, **{name: getattr(BARS, name) * 50.0 for name in ("open", "high", "low", "close")})
    rule = OrderCheck(function=max, parameters=(), features=(Feature("kept", 1, remembers),))

    assert check_features("mine", rule, high, each=2).passed == (not kept)


def test_features_when_unknown_and_infinite_numbers_stay_pass():
    def unknown(bars, window):
        return np.where(bars.traded, np.inf, np.nan)

    assert verdict(Feature("unknown", 1, unknown)).passed


@pytest.mark.parametrize(("n_bars", "enough"), [(39, False), (40, True), (41, True)])
def test_features_when_the_history_is_short_want_twenty_bars_after_the_windows(n_bars, enough):
    feature = Feature("volume", 20, average_volume)

    if enough:
        assert verdict(feature, bars=BARS.until(n_bars)).passed
    else:
        with pytest.raises(
            DataError, match=r"mine: a verdict needs 40 bars, 20 more than the longest window; there are 39"
        ):
            verdict(feature, bars=BARS.until(n_bars))


# ---- what breaks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compute", "said"),
    [
        (lambda bars, window: 1 / 0, r"mine\.broken: raised ZeroDivisionError"),
        (lambda bars, window: None, r"mine\.broken: returned NoneType; ndarray wanted"),
        (lambda bars, window: bars.close[1:], r"mine\.broken: must return float64 of shape \(400, 3\), was float64"),
        (
            lambda bars, window: bars.close.astype(str),
            r"mine\.broken: must return float64 of shape \(400, 3\), was <U",
        ),
    ],
)
def test_feature_when_it_breaks_is_named_with_its_rule(compute, said):
    with pytest.raises(PluginError, match=said):
        numbers("mine", Feature("broken", 1, compute), BARS)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (([np.eye(2)], np.zeros(400, dtype=int)), r"must return matrices of float64 of shape \(3, 3\)"),
        (([np.eye(3)], np.zeros(400)), r"must return the number of a matrix of shape \(400,\), was float64"),
        (([np.eye(3)], np.ones(400, dtype=int)), r"each bar must name one of 1 matrices, or -1 for none, was 1 to 1"),
        (([np.eye(3)], np.full(400, -2)), r"each bar must name one of 1 matrices, or -1 for none, was -2 to -2"),
        (None, r"raised TypeError"),
    ],
)
def test_matrices_when_they_break_are_named_with_their_rule(answer, said):
    with pytest.raises(PluginError, match=rf"mine\.broken: {said}"):
        matrices("mine", MatrixFeature("broken", 20, 5, lambda *_: answer), BARS)
