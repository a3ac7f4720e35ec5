"""`tradewright why`: one order, from the prices that led to it to what became of it."""

from __future__ import annotations

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
    from tradewright.ledger.views import Story

_EXAMPLES = """\b
Examples:
  tradewright why last             the newest order that is no stop
  tradewright why 5f3a9c           the order whose id begins so
  tradewright why last --account desk --json
"""


@click.command(epilog=_EXAMPLES)
@click.argument("order", metavar="ORDER|last")
@place_options
@json_option
def why(order: str, config_file: Path, as_json: bool, **place: Any) -> None:  # noqa: FBT001  # click passes by name
    """Walk one order back: row, votes, target, what checks cut, the quote, the venue's words, fills.

    Everything is read from the ledger alone.
    """
    from tradewright.ledger.views import tell_story  # noqa: PLC0415  # a database's library: 0.6 s

    with place_of(config_file, **place).open() as store:
        story = tell_story(store, order)
    if as_json:
        echo_json("why", **_fields(story))
        return
    for line in _lines(story):
        click.echo(printable(line))


def _fields(story: Story) -> dict[str, Any]:
    fields = attrs.asdict(story, recurse=False)
    entries = {name: _entry(fields[name]) for name in ("intent", "decision")}
    return {**fields, **entries, "words": [_entry(word) for word in story.words]}


def _entry(entry: Entry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    return {"seq": entry.seq, "at": instant_text(entry.at), "kind": str(entry.kind), "body": entry.body}


def _lines(story: Story) -> Iterator[str]:
    body, decision = story.intent.body, story.decision
    side = "sell" if body["quantity"].startswith("-") else "buy"
    limit = "" if body["limit"] is None else f", limit {body['limit']}"
    stop = "" if body["stop"] is None else f", stop {body['stop']}"
    yield f"{side} {body['quantity'].lstrip('-')} {body['symbol']} for {body['strategy']}{limit}{stop}"
    yield f"  order      {body['client_id']}, {body['purpose']}, entry {story.intent.seq:,}"
    if decision is not None:
        yield f"  decided    {body['decided_at']}, entry {decision.seq:,}"
    if story.row is not None:
        yield "  row        " + ", ".join(f"{name} {price}" for name, price in story.row.items())
    for signal, vote in story.votes.items():
        yield f"  vote       {signal} {vote:+.4f}"
    if story.target is not None:
        yield f"  wanted     {story.target:+.4f} of the book's equity"
    yield f"  checks     {'cut by ' + ', '.join(body['cut_by']) if body['cut_by'] else 'let all of it go'}"
    if story.quote is not None:
        yield f"  quote      bid {story.quote[0]}, ask {story.quote[1]}, at {instant_text(story.intent.at)}"
    for word in story.words:
        yield f"  {instant_text(word.at)[:19]}  {_said(word)}"


def _said(word: Entry) -> str:
    body = word.body
    if word.kind is Kind.FILL:
        return f"filled {body['quantity']} at {body['price']}, fee {body['fee']}, entry {word.seq:,}"
    reason = f": {body['reason']}" if body["reason"] else ""
    return f"{body['word']}, now {body['status']}{reason}"
