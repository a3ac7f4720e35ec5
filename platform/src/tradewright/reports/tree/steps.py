"""What leads from each older form of a kept report to the next one.

Reports were kept without the number of their form until there were five of them: the first steps leave alone what is
there already.  What was never computed becomes None, or empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Fields = dict[str, Any]

_MEASURES = (
    *("sharpe_interval", "probabilistic_sharpe", "min_track_record", "sortino", "calmar", "omega"),
    *("downside_deviation", "value_at_risk", "expected_shortfall", "cornish_fisher_value_at_risk"),
    *("cornish_fisher_expected_shortfall", "skew", "kurtosis", "tail_ratio", "time_under_water"),
    "longest_under_water",
)
_TRIPS = ("hit_rate", "profit_factor", "payoff", "expectancy", "sessions_held")


def measures(fields: Fields) -> Fields:
    """Add what only return, volatility, Sharpe ratio and largest drawdown stood for."""
    for part in _parts(fields):
        for curve in (part["net"], part["gross"], *part["benchmarks"].values()):
            _add(curve, **dict.fromkeys(_MEASURES), drawdowns=[], years=[])
            _add(curve["max_drawdown"], sessions=None)
        _add(part["net"], deflated_sharpe=None, rolling_sharpe=None, relative=None, lots=None)
        _add(part["net"]["trades"], **dict.fromkeys(_TRIPS))
    return fields


def origins(fields: Fields) -> Fields:
    """Add where prices came from: there was no cache."""
    for feed in fields["data"]:
        _add(feed, origin="source", fetched_at=None)
    return fields


def sessions(fields: Fields) -> Fields:
    """Add the sessions of a year, which were 252, and of what was known by its instant."""
    for part in _parts(fields):
        _add(part["period"], sessions_per_year=252)
        _add(part["net"], strategies=[])
        _add(part["net"]["trades"], stopped=None)
    for rule in fields["rules"]:
        _add(rule, held_back=None, first_on=_day(rule["first_at"]), last_on=_day(rule["last_at"]))
    for halt in fields["halts"]:
        _add(halt, on=_day(halt["at"]), lifted_on=_day(halt["lifted_at"]))
    return fields


def reasons(fields: Fields) -> Fields:
    """Add why nothing was traded, which nobody knew."""
    _add(fields["net"], no_trades=[])
    return fields


def breaches(fields: Fields) -> Fields:
    """Call broken contracts what they are called now."""
    net = fields["net"]
    if "strikes" in net:
        net["breaches"] = net.pop("strikes")
    return fields


def last_bars(fields: Fields) -> Fields:
    """Add where each symbol's prices ended, and what was held beyond, which nobody noted."""
    for feed in fields["data"]:
        _add(feed, last_on_by_symbol={})
    _add(fields["net"], unpriced=[])
    return fields


def sales(fields: Fields) -> Fields:
    """Add what a halt sold: the figures ended before it, and what followed held it, too."""
    net = fields["net"]
    _add(net, at_halt=None)
    if net["after_halt"] is not None:
        _add(net["after_halt"], annual_return=None, years=None, flat=None)
    return fields


def cuts(fields: Fields) -> Fields:
    """Add what the cuts of the daily-loss rule came to, which nobody had worked out."""
    for halt in fields["halts"]:
        _add(halt, cut=None)
    return fields


def compared(fields: Fields) -> Fields:
    """Add cash beside the benchmarks, what waited in cash, and what was assumed of shorts: nobody had noted them."""
    for part in _parts(fields):
        _add(part["benchmarks"], cash=None)
        _add(part["benchmarks"]["buy_and_hold"], late=[], in_cash=None)
        _add(part["net"], shorts=None)
    return fields


STEPS: tuple[Callable[[Fields], Fields], ...] = (
    measures,
    origins,
    sessions,
    reasons,
    breaches,
    last_bars,
    sales,
    cuts,
    compared,
)


def _parts(fields: Fields) -> Iterator[Fields]:
    yield fields
    for name in ("until_halt", "without_limits"):
        if name in fields:
            yield fields[name]


def _add(fields: Fields, **missing: Any) -> None:
    for name, value in missing.items():
        fields.setdefault(name, value)


def _day(instant: str | None) -> str | None:
    return None if instant is None else instant.partition("T")[0]
