"""Rules and a check that raise, as modules of a plugin have them."""

from __future__ import annotations

from tradewright.risk.contract import OrderCheck, TargetRule
from tradewright.risk.exposure import Exposure
from tradewright.risk.exposure import make as exposure

PARAMETERS = exposure(Exposure()).parameters


def too_late(session):
    if session > 20:
        raise ValueError("no such session")
    return session


def forgets_itself(proposal, asset, book, p):
    if too_late(book.session) > 1000:
        return proposal._replace(target=0.0)
    return proposal


def refuses_loudly(order, p):
    if order.held > 0.0:
        raise KeyError("held")
    return abs(order.quantity)


RULE = TargetRule(phase="asset", function=forgets_itself, parameters=PARAMETERS)
CHECK = OrderCheck(function=refuses_loudly, parameters=PARAMETERS)
