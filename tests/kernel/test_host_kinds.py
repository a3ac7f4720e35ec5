"""The table of kinds: what each protocol declares, and which hook yields what."""

from __future__ import annotations

import pytest
from tradewright.host.components import OrderCheckSpec, TargetRuleSpec
from tradewright.host.kinds import HOOKS, KINDS, Kind


@pytest.mark.parametrize(
    ("word", "attributes", "methods"),
    [
        ("data-source", (), ("history",)),
        ("signal", ("warmup_bars", "fitted_until"), ("compute",)),
        ("optimizer", (), ("solve", "solve_rows")),
        ("target-rule", (), ()),
        ("executor", ("capabilities",), ("submit", "cancel", "query", "snapshot", "reports", "close")),
    ],
)
def test_kind_knows_what_its_protocols_declare_the_optional_ones_included(
    word: str, attributes: tuple[str, ...], methods: tuple[str, ...]
) -> None:
    """A process of its own relays these, so a protocol that grows is relayed as well."""
    assert (attributes, methods) == (KINDS[word].attributes, KINDS[word].methods)


def test_kind_is_named_as_its_specs_are() -> None:
    assert list(KINDS) == [kind.word for kind in KINDS.values()] == [kind.spec.kind for kind in KINDS.values()]


def test_hook_of_rules_yields_both_kinds() -> None:
    assert (TargetRuleSpec, OrderCheckSpec) == HOOKS["tradewright_risk_rules"]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_place_in_the_file_holds_the_name(kind: Kind) -> None:
    assert "my-part" in kind.place.format("my-part")
