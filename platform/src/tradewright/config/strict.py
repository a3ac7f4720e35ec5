"""Tables into config classes, strictly: TOML's types as they are, no unknown key, each fault placed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

import attrs
import cattrs
from cattrs.cols import (
    homogenous_tuple_structure_factory,
    is_mapping,
    list_structure_factory,
    mapping_structure_factory,
)
from cattrs.errors import (
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    StructureHandlerNotFoundError,
)
from cattrs.gen import make_dict_structure_fn

from tradewright.config.fields import describe, not_among
from tradewright.config.ranges import OptionError, Range
from tradewright.config.wording import closest, did_you_mean, dotted, show
from tradewright.errors import PluginError
from tradewright.values.secret import Secret, is_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tradewright.config.document import Document
    from tradewright.config.toml_lines import Key

T = TypeVar("T")


def structure_table(
    document: Document, key: Key, table: Mapping[str, Any], cls: type[T], *, also: Iterable[str] = ()
) -> T:
    """Return `table`, which stands at `key`, as a `cls`.

    Args:
        document: Where the table comes from, for errors.
        key: Place of the table in the document, empty for the whole.
        table: Keys and values as TOML has them.
        cls: An attrs class; its attribute names are the keys.
        also: Keys of the same table that someone else reads; only suggestions use them.

    Raises:
        ConfigError: A key is unknown, missing or holds a wrong value: the first one found.
        PluginError: `cls` is no attrs class, or has an annotation that cannot be read.
    """
    if not _is_config(cls):
        message = f"a config class must be an attrs class, was {cls!r}"
        raise PluginError(message, key=dotted(key), fix="decorate it with attrs.frozen")
    try:
        return CONVERTER.structure(table, cls)
    except (cattrs.BaseValidationError, OptionError) as error:
        if isinstance(error, ExceptionGroup) and error.subgroup(StructureHandlerNotFoundError):
            raise _unreadable(cls, key, error) from error
        # An unknown key explains a missing one, so it is told first.
        fault = min(_faults(error, (), table, frozenset(also)), key=lambda fault: not fault.unknown)
        raise document.error(key + fault.path, fault.message, fault.fix) from error
    except (StructureHandlerNotFoundError, NameError, TypeError) as error:
        raise _unreadable(cls, key, error) from error


def _unreadable(cls: type, key: Key, error: Exception) -> PluginError:
    reason = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
    fix = "annotate it with int, float, bool, str, Secret, Literal, tuple or attrs classes, imported at run time"
    return PluginError(f"config class {cls.__qualname__} cannot be read: {reason}", key=dotted(key), fix=fix)


# ---- hooks: what each type accepts -----------------------------------------------------------------------


def _scalar(wanted: type, noun: str) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        if type(value) is not wanted:
            raise OptionError(f"must be {noun}, was {show(value)}", f"give {noun}")
        return value

    return structure


def _number(bounds: Range, convert: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        refused = bounds.refusal(value)
        if refused is not None:
            raise refused
        return convert(value)

    return structure


def _secret(value: Any, _: Any) -> Secret:
    if not isinstance(value, str) or not is_reference(value):
        # Not repeated: it may be the secret itself.
        fix = 'put the secret into the environment and write "env:NAME", or see "keyring:service/name"'
        raise OptionError("must name a secret as env:NAME or keyring:service/name", fix)
    return Secret(value)


def _choice(literal: Any) -> Callable[[Any, Any], Any]:
    words = get_args(literal)

    def structure(value: Any, _: Any) -> Any:
        refused = not_among(value, words)
        if refused is not None:
            raise refused
        return value

    return structure


def _guarded(noun: str, wanted: type, inner: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Let `inner` see only what TOML calls a table or an array; it would take a text for a row of letters."""

    def structure(value: Any, target: Any) -> Any:
        if not isinstance(value, wanted):
            raise OptionError(f"must be {noun}, was {show(value)}", f"give {noun}")
        return inner(value, target)

    return structure


def _table(cls: Any, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    """Build the hook of a config class; a field marked `rest` takes the keys that no other field names."""
    inner = make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True)
    rest = next((field.name for field in attrs.fields(cls) if field.metadata.get("rest")), None)
    own = {field.name for field in attrs.fields(cls)} - {rest}

    def structure(table: Any, target: Any) -> Any:
        if rest is None:
            return inner(table, target)
        named = {name: value for name, value in table.items() if name in own}
        return inner({**named, rest: {k: v for k, v in table.items() if k not in own}}, target)

    return _guarded("a table", dict, structure)


