"""`tradewright why`: one order, from the prices that led to it to what became of it."""

from __future__ import annotations

import shutil
import textwrap
from datetime import UTC
from typing import TYPE_CHECKING, Any

import attrs
import click

from tradewright.cli.ledger_place import place_of, place_options
from tradewright.cli.options import json_option
from tradewright.cli.output import echo_json, printable
from tradewright.ledger.canonical import instant_text
from tradewright.ledger.entry import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tradewright.ledger.entry import Entry
    from tradewright.ledger.story import Cut, Story

    Line = tuple[str, str]

_EXAMPLES = """\b
Examples:
  tradewright why last             the newest order that is no stop
  tradewright why 5f3a9c           the order whose id begins so
  tradewright why SPX              the last decision on a symbol, though no order came of it
  tradewright why SPX --session 2018-10-11
  tradewright why last --account desk --json
"""
_MARGIN, _WIDTH_MAX = 13, 120


@click.command(epilog=_EXAMPLES)
@click.argument("order", metavar="ORDER|SYMBOL|last")
@place_options
@click.option(
    "--session", default=None, metavar="DATE", help="The session of the decision on a SYMBOL; else the last."
)
@json_option
def why(order: str, config_file: Path, session: str | None, as_json: bool, **place: Any) -> None:  # noqa: FBT001  # click passes by name
    """Walk one order back: row, forecasts, weights, verdicts of rules and checks, states, fills.

    Everything is read from the ledger alone. A SYMBOL tells the last decision on it, and why there is no order.
    """
    from tradewright.ledger.views import tell_story  # noqa: PLC0415  # a database's library: 0.6 s

    with place_of(config_file, **place).open() as store:
        story = tell_story(store, order, session)
    if as_json:
        echo_json("why", **_fields(story))
        return
    click.echo(printable(_title(story)))
    for name, text in _lines(story):
        for line in _wrapped(name, text):
            click.echo(printable(line))


def _fields(story: Story) -> dict[str, Any]:
    fields = attrs.asdict(
        story, recurse=True, filter=lambda field, _: field.name not in {"intent", "decision", "words"}
    )
    entries = {"intent": _entry(story.intent), "decision": _entry(story.decision)}
    words = [_entry(word) for word in story.words]
    return {**entries, **fields, "words": words, "realised": story.realised, "why_none": story.why_none or None}


def _entry(entry: Entry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    return {"seq": entry.seq, "at": instant_text(entry.at), "kind": str(entry.kind), "body": entry.body}


def _wrapped(name: str, text: str) -> list[str]:
    """Return one line of the page, or several where the terminal is narrow."""
    width = min(shutil.get_terminal_size().columns, _WIDTH_MAX)
    begin, later = f"  {name:{_MARGIN - 2}}", " " * _MARGIN
    page = textwrap.TextWrapper(width, begin, later, break_long_words=False, break_on_hyphens=False)
    return page.wrap(text)


def _title(story: Story) -> str:
    if story.intent is None:
        return f"no order in {story.symbol} for {story.strategy}, because {story.why_none}"
    body = story.intent.body
    limit = "" if body["limit"] is None else f", limit {body['limit']}"
    stop = "" if body["stop"] is None else f", stop {body['stop']}"
    return f"{_units(body['quantity'])} {body['symbol']} for {body['strategy']}{limit}{stop}"


def _lines(story: Story) -> Iterator[Line]:
    yield from _decided(story)
    yield from _said(story)
    yield from _weighed(story)
    if story.intent is not None:
        yield from _sent(story, story.intent)
    else:
        yield from (("check", _cut(one)) for one in story.cuts)


def _decided(story: Story) -> Iterator[Line]:
    if story.intent is not None:
        yield "order", f"{story.intent.body['client_id']}, {story.intent.body['purpose']}, entry {story.intent.seq:,}"
    if story.decision is not None:
        yield "decided", f"{instant_text(story.decision.at)}, entry {story.decision.seq:,}"
    if story.row is not None:
        yield "row", ", ".join(f"{name} {price}" for name, price in story.row.items())


def _said(story: Story) -> Iterator[Line]:
    for one in story.opinions:
        weight = "" if one.weight is None else f"weight {one.weight:g} x "
        product = "" if one.weight is None else f" = {one.weight * one.confidence * one.score:+.4f}"
        yield "signal", f"{one.signal}: {weight}confidence {one.confidence:g} x score {one.score:+.4f}{product}"
    for signal, reason in story.missing.items():
        yield "no vote", f"{signal}: {reason}"
    if story.combined is not None:
        yield "forecast", f"{story.combined:+.4f}"


def _weighed(story: Story) -> Iterator[Line]:
    if story.answer is not None:
        yield "optimizer", f"{story.answer:+.4f} of the strategy's equity"
    if story.standing is not None:
        yield "wanted", f"{story.standing:+.4f}, of an earlier decision that could not act yet"
    for one in story.verdicts:
        before = "no number" if one.before is None else f"{one.before:+.4f}"
        yield "rule", f"{one.by}: {before} -> {one.after:+.4f}{_limit(one)}"
    if story.target is not None:
        ruled = "" if story.verdicts else "; no rule has changed it"
        yield "target", f"{story.target:+.4f}, held {story.held or 0.0:+.4f}{ruled}"
    if story.planned is not None:
        cost = "" if story.expected is None else f", expected to cost {story.expected:.2f} bps"
        less = f", less than the target: {story.fewer}" if story.fewer else ""
        yield "planned", f"{_units(story.planned)}{cost}{less}"


def _sent(story: Story, intent: Entry) -> Iterator[Line]:
    if not story.cuts:
        yield "checks", "let all of it go"
    yield from (("check", _cut(one)) for one in story.cuts)
    if story.quote is not None:
        yield "quote", f"bid {story.quote[0]}, ask {story.quote[1]}"
    yield "intended", instant_text(intent.at)
    for word in story.words:
        later = (word.at.astimezone(UTC) - intent.at).total_seconds()
        yield f"+{later:,.3f} s", _word(story, word)
    if story.realised is not None:
        expected = "" if story.expected is None else f", expected {story.expected:.2f}"
        yield "cost", f"{story.realised:.2f} bps of the value, fees included{expected}"


def _word(story: Story, word: Entry) -> str:
    body = word.body
    if word.kind is Kind.FILL:
        off = story.against_mid(word)
        worse = "" if off is None else f" ({abs(off):.2f} bps {'better' if off < 0 else 'worse'} than the middle)"
        return f"filled {body['quantity']} at {body['price']}{worse}, fee {body['fee']}, entry {word.seq:,}"
    reason = f": {body['reason']}" if body["reason"] else ""
    return f"{body['word']}, now {body['status']}{reason}"


def _cut(one: Cut) -> str:
    return f"{one.by}: {_number(one.before)} -> {_number(one.after)} units{_limit(one)}"


def _limit(one: Cut) -> str:
    return "" if one.limit is None else f", limit {one.limit:g}"


def _number(value: float | None) -> str:
    return "no number" if value is None else f"{value:,.10g}"


def _units(quantity: str) -> str:
    text = quantity.removesuffix(".0")
    return f"sell {text[1:]}" if text.startswith("-") else f"buy {text}"
