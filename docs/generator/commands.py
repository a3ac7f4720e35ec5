"""The command line, from the commands themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from tradewright.cli import main
from tradewright.cli.program import PROGRAM, Lazy

from generator.markdown import code, table

if TYPE_CHECKING:
    from collections.abc import Iterator


def command(*words: str) -> str:
    """Return how a command is called and the table of its options; without words, those of the program itself."""
    context = contexts()[" ".join([PROGRAM, *words])]
    usage = " ".join([context.command_path, *context.command.collect_usage_pieces(context)])
    rows = [
        (code(names), help_text)
        for names, help_text in (option.get_help_record(context) or ("", "") for option in _options(context))
    ]
    return f"\n```text\nusage: {usage}\n```\n{table(('option', 'meaning'), rows)}"


def contexts() -> dict[str, click.Context]:
    """Return every command by its words, groups and the program itself included."""
    return {context.command_path: context for context in _walk(click.Context(main, info_name=PROGRAM))}


def _walk(context: click.Context) -> Iterator[click.Context]:
    yield context
    if not isinstance(context.command, click.Group):
        return
    for name in context.command.list_commands(context):
        found = context.command.commands[name]
        loaded = found.load() if isinstance(found, Lazy) else found
        yield from _walk(click.Context(loaded, context, info_name=name, **loaded.context_settings))


def _options(context: click.Context) -> list[click.Option]:
    return [one for one in context.command.get_params(context) if isinstance(one, click.Option)]
