"""The canonical form: one text for each value, and a clear refusal of what has none."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_cases import BODIES, CALM, FLOATS
from tradewright.errors import LedgerError
from tradewright.ledger.canonical import BYTES_MAX, DEPTH_MAX, DIGITS_MAX, canonical, instant_of, instant_text


def nested(depth: int) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for _ in range(depth - 1):
        body = {"a": body}
    return body


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (0, "0"),
        (-7, "-7"),
        (10**DIGITS_MAX - 1, "9" * DIGITS_MAX),
        (0.1, '"0.1"'),
        (1e22, '"1e+22"'),
        (-0.0, '"-0.0"'),
        (5e-324, '"5e-324"'),
        (np.float64(0.1), '"0.1"'),
        (Decimal("1.50"), '"1.50"'),
        (Decimal("1E+3"), '"1000"'),
        (Decimal("1E-9"), '"0.000000001"'),
        (Decimal("-0"), '"-0"'),
        ("é\n\x00", '"é\\n\\u0000"'),
        ((1, [2.5]), '[1,["2.5"]]'),
        (MappingProxyType({"b": 1, "a": 2}), '{"a":2,"b":1}'),
        (datetime(2026, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=-5))), '"2026-03-02T14:30:00.000000Z"'),
    ],
)
def test_canonical_of_each_kind_of_value_is_its_one_text(value: object, expected: str) -> None:
    assert f'{{"v":{expected}}}' == canonical({"v": value})


def test_canonical_sorts_keys_by_code_point_at_every_level() -> None:
    assert '{"B":{"x":1,"y":2},"a":3,"é":4}' == canonical({"é": 4, "a": 3, "B": {"y": 2, "x": 1}})


@pytest.mark.parametrize(
    ("body", "key", "wanted", "found"),
    [
        ({"p": math.nan}, "p", "must be finite", "was nan"),
        ({"p": [1.0, math.inf]}, "p.1", "must be finite", "was inf"),
        ({"p": Decimal("NaN")}, "p", "must be finite", "was NaN"),
        ({"p": Decimal("-Infinity")}, "p", "must be finite", "was -Infinity"),
        ({"p": Decimal("1E+64")}, "p", "at most 64 digits", "was 1.000e+64"),
        ({"p": Decimal("1E-65")}, "p", "at most 64 digits", "was 1.000e-65"),
        ({"p": Decimal(f"1.{'0' * 127}")}, "p", "at most 64 digits", "was 1.000e+0"),
        ({"p": 10**DIGITS_MAX}, "p", "at most 64 digits", "was one of more"),
        ({"p": np.int64(3)}, "p", "must be text, a number", "was int64"),
        ({"p": {"q": {1, 2}}}, "p.q", "must be text, a number", "was set"),
        ({"p": {1: 2}}, "p.1", "a key must be text", "was int"),
        ({"p": datetime(2026, 3, 2)}, "p", "must have a time zone", "was 2026-03-02T00:00:00"),  # noqa: DTZ001  # the point of it
        ({"p": "\ud800"}, None, "must be UTF-8", "was '\\ud800'"),
        ({"p": "x" * BYTES_MAX}, None, "at most 1,048,576 bytes", "was 1,048,584"),
    ],
)
def test_canonical_refuses_what_has_no_one_text_and_names_it(
    body: dict[str, object], key: str | None, wanted: str, found: str
) -> None:
    with pytest.raises(LedgerError) as raised:
        canonical(body)

    assert key == raised.value.key
    assert wanted in raised.value.message
    assert raised.value.message.endswith(found)


def test_canonical_at_and_beyond_its_limits() -> None:
    assert BYTES_MAX == len(canonical({"p": "x" * (BYTES_MAX - 8)}))
    assert 63 == canonical({"p": Decimal("1E+63")}).count("0")
    assert canonical(nested(DEPTH_MAX)).count("{") == DEPTH_MAX
    with pytest.raises(LedgerError, match="32 levels"):
        canonical(nested(DEPTH_MAX + 1))


def test_canonical_of_a_body_that_holds_itself_is_refused() -> None:
    body: dict[str, Any] = {}
    body["me"] = body

    with pytest.raises(LedgerError, match="levels deep"):
        canonical(body)


@CALM
@given(BODIES)
def test_canonical_read_back_gives_the_same_text(body: dict[str, Any]) -> None:
    text = canonical(body)

    assert text == canonical(json.loads(text))
    assert list(body) == list(body)
    assert sorted(body) == list(json.loads(text))


@CALM
@given(BODIES)
def test_canonical_does_not_depend_on_the_order_of_keys(body: dict[str, Any]) -> None:
    assert canonical(body) == canonical(dict(reversed(body.items())))


@CALM
@given(FLOATS)
def test_canonical_of_a_float_reads_back_to_the_same_bits(value: float) -> None:
    back = float(json.loads(canonical({"v": value}))["v"])

    assert np.float64(value).tobytes() == np.float64(back).tobytes()


@CALM
@given(st.decimals(-(10**20), 10**20, places=12))
def test_canonical_of_a_decimal_reads_back_with_its_zeros(value: Decimal) -> None:
    text = json.loads(canonical({"v": value}))["v"]

    assert value.as_tuple() == Decimal(text).as_tuple()
    assert "E" not in text


@CALM
@given(st.datetimes(timezones=st.timezones()), st.datetimes(timezones=st.timezones()))
def test_instants_read_back_and_sort_as_their_texts_do(one: datetime, other: datetime) -> None:
    try:
        texts = instant_text(one), instant_text(other)
    except OverflowError:  # The first and the last day of the calendar, in another time zone.
        return
    one, other = one.astimezone(UTC), other.astimezone(UTC)

    assert {27} == {len(text) for text in texts}
    assert [one, other] == [instant_of(text) for text in texts]
    assert (one < other) == (texts[0] < texts[1])


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02",
        "2026-03-02T14:30:00Z",
        "2026-03-02t14:30:00.000000Z",
        "2026-03-02T14:30:00.000000z",
        "2026-03-02T14:30:00.000000+00:00",
        "2026-13-02T14:30:00.000000Z",
        "2026-03-02T14:30:00.000000",
        "",
        None,
        5,
    ],
)
def test_instant_of_a_text_in_another_form_is_refused(text: Any) -> None:
    with pytest.raises(LedgerError, match="must be written like"):
        instant_of(text)
