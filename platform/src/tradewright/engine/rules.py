"""No rules at all: what the loop asks when it runs on its own.

`engine/fuse.py` writes a copy of the loop that asks functions of the same names, generated for one set of rules.
"""

# ruff: noqa: ARG001  # these are the signatures; with no rules there is nobody to hand the arguments to

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradewright.engine.jit import compiled

if TYPE_CHECKING:
    from tradewright.risk.contract import OrderView, Proposal


@compiled
def ask_books(state: Any, tape: Any, settings: Any, parameters: Any, log: Any, bar: int) -> None:
    """Ask every book rule about every row, and store the verdicts."""


@compiled
def ask_asset(
    proposal: Proposal,
    asset: Any,
    view: Any,
    state: Any,
    tape: Any,
    parameters: Any,
    log: Any,
    bar: int,
    book: int,
    column: int,
    counting: bool,
) -> Proposal:
    """Pass one asset's proposal through every asset rule."""
    return proposal


@compiled
def ask_checks(
    order: OrderView,
    state: Any,
    tape: Any,
    settings: Any,
    parameters: Any,
    log: Any,
    bar: int,
    book: int,
    asset: int,
) -> float:
    """Return how many units of an order every check lets go."""
    return abs(order.quantity)


@compiled
def ask_sides(
    view: Any, state: Any, tape: Any, parameters: Any, work: Any, log: Any, bar: int, book: int, counting: bool
) -> None:
    """Pass one book's targets through every two-sided rule."""
