"""Fields of config classes at their limits, the words of errors, and the lines that keys stand on."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tradewright.config import (
    Pin,
    Range,
    count,
    describe,
    did_you_mean,
    fraction,
    non_negative,
    number,
    one_of,
    option,
    positive,
    show,
)
from tradewright.config.document import Document
from tradewright.config.toml_lines import line_of

# ---- fields ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "accepted", "refused"),
    [
        (fraction(), [1e-9, 0.5, 1.0, 1], [0, 0.0, -1e-9, 1.0000001, 30, "0.5", True, float("nan")]),
        (fraction(at_least=0.0), [0, 0.0, 1.0], [-1e-9, 1.0000001]),
        (fraction(at_least=-1.0), [-1.0, 0.0], [-1.0000001]),
        (fraction(at_most=0.3), [0.3], [0.30000001]),
        (positive(), [1e-300, 1e300], [0, -1, float("inf"), 10**400, None]),
        (positive(at_most=5), [5, 5.0], [5.0000001]),
        (positive(None), [None, 1], [0]),
        (non_negative(), [0, 0.0, 3], [-1e-300, float("-inf")]),
        (number(), [-1e300, 0], [float("nan"), float("inf"), 1j]),
        (number(at_least=-1, at_most=1), [-1, 1], [-1.0000001, 1.0000001]),
        (count(), [1, 2**63 - 1], [0, 1.0, 2**63, False]),
        (count(at_least=0, at_most=2), [0, 2], [-1, 3]),
        (one_of("a", "b"), ["a", "b"], ["c", "A", 1, None, True]),
    ],
)
def test_field_at_its_limits_accepts_and_refuses(field: Any, accepted: list[Any], refused: list[Any]) -> None:
    cls = attrs.make_class("Options", {"value": field}, frozen=True)

    for value in accepted:
        assert value == cls(value).value
    for value in refused:
        with pytest.raises(ValueError, match=r"must (be|fit)"):
            cls(value)


@pytest.mark.parametrize(
    ("bounds", "value", "meant"),
    [
        (Range(kind="fraction", above=0.0, at_most=1.0), 30, "0.30"),
        (Range(kind="fraction", above=0.0, at_most=1.0), "30%", "0.30"),
        (Range(kind="fraction", above=0.0, at_most=1.0), " 30 % ", "0.30"),
        (Range(kind="fraction", above=0.0, at_most=1.0), 12.5, "0.125"),
        (Range(kind="fraction", above=0.0, at_most=1.0), 100, "1.00"),
        (Range(kind="fraction", above=0.0, at_most=1.0), "0.3", "0.3"),
        (Range(kind="fraction", above=0.0, at_most=1.0), 1.5, None),
        (Range(kind="fraction", above=0.0, at_most=1.0), 101, None),
        (Range(kind="fraction", above=0.0, at_most=1.0), "-30%", None),
        (Range(kind="fraction", above=0.0, at_most=0.3), 31, None),
        (Range(), "5%", None),
        (Range(), "5", "5"),
        (Range(kind="count", at_least=1), 20.0, "20"),
        (Range(kind="count", at_least=1), 20.5, None),
    ],
)
def test_range_when_refusing_suggests_only_what_it_would_accept(
    bounds: Range, value: object, meant: str | None
) -> None:
    refused = bounds.refusal(value)

    assert refused is not None
    assert (f"; did you mean {meant}?" in str(refused)) is (meant is not None)
    assert ("did you mean" in str(refused)) is (meant is not None)
    assert (f"write {meant}" == refused.fix) is (meant is not None)


def test_field_metadata_when_printed_tells_doc_unit_bounds_and_default() -> None:
    @attrs.frozen(kw_only=True)
    class Options:
        limit: float = fraction(0.12, doc="largest loss from the peak")
        kind: str = one_of("atr", "volatility", default="atr", doc="kind of stop", unit="word")
        path: str = option(doc="where the prices are")
        bare: int = attrs.field(factory=int)

    fields = attrs.fields(Options)
    assert "limit: largest loss from the peak [fraction], > 0, <= 1, default 0.12" == describe(fields.limit)
    assert 'kind: kind of stop [word], atr | volatility, default "atr"' == describe(fields.kind)
    assert "path: where the prices are" == describe(fields.path)
    assert "bare" == describe(fields.bare)


@pytest.mark.parametrize("text", ["ma-crossover", "ma-crossover==0.1.0", "x==1!2.0rc1+local.1", "a1-b2"])
def test_pin_when_parsed_writes_itself_back(text: str) -> None:
    assert text == str(Pin.parse(text))


# ---- words and lines -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (False, "false"),
        (0.30, "0.3"),
        ("a" * 40, f'"{"a" * 40}"'),
        ("a" * 41, f'"{"a" * 40}..."'),
        ("größe", '"größe"'),
        ("\x1b[1m\u202e", '"\\u001b[1m\\u202e"'),
        ([1, 2], "an array of 2"),
        (None, "None"),
    ],
)
def test_show_when_text_could_harm_a_terminal_escapes_it(value: object, expected: str) -> None:
    assert expected == show(value)


def test_did_you_mean_when_nothing_is_near_is_empty() -> None:
    assert ("; did you mean XNYS?", "") == (did_you_mean("xnys", ["XNYS"]), did_you_mean("a", ["XNYS"]))


LINES = '''\
# a comment = 1
top = 1

[a.b]
x = """
[not.a.header]
y = 2
"""
"quoted = key" = 3
inline = { deep = { deeper = [
  1,
] } }
a.dotted = 4

[[many]]
one = 1
[[many]]
two = 2
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("top",), 2),
        (("a",), 4),
        (("a", "b", "x"), 5),
        (("a", "b", "quoted = key"), 9),
        (("a", "b", "inline", "deep", "deeper"), 10),
        (("a", "b", "a", "dotted"), 13),
        (("a", "b", "absent", "x"), 4),
        (("many", "one"), 16),
        (("many", "two"), 18),
        (("not", "a", "header"), 1),
        ((), 1),
    ],
)
def test_line_of_when_asked_for_a_key_finds_its_statement(key: tuple[str, ...], line: int) -> None:
    assert line == line_of(LINES, key)
    assert line == line_of(LINES.replace("\n", "\r\n"), key)


def test_document_when_empty_places_errors_on_line_one() -> None:
    assert "plugins.toml:1: a.b: wrong" == str(Document().error(("a", "b"), "wrong", "mend it"))


def test_error_when_positive_is_used_in_python_raises_value_error() -> None:
    @attrs.frozen
    class Options:
        size: float = positive(1.0)

    with pytest.raises(ValueError, match="must be > 0, was -1"):
        Options(size=-1)
