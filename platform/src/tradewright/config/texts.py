"""What words, names, symbols and lists of plugins.toml may be."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.config.ranges import OptionError
from tradewright.config.wording import show
from tradewright.values.instrument import is_symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def a_word(pattern: str, wanted: str, example: str) -> Callable[[Any, attrs.Attribute[str], str], None]:
    """Return a validator for texts that match `pattern` as a whole."""
    compiled = re.compile(pattern)

    def check(_: object, __: attrs.Attribute[str], text: str) -> None:
        if compiled.fullmatch(text) is None:
            raise OptionError(f"must be {wanted}, was {show(text)}", f"write {wanted}, such as {example}")

    return check


word = a_word(r"[A-Za-z0-9][A-Za-z0-9_./-]*", "one word", '"sample-data"')


def names(_: object, attribute: attrs.Attribute[Any], table: Mapping[str, Any]) -> None:
    """Names end up in paths, on screens and in the ledger."""
    if attribute.default is attrs.NOTHING and not table:
        raise OptionError("must not be empty", f"add {attribute.metadata['example']}")
    for name in table:
        if _NAME.fullmatch(name) is None:
            raise OptionError(f"a name must be letters, digits, - or _, was {show(name)}", "rename it")


def folders(instance: Any, attribute: attrs.Attribute[Any], paths: tuple[str, ...]) -> None:
    """An allow-list says exactly what it allows: absolute folders, and never the whole disk."""
    for path in paths:
        if not path.startswith("/") or ".." in path.split("/"):
            fix = 'write the folder from the root on, such as "/srv/prices"'
            raise OptionError(f"must be an absolute folder, was {show(path)}", fix)
        if not path.strip("/"):
            raise OptionError(f"must not allow everything, was {show(path)}", "name the folder of the prices")
    distinct(instance, attribute, paths)


def some_symbols(instance: Any, attribute: attrs.Attribute[Any], symbols: tuple[str, ...]) -> None:
    """Symbols end up in names of files: each is written as `is_symbol` has it, and none twice."""
    if not symbols:
        raise OptionError("must not be empty", 'name at least one symbol, such as ["SPY"]')
    for symbol in symbols:
        if not is_symbol(symbol):
            capitals = symbol.strip().upper()
            fix = "write capitals, digits or . _ / : ^ = -, at most 32 characters"
            meant = f"; did you mean {capitals}?" if is_symbol(capitals) else ""
            raise OptionError(f"invalid symbol {show(symbol)}{meant}", fix)
    distinct(instance, attribute, symbols)


def distinct(_: object, __: attrs.Attribute[Any], items: tuple[Any, ...]) -> None:
    """Nothing is listed twice, under whatever version."""
    for item, times in Counter(getattr(item, "name", item) for item in items).items():
        if times > 1:
            raise OptionError(f"{item} listed twice", f"remove one {item}")
