"""From a file to settings: read it, look for secrets, structure it, check what only the whole can tell."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.config.credentials import refuse_secrets
from tradewright.config.document import Document, load
from tradewright.config.secrets import references
from tradewright.config.settings import FORMAT, Sections, Settings
from tradewright.config.strict import structure_table
from tradewright.config.wording import did_you_mean, show
from tradewright.redaction import conceal_variables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from tradewright.config.strategy_tables import StrategySettings


def read(path: Path, overrides: Sequence[str] = ()) -> Settings:
    """Read plugins.toml.

    The options of components are kept as they stand; `structure` validates them once their plugin is loaded.

    Args:
        path: The file.
        overrides: Texts of `--set`, such as `strategies.trend.gross=0.3`.

    Raises:
        ConfigError: The file is missing or not TOML, a key is unknown, missing or wrong, or holds a secret.
        UsageError: An override is not `key=value`, or names a feed, strategy or signal that is not there.
    """
    return _settings(load(path, overrides))


def restore(table: Mapping[str, Any], path: Path) -> Settings:
    """Return settings from what `Settings.as_table` once gave.

    Args:
        table: The effective values.
        path: What errors call the place; its folder is the workspace, and no such file need be there.

    Raises:
        ConfigError: This version takes something for unknown, missing or wrong.
    """
    return _settings(Document(path=path, table=table))


def _settings(document: Document) -> Settings:
    refuse_secrets(document)
    table = dict(document.table)
    _check_format(document, table.pop("format", FORMAT))
    sections = structure_table(document, (), table, Sections, also=("format",))
    values = {field.name: getattr(sections, field.name) for field in attrs.fields(Sections)}
    settings = Settings(document=document, **values)
    conceal_variables(reference for _, reference in references(settings))
    for name, strategy in settings.strategies.items():
        _check_feeds(settings, name, strategy)
    known = dict.fromkeys(symbol for feed in settings.data.values() for symbol in feed.symbols)
    for symbol in settings.instruments:
        _check_symbol(settings, ("instruments", symbol), symbol, known)
    if settings.benchmark is not None:
        _check_symbol(settings, ("benchmark",), settings.benchmark, known)
    return settings


def _check_format(document: Document, found: Any) -> None:
    """Refuse another format before its keys look like typing errors."""
    if type(found) is int and found == FORMAT:
        return
    newer = type(found) is int and found > FORMAT
    fix = "upgrade tradewright" if newer else f"write format = {FORMAT}"
    reads = f"this version reads format {FORMAT}"
    message = f"{reads}, was {show(found)}" + (", which is newer" if newer else "")
    raise document.error(("format",), message, fix)


def _check_symbol(settings: Settings, key: tuple[str, ...], symbol: str, known: Collection[str]) -> None:
    if symbol not in known:
        message = f"no feed has the symbol {show(symbol)}{did_you_mean(symbol, known)}"
        raise settings.document.error(key, message, f"name one of: {', '.join(known)}")


def _check_feeds(settings: Settings, name: str, strategy: StrategySettings) -> None:
    key = f"strategies.{name}.data"
    for feed in strategy.data:
        if feed not in settings.data:
            message = f"no feed {show(feed)} in [data]{did_you_mean(feed, settings.data)}"
            raise settings.error(key, message, f"name one of: {', '.join(settings.data)}")
    symbols = list(chain.from_iterable(settings.data[feed].symbols for feed in strategy.data))
    twice = [symbol for symbol in dict.fromkeys(symbols) if symbols.count(symbol) > 1]
    if twice:
        feeds = " and ".join(feed for feed in strategy.data if twice[0] in settings.data[feed].symbols)
        raise settings.error(key, f"{twice[0]} listed twice: by {feeds}", f"take {twice[0]} from one feed")