def _named_values(target: Any, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    return _guarded("a table", dict, mapping_structure_factory(target, converter, structure_to=dict))


def _array(target: Any, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    build = list_structure_factory if get_origin(target) is list else homogenous_tuple_structure_factory
    return _guarded("an array", list, build(target, converter))


def _is_config(cls: Any) -> bool:
    return isinstance(cls, type) and attrs.has(cls)


def _is_array(target: Any) -> bool:
    return get_origin(target) is list or (get_origin(target) is tuple and get_args(target)[-1] is Ellipsis)


def _is_literal(target: Any) -> bool:
    origin: Any = get_origin(target)
    return origin is Literal


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=True, forbid_extra_keys=True)
    converter.register_structure_hook(str, _scalar(str, "text in quotes"))
    converter.register_structure_hook(bool, _scalar(bool, "true or false"))
    converter.register_structure_hook(int, _number(Range(kind="count"), int))
    converter.register_structure_hook(float, _number(Range(), float))
    converter.register_structure_hook(Secret, _secret)
    converter.register_structure_hook_factory(_is_config, _table)
    converter.register_structure_hook_factory(is_mapping, _named_values)
    converter.register_structure_hook_factory(_is_array, _array)
    converter.register_structure_hook_factory(_is_literal, _choice)
    return converter


CONVERTER = _converter()


# ---- faults: what cattrs collected, in the words of the file ---------------------------------------------


@attrs.frozen
class _Fault:
    path: Key
    message: str
    fix: str
    unknown: bool = False


def _faults(error: Exception, path: Key, value: Any, also: frozenset[str]) -> Iterator[_Fault]:
    """Flatten the tree of exceptions; `value` is what the file has at `path`, `also` holds there only."""
    if isinstance(error, ClassValidationError):
        yield from _class_faults(error, path, value, also)
    elif isinstance(error, IterableValidationError):
        inner, others = error.group_exceptions()
        for exception, note in inner:
            # An element of an array has no key of its own; its message shows the element.
            step = (note.index,) if isinstance(note.index, str) else ()
            yield from _faults(exception, path + step, value[note.index], frozenset())
        for exception in others:
            yield _leaf(exception, path, value, None)
    else:
        yield _leaf(error, path, value, None)


def _class_faults(
    error: ClassValidationError, path: Key, table: dict[str, Any], also: frozenset[str]
) -> Iterator[_Fault]:
    fields = attrs.fields_dict(error.cl)
    inner, others = error.group_exceptions()
    for exception, note in inner:
        if note.name not in table:
            yield _missing(fields[note.name], (*path, note.name), set(table) - set(fields))
        elif isinstance(exception, cattrs.BaseValidationError):
            yield from _faults(exception, (*path, note.name), table[note.name], frozenset())
        else:
            yield _leaf(exception, (*path, note.name), table[note.name], fields[note.name])
    for exception in others:
        if isinstance(exception, ForbiddenExtraKeysError):
            extra = [name for name in table if name in exception.extra_fields]
            yield from (_unknown((*path, name), table[name], also.union(fields)) for name in extra)
        else:
            yield _invalid(exception, path, table, error.cl)


def _missing(field: attrs.Attribute[Any], path: Key, strangers: set[str]) -> _Fault:
    near = closest(field.name, strangers)
    misspelt = "" if near is None else f"; is it misspelt as {near}?"
    message = field.metadata.get("missing", f"required, and missing{misspelt}")
    return _Fault(path, message, f"add {field.metadata.get('example', describe(field))}")


def _unknown(path: Key, value: Any, known: frozenset[str]) -> _Fault:
    noun = "table" if isinstance(value, dict) else "key"
    near = closest(path[-1], known)
    fix = f"remove it; known here: {', '.join(sorted(known))}" if near is None else f"rename it to {near}"
    return _Fault(path, f"unknown {noun}{did_you_mean(path[-1], known)}", fix, unknown=True)


def _invalid(exception: Exception, path: Key, table: dict[str, Any], cls: type) -> _Fault:
    """Find the field whose validator objects: cattrs saw only that the class did."""
    try:
        with attrs.validators.disabled():
            instance: Any = CONVERTER.structure(table, cls)
    except cattrs.BaseValidationError:  # Not a validator: the class as a whole objects.
        return _leaf(exception, path, table, None)
    for field in attrs.fields(cls):
        effective = getattr(instance, field.name)
        try:
            if field.validator is not None:
                field.validator(instance, field, effective)
        except type(exception) as found:
            # A default can be at fault too, beside a value that the file sets.
            return _leaf(found, (*path, field.name), table.get(field.name, effective), field)
    return _leaf(exception, path, table, None)


def _leaf(exception: Exception, path: Key, value: Any, field: attrs.Attribute[Any] | None) -> _Fault:
    bounds = None if field is None else field.metadata.get("range")
    if bounds is not None and value is not None:
        # The range knows what was meant by "30%", the type only that it is no number.
        exception = bounds.refusal(value) or exception
    message = str(exception) or type(exception).__name__
    shown = show(value)
    if not isinstance(exception, OptionError) and shown not in message:
        message += f", was {shown}"
    at_fault = "the values of this table" if field is None else describe(field)
    return _Fault(path, message, getattr(exception, "fix", None) or f"correct {at_fault}")
