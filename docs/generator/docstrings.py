"""A docstring as Markdown: griffe reads it, and this writes what griffe found."""

from __future__ import annotations

import inspect
from typing import Any

import attrs
import griffe
from tradewright.config.wording import show

from generator.markdown import code, table

LINE_MAX = 100
_STARS: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
PARSER = griffe.GoogleOptions(warnings=False)
"""Types stand in the signature, so a docstring without them is complete."""


def document(thing: object) -> str:
    """Return the docstring of `thing`, its sections as tables and its examples as code."""
    text = inspect.getdoc(thing) or ""
    sections = griffe.Docstring(text, parser="google", parser_options=PARSER).parse()
    return "\n".join(_section(section).strip() + "\n" for section in sections)


def signature(thing: Any) -> str:
    """Return how a function or class is called, as code: annotations as they stand in its source.

    >>> def best(*words: str, most: int = 1) -> str: ...
    >>> print(signature(best))
    ```text
    best(*words: str, most: int = 1) -> str
    ```
    <BLANKLINE>
    """
    types = _annotations(thing)
    words: list[str] = []
    named_only = False
    for parameter in inspect.signature(thing).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not named_only:
            words.append("*")
        named_only |= parameter.kind in {parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL}
        star = _STARS.get(parameter.kind, "")
        annotation = f": {types[parameter.name]}" if parameter.name in types else ""
        words.append(f"{star}{parameter.name}{annotation}{_default(parameter.default)}")
    answer = f" -> {types['return']}" if inspect.isroutine(thing) else ""
    flat = f"{thing.__name__}({', '.join(words)}){answer}"
    if len(flat) > LINE_MAX:
        flat = "\n    ".join([f"{thing.__name__}(", *(f"{word}," for word in words)]) + f"\n){answer}"
    return f"```text\n{flat}\n```\n"


def _annotations(thing: Any) -> dict[str, str]:
    if inspect.isroutine(thing):
        return dict(thing.__annotations__)
    found = dict(getattr(thing.__init__, "__annotations__", {}))
    for base in reversed(thing.__mro__):
        found |= inspect.get_annotations(base)
    return {name: str(getattr(text, "__forward_arg__", text)) for name, text in found.items()}


def _default(default: object) -> str:
    if default is inspect.Parameter.empty:
        return ""
    return " = ..." if default is attrs.NOTHING else f" = {show(default)}"


def _section(section: Any) -> str:
    match section.kind.value:
        case "text":
            return _text(section.value)
        case "parameters" | "attributes":
            word = "argument" if section.kind.value == "parameters" else "attribute"
            return table((word, "meaning"), [(code(one.name), one.description) for one in section.value])
        case "raises":
            return table(("raises", "when"), [(code(one.annotation), one.description) for one in section.value])
        case "returns":
            return "**Returns**\n\n" + " ".join(" ".join(one.description.split()) for one in section.value)
        case "admonition":
            return f"**{section.title}**\n{_text(section.value.contents)}"
    raise ValueError(f"a docstring has a section of kind {section.kind.value}, which this cannot write")


def _text(text: str) -> str:
    """Return paragraphs as they are, and an example as a block of code."""
    return "".join(
        f"\n```pycon\n{paragraph}\n```\n" if paragraph.startswith(">>> ") else f"\n{paragraph}\n"
        for paragraph in text.split("\n\n")
    )
