"""A secret among the options of a component: where it comes from is shown, what it is only when asked for."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import attrs

from tradewright.redaction import conceal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Key = tuple[str, ...]

T = TypeVar("T")
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|keyring:[^/\s]+/\S+")


def is_reference(text: str) -> bool:
    """Say whether a text names a secret without being one.

    >>> is_reference("env:BROKER_KEY"), is_reference("BROKER_KEY")
    (True, False)
    """
    return _REFERENCE.fullmatch(text) is not None


class Secret:
    """The type of an option that is a secret; plugins.toml names it, and the kernel finds it when it is needed.

    No way of showing or keeping it gives its text: not `repr`, `str`, `format`, `attrs.asdict`, JSON or pickle.  A
    copy that was pickled has no text.

    Attributes:
        reference: Where it comes from: `env:NAME` or `keyring:service/name`.

    >>> key = Secret("env:BROKER_KEY", "a text for a test")
    >>> print(key)
    Secret(env:BROKER_KEY)
    >>> key.reveal()
    'a text for a test'
    """

    __slots__ = ("_text", "reference")
    reference: str
    _text: str | None

    def __init__(self, reference: str, text: str | None = None) -> None:
        """Name a secret, or hold it.

        Args:
            reference: Where it comes from.
            text: What it is; None while nobody has looked.

        Raises:
            ValueError: `reference` is none; it is not repeated, since it may be the secret.
        """
        if not is_reference(reference):
            raise ValueError("a secret is named by env:NAME or keyring:service/name")
        object.__setattr__(self, "reference", reference)
        object.__setattr__(self, "_text", text)
        if text is not None:
            conceal(text, reference)

    def reveal(self) -> str:
        """Return the text.

        Raises:
            LookupError: Nobody has looked for it; the kernel does so just before it calls the factory.
        """
        if self._text is None:
            raise LookupError(f"{self.reference} has not been looked for; only a component that is made has its text")
        return self._text

    def __repr__(self) -> str:
        return f"Secret({self.reference})"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        """Compare in a time that does not tell how much of the text is right."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._whole(), other._whole())

    def _whole(self) -> bytes:
        """Return reference and text as bytes; no text at all differs from an empty one."""
        text = "" if self._text is None else f"\0{self._text}"
        return f"{self.reference}{text}".encode("utf-8", "surrogateescape")

    def __hash__(self) -> int:
        return hash(self.reference)

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        """Leave the text behind: what is pickled may end up in a file."""
        return Secret, (self.reference,)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _: object) -> Secret:
        return self

    def __setattr__(self, name: str, _: object) -> NoReturn:
        raise AttributeError(f"a Secret cannot be changed: {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Secret cannot be changed: {name}")


def secrets_in(value: Any, key: Key = ()) -> Iterator[tuple[Key, Secret]]:
    """Yield every secret among the options of a component, with its place in their table."""
    if isinstance(value, Secret):
        yield key, value
    elif attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            if field.init:
                yield from secrets_in(getattr(value, field.name), (*key, field.alias))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from secrets_in(inner, (*key, str(name)))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from secrets_in(inner, key)


def with_texts(value: T, find: Callable[[Key, Secret], Secret], key: Key = ()) -> T:
    """Return the options of a component with what `find` says in place of each secret; without any, `value` itself.

    Args:
        value: The options.
        find: Is given the place of a secret in their table, and the secret.
        key: Place of `value`.
    """
    changed: Any = value
    if next(secrets_in(value), None) is None:
        return value
    if isinstance(value, Secret):
        changed = find(key, value)
    elif attrs.has(type(value)):
        fields = [field for field in attrs.fields(type(changed)) if field.init]
        found = {one.alias: with_texts(getattr(value, one.name), find, (*key, one.alias)) for one in fields}
        changed = attrs.evolve(changed, **found)
    elif isinstance(value, dict):
        changed = {name: with_texts(inner, find, (*key, str(name))) for name, inner in value.items()}
    elif isinstance(value, list | tuple):
        changed = type(value)(with_texts(inner, find, key) for inner in value)
    return changed  # type: ignore[no-any-return]  # of the type that it was
