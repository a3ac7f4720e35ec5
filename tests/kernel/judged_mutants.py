"""Mistakes that no test notices because they change nothing that matters, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

JUDGED: Mapping[str, str] = {
    "execute/budget.py Budget.heard | return attrs.evolve(self, closed_until=until, limited=min(again + 1, 6))"
    " | 6 -> 7": "Six doublings of a second are longer than the longest wait already.",
    "execute/reading.py Reading._move | units = fill.quantity if sign > 0 else fill.quantity.copy_negate()"
    " | sign > 0 -> (sign >= 0)": "A sign is 1 or -1.",
    "execute/reconcile.py _could_be | fits = state.left.copy_abs() >= difference.copy_abs() and (state.left > 0) =="
    " (difference > 0) | difference > 0 -> (difference >= 0)": "A difference that is compared is never 0.",
    "execute/wire.py Wire.quote | old = 61 * SECOND + self.dice.random.uniform(0.0, 600.0) * SECOND"
    " | 600.0 -> (599.0)": "How much older than it may be a simulated quote is, is chance.",
    "execute/wire.py Wire.happen | self._say(now + number * dice.random.uniform(0.0, 2.0) * SECOND,"
    " Contact(outcome=Outcome.CUT)) | 0.0 -> 1.0": "How far apart simulated cuts come is chance.",
}
