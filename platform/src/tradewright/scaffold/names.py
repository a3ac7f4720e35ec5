"""What a plugin may be called: one word that becomes a folder, a package, a module and an entry point."""

from __future__ import annotations

import importlib.metadata
import keyword
import re

import attrs

from tradewright import builtins
from tradewright.config import show
from tradewright.errors import UsageError
from tradewright.host.hookspecs import PROJECT
from tradewright.host.kinds import HOOKS

LENGTH_MAX = 40
RESERVED = frozenset({PROJECT, "built-in", "builtins", "kernel", "plugin", "plugins", "test", "testing"})
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@attrs.frozen
class Names:
    """The same word four times.

    Attributes:
        plugin: In `[plugins] enabled`, and of the component: `my-signal`.

    >>> names = Names("my-signal")
    >>> names.distribution, names.package
    ('tradewright-my-signal', 'tradewright_my_signal')
    """

    plugin: str

    @property
    def distribution(self) -> str:
        """What pip installs."""
        return f"{PROJECT}-{self.plugin}"

    @property
    def package(self) -> str:
        """What Python imports."""
        return f"{PROJECT}_{self.module}"

    @property
    def module(self) -> str:
        """The word with underscores."""
        return self.plugin.replace("-", "_")


def names_of(word: str) -> Names:
    """Return the names of a new plugin.

    Raises:
        UsageError: The word cannot be one, or means something else already.
    """
    if not _NAME.fullmatch(word) or len(word) > LENGTH_MAX:
        meant = _meant(word)
        found = f"a plugin's name has small letters, digits and single -, at most {LENGTH_MAX}, was {show(word)}"
        raise UsageError(found, fix=f"write {meant}" if meant else "choose a name such as my-signal")
    if word.startswith(f"{PROJECT}-"):
        raise UsageError(f"{word} would become {PROJECT}-{word}", fix=f"write {word.removeprefix(f'{PROJECT}-')}")
    if keyword.iskeyword(word) or word in RESERVED:
        owner = "a word of Python" if keyword.iskeyword(word) else f"a word of {PROJECT}"
        raise UsageError(f"{word} is {owner}", fix=f"choose another name, such as my-{word}")
    if taken := _owner(word):
        raise UsageError(f"{word} is taken by {taken}", fix=f"choose another name, such as my-{word}")
    return Names(word)


def _meant(word: str) -> str | None:
    near = re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")
    return near if _NAME.fullmatch(near) and len(near) <= LENGTH_MAX else None


def _owner(word: str) -> str | None:
    """Return what has the name already: an installed plugin, or a component of the kernel."""
    for entry in importlib.metadata.entry_points(group=PROJECT, name=word):
        return f"the installed plugin {entry.dist.name if entry.dist else entry.value}"
    for hook in HOOKS:
        for spec in getattr(builtins, hook, tuple)():
            if spec.name == word:
                return f"the {spec.kind} of the kernel"
    return None
