"""What a ledger need not write twice: parts of a decision that are those of the decision before, numbers in a row.

Minute bars of a year hold a hundred thousand of each.  Nothing is rounded: what is left out is read back, whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SAME = "same"
"""Key of a decision: names of the parts that are those of the decision before."""
PARTS = frozenset({
    *("opinions", "missing", "combined", "answers", "standing", "held", "targets"),
    *("verdicts", "fewer", "stops", "cash"),
})  # fmt: skip
"""What may be left out; an order, a refusal and the hash of the state never are."""
COLUMNS = {
    1: ("close",),
    2: ("close", "volume"),
    4: ("open", "high", "low", "close"),
    5: ("open", "high", "low", "close", "volume"),
}
"""What the numbers of a symbol in a row are, by how many there are."""


@attrs.define
class Told:
    """What the newest decision of a session has told.

    >>> told = Told()
    >>> told.shorten({"cash": {"trend": "100"}, "state": "ab"})
    {'cash': {'trend': '100'}, 'state': 'ab'}
    >>> told.shorten({"cash": {"trend": "100"}, "state": "cd"})
    {'state': 'cd', 'same': ['cash']}
    """

    _parts: dict[str, Any] = attrs.field(factory=dict)

    def forget(self) -> None:
        """Begin anew: the first decision of a session is whole, so that nobody has to look further back."""
        self._parts = {}

    def shorten(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a decision without the parts that are those of the one before, which it names."""
        before, self._parts = self._parts, {name: part for name, part in body.items() if name in PARTS}
        same = sorted(name for name, part in self._parts.items() if name in before and before[name] == part)
        left = {name: part for name, part in body.items() if name not in same}
        return {**left, SAME: same} if same else left


def whole(body: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return a decision with the parts that are those of the decision before, itself whole.

    >>> whole({"state": "cd", "same": ["cash"]}, {"cash": {"trend": "100"}, "state": "ab"})
    {'state': 'cd', 'cash': {'trend': '100'}}
    """
    own = {name: part for name, part in body.items() if name != SAME}
    return {**own, **{name: before[name] for name in body.get(SAME, ()) if name in before}}


def prices_of(numbers: Sequence[Any]) -> dict[str, str]:
    """Return the numbers of a symbol in a row by what they are; one that is not there is left out.

    >>> prices_of(["101.5", 7])
    {'close': '101.5', 'volume': '7'}
    """
    names = COLUMNS[len(numbers)]
    return {name: str(number) for name, number in zip(names, numbers, strict=True) if number is not None}
