"""Entries and their chain: every change, loss and insertion is named."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_cases import BEGIN, BODIES, CALM, days, draft, genesis, intent
from tradewright.errors import LedgerError
from tradewright.ledger.entry import INPUTS, OUTPUTS, START, Draft, Entry, Head, Kind, chain, check, verify

LATER = sorted(set(Kind) - {Kind.GENESIS})


@pytest.fixture
def entries() -> tuple[Entry, ...]:
    return chain(START, [one for commit in islice(days(), 9) for one in commit])


def texts(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(entry.line)
    return {**{key: found[key] for key in ("seq", "at", "kind", "hash")}, "text": entry.text}


# ---- kinds -----------------------------------------------------------------------------------------------


def test_every_kind_is_either_told_or_decided() -> None:
    told = (
        "genesis session anchor row quote action order fill activity request breach timeout evidence document series"
    )
    decided = "decision intent halt lift capital alert job checkpoint opportunity model"

    assert set(told.split()) == INPUTS
    assert set(decided.split()) == OUTPUTS
    assert Kind.FILL.is_input
    assert not Kind.INTENT.is_input


# ---- chain -----------------------------------------------------------------------------------------------


def test_chain_numbers_from_one_and_hashes_what_anyone_can_hash_again() -> None:
    first, second = chain(START, [genesis(), draft(Kind.ROW, 0.5, close=0.1)])
    before = "0" * 64
    text = f'["{before}",1,"2026-03-02T14:30:00.000000Z","genesis",{{"ledger":"desk"}}]'
    then = f'["{first.hash}",2,"2026-03-02T14:30:00.500000Z","row",{{"close":"0.1"}}]'

    assert (1, 2) == (first.seq, second.seq)
    assert hashlib.sha256(text.encode()).hexdigest() == first.hash
    assert hashlib.sha256(then.encode()).hexdigest() == second.hash
    assert {"close": "0.1"} == second.body
    assert Head(2, second.hash) == second.head


def test_chain_goes_on_where_it_stopped() -> None:
    drafts = [genesis(), intent("c1"), intent("c2"), draft(Kind.ROW)]
    whole = chain(START, drafts)
    begun = chain(START, drafts[:2])

    assert whole == begun + chain(begun[-1].head, drafts[2:])
    assert () == chain(START, [])


def test_chain_keeps_instants_in_utc() -> None:
    at = datetime(2026, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=-5)))
    (entry,) = chain(START, [Draft(at, Kind.GENESIS, {})])

    assert BEGIN == entry.at
    assert entry.at.tzinfo is UTC


def test_chain_does_not_follow_a_draft_that_is_changed_later() -> None:
    body = {"ledger": "desk"}
    (entry,) = chain(START, [Draft(BEGIN, Kind.GENESIS, body)])
    body["ledger"] = "other"

    assert {"ledger": "desk"} == entry.body
    assert entry.head == verify([entry])


@pytest.mark.parametrize(
    ("drafts", "key", "wrong"),
    [
        ([draft(Kind.ROW)], "entry 1 (row)", "the first entry must be genesis"),
        ([genesis(), genesis()], "entry 2 (genesis)", "genesis must be the first entry"),
        ([genesis(), draft(Kind.ROW, p=float("nan"))], "row.p", "must be finite, was nan"),
        ([Draft(datetime(2026, 3, 2), Kind.GENESIS, {})], "genesis", "must have a time zone"),  # noqa: DTZ001  # the point
    ],
)
def test_chain_refuses_what_cannot_be_written(drafts: list[Draft], key: str, wrong: str) -> None:
    with pytest.raises(LedgerError, match=wrong) as raised:
        chain(START, drafts)

    assert key == raised.value.key


def test_draft_of_a_kind_that_is_only_text_is_refused() -> None:
    with pytest.raises(TypeError, match="kind"):
        Draft(BEGIN, "row", {})  # type: ignore[arg-type]  # what is tested


@CALM
@given(BODIES, st.sampled_from(LATER), st.datetimes(timezones=st.just(UTC)))
def test_any_entry_is_read_back_from_its_line_and_from_its_columns(body: Any, kind: Kind, at: datetime) -> None:
    before = Head(7, "ab" * 32)
    (entry,) = chain(before, [Draft(at, kind, body)])

    assert entry == Entry.parse(entry.line)
    assert entry == Entry.load(**texts(entry))
    assert entry.head == verify([Entry.parse(entry.line)], before)


# ---- verification ----------------------------------------------------------------------------------------


def test_verify_of_what_was_chained_gives_its_head(entries: tuple[Entry, ...]) -> None:
    assert entries[-1].head == verify(entries)
    assert entries[-1].head == verify(entries[5:], entries[4].head)
    assert START == verify([])
    assert list(entries) == list(check(entries))


ALTERED: dict[str, Callable[[Entry], Entry]] = {
    "body": lambda entry: attrs.evolve(entry, text=entry.text.replace("}", ',"z":1}')),
    "kind": lambda entry: attrs.evolve(entry, kind=Kind.QUOTE if entry.kind != Kind.QUOTE else Kind.ROW),
    "at": lambda entry: attrs.evolve(entry, at=entry.at + timedelta(microseconds=1)),
    "hash": lambda entry: attrs.evolve(entry, hash=entry.hash.translate(str.maketrans("0123", "1230"))),
}


@pytest.mark.parametrize("what", ALTERED)
@pytest.mark.parametrize("place", [1, 8, 20])
def test_check_of_an_altered_entry_names_it_and_yields_those_before(
    entries: tuple[Entry, ...], what: str, place: int
) -> None:
    altered = [*entries[:place], ALTERED[what](entries[place]), *entries[place + 1 :]]
    seen = []
    with pytest.raises(LedgerError, match="altered") as raised:
        seen.extend(check(altered))

    assert f"entry {place + 1} (" in str(raised.value)
    assert raised.value.fix is not None
    assert "restore" in raised.value.fix


def test_check_of_a_lost_entry_names_the_number_that_is_missing(entries: tuple[Entry, ...]) -> None:
    with pytest.raises(LedgerError, match="entry 4: it is missing; entry 5 follows entry 3"):
        verify([*entries[:3], *entries[4:]])


def test_check_of_swapped_repeated_and_inserted_entries_names_the_place(entries: tuple[Entry, ...]) -> None:
    with pytest.raises(LedgerError, match="entry 4: it is missing; entry 5 follows entry 3"):
        verify([*entries[:3], entries[4], entries[3], *entries[5:]])
    with pytest.raises(LedgerError, match="entry 5: it is missing; entry 4 follows entry 4"):
        verify([*entries[:4], entries[3]])
    (other,) = chain(START, [genesis("other")])
    with pytest.raises(LedgerError, match=r"entry 2 \(row\): altered"):
        verify([other, *entries[1:]])
    with pytest.raises(LedgerError, match="genesis must be the first"):
        verify([entries[0], attrs.evolve(other, seq=2)])


@pytest.mark.parametrize(
    ("column", "value", "wrong"),
    [
        ("at", "2026-03-02 14:30:00.000000Z", "must be written like"),
        ("kind", "rov", "knows no such kind"),
        ("kind", None, "holds no text"),
        ("text", b"{}", "holds no text"),
        ("hash", 7, "holds no text"),
    ],
)
def test_load_of_a_column_that_no_entry_writes_names_the_entry(
    entries: tuple[Entry, ...], column: str, value: Any, wrong: str
) -> None:
    with pytest.raises(LedgerError, match=wrong) as raised:
        Entry.load(**{**texts(entries[1]), column: value})

    assert "entry 2 (" in str(raised.value)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "7",
        "null",
        '{"at":1}',
        "not json",
        '{"at":"2026-03-02T14:30:00.000000Z","body":{"a":1.5},"hash":"00","kind":"row","seq":2}',
        '{"at":"2026-03-02T14:30:00.000000Z","body":{}, "hash":"00","kind":"row","seq":2}',
        '{"at":"2026-03-02T14:30:00.000000Z","body":{},"hash":"00","kind":"row","seq":2,"more":1}',
        '{"at":"2026-03-02T14:30:00.000000Z","body":' + "[" * 100_000,
    ],
)
def test_parse_of_a_line_in_another_form_is_refused(line: str) -> None:
    with pytest.raises(LedgerError, match="a line must be an entry as"):
        Entry.parse(line)


def test_parse_of_every_single_flipped_bit_is_refused_or_found_by_check(entries: tuple[Entry, ...]) -> None:
    """A flip may leave a line that reads well; then its hash does not fit."""
    draws = random.Random(7)
    before, entry = entries[3], entries[4]
    outcomes = {"refused": 0, "found": 0}
    for _ in range(400):
        raw = bytearray(entry.line.encode())
        raw[draws.randrange(len(raw))] ^= 1 << draws.randrange(8)
        try:
            parsed = Entry.parse(raw.decode("utf-8", "surrogateescape"))
        except LedgerError:
            outcomes["refused"] += 1
            continue
        with pytest.raises(LedgerError):
            verify([parsed], before.head)
        outcomes["found"] += 1

    assert 400 == sum(outcomes.values())
    assert min(outcomes.values()) > 50
