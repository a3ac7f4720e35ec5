"""What a decision has weighed: who said what, what was wanted, what each rule made of it, and what is ordered.

It is read from what `Walk.decide` has left, and computes no target again: the verdicts on an asset, one after the
other, lead from what was wanted to its target, to the last bit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tradewright.engine.state import bare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.engine.known import Plan
    from tradewright.engine.walk import Walk
    from tradewright.live.account import Account
    from tradewright.live.events import RowPrepared
    from tradewright.values.arrays import FloatArray

BLOCKED, EQUITY, PRICE, BREACH, TURN = "blocked", "equity", "price", "breach", "turn"
"""What binds before any rule: a position that is not known, no equity, no price, an answer that is no number, and a
change of side, which closes the position first."""


def weighed(known: RowPrepared, plan: Plan, walk: Walk, account: Account) -> dict[str, Any]:
    """Return a decision's parts, what is empty left out.

    Args:
        known: The row that was decided on.
        plan: What came of it.
        walk: Just after `decide`.
        account: Whose names are told.
    """
    parts = {
        "opinions": {
            strategy: {signal: _pairs(*opinion) for signal, opinion in said.items()}
            for strategy, said in known.opinions.items()
        },
        "missing": {strategy: dict(lost) for strategy, lost in known.missing.items() if lost},
        "combined": {strategy: said.tolist() for strategy, said in known.combined.items()},
        **_targets(known, walk, account),
        "verdicts": [*_before_rules(known, walk, account), *_of_rules(walk, account)],
        "orders": [_order(plan, walk, account, *cell) for cell in zip(*plan.order.nonzero(), strict=True)],
        "fewer": [[*account.place(book, asset), why] for book, asset, why in walk.shortfalls()],
    }
    return {key: value for key, value in parts.items() if value}


def _pairs(score: FloatArray, confidence: FloatArray) -> list[tuple[float, float]]:
    return [*zip(score.tolist(), confidence.tolist(), strict=True)]


def _targets(known: RowPrepared, walk: Walk, account: Account) -> dict[str, Any]:
    """Return by strategy the optimizer's answer, and what is held and wanted of each asset that is decided on."""
    prepared, work = known.known, walk.weighed()
    made, answer = prepared.decisions.made[prepared.bar], prepared.decisions.target[prepared.bar]
    found: dict[str, dict[str, dict[str, float]]] = {"answers": {}, "standing": {}, "held": {}, "targets": {}}
    for book, strategy in enumerate(account.strategies):
        if made[book]:
            found["answers"][strategy] = {}  # Also of an answer that is nothing but zeros.
        cells = {name: work[name][book].tolist() for name in ("raw", "held", "target")}
        for asset, symbol in enumerate(account.symbols):
            raw, held, target = (cells[name][asset] for name in ("raw", "held", "target"))
            told = {"held": held, "targets": target} if made[book] or not raw == held == target else {}
            if made[book]:
                told["answers"] = float(answer[book, asset])
            elif raw != held:
                told["standing"] = raw
            for name, value in told.items():
                if value != 0.0 and math.isfinite(value):
                    found[name].setdefault(strategy, {})[symbol] = value
    return found


def _before_rules(known: RowPrepared, walk: Walk, account: Account) -> Iterator[list[Any]]:
    """Yield what bound an answer before any rule was asked."""
    prepared, work, equity = known.known, walk.weighed(), bare(walk.state.rows)["equity"]
    if walk.settings.in_units:
        return  # Answers are no weights there.
    for book, strategy in enumerate(account.strategies):
        if not prepared.decisions.made[prepared.bar, book]:
            continue
        answers, raws = prepared.decisions.target[prepared.bar, book].tolist(), work["raw"][book].tolist()
        for asset, (answer, raw) in enumerate(zip(answers, raws, strict=True)):
            if answer == raw:
                continue
            by = _hindrance(answer, raw, walk, book, asset, equity=float(equity[book]))
            yield [strategy, account.symbols[asset], by, answer if math.isfinite(answer) else None, raw]


def _hindrance(answer: float, raw: float, walk: Walk, book: int, asset: int, *, equity: float) -> str:
    if walk.positions["blocked"][book, asset]:
        return BLOCKED
    if not equity > 0.0:
        return EQUITY
    if not math.isfinite(answer):
        return BREACH
    return TURN if raw == 0.0 and not math.isnan(walk.mark(asset)) else PRICE


def _of_rules(walk: Walk, account: Account) -> Iterator[list[Any]]:
    for one in walk.verdicts():
        limit = [] if one.limit is None else [one.limit]
        yield [*account.place(one.book, one.asset), one.by, one.before, one.after, *limit]


def _order(plan: Plan, walk: Walk, account: Account, book: int, asset: int) -> list[Any]:
    """Return an order: units, its limit, and what it is expected to cost, in basis points of its value."""
    quantity, limit = float(plan.order[book, asset]), float(plan.limit[book, asset])
    cost = walk.expected_cost(asset, quantity, limit)
    return [*account.place(book, asset), quantity, None if math.isnan(limit) else limit, round(10_000.0 * cost, 2)]
