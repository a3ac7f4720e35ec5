"""What every component must do, whatever its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs

import tradewright
from tradewright.config import show
from tradewright.errors import ConfigError, PluginError, TradewrightError
from tradewright.host.fence import make_component
from tradewright.host.kinds import HOOKS
from tradewright.testing import home, options, processes
from tradewright.testing.wording import broken, refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tradewright.host.components import Spec

LIGHT = frozenset(
    {"attr", "attrs", "cattr", "cattrs", "click", "exceptiongroup", "numpy", "packaging", "pluggy", "tradewright"}
)
"""What importing a plugin may bring along: what the kernel itself needs for `--help`, and numpy."""

SEEDS = ("0", "1")
"""Hash seeds of the processes whose answers are compared."""


class ComponentContract:
    """Tests that hold for every kind; inherit the class of your component's kind instead.

    Attributes:
        plugin: Its name in `[plugins] enabled`; the only entry point of the folder's pyproject.toml when None.
        name: The component's name; needed only when the plugin registers several of one kind.
        options: What plugins.toml would say; needed only when an option has no default.
        light: Packages that importing the plugin may bring along beyond attrs, cattrs, numpy and the kernel's own.
    """

    kind: ClassVar[str]
    protocol: ClassVar[type]

    plugin: ClassVar[str | None] = None
    name: ClassVar[str | None] = None
    options: ClassVar[Mapping[str, Any]] = {}
    light: ClassVar[tuple[str, ...]] = ()

    # ---- what a class may say ---------------------------------------------------------------------------------

    def component(self) -> Any:
        """Return a fresh component; that of `options` unless overridden."""
        return self.configured()

    def spec(self) -> Spec:
        """Return the spec under test: the one that the installed plugin registers, unless overridden."""
        return home.find(self.plugin or home.plugin_of(type(self)), self.kind, self.name)

    def module(self) -> str:
        """Return the name of the module that the plugin's entry point names."""
        return home.entry_point(self.plugin or home.plugin_of(type(self))).module

    def readme(self) -> str:
        """Return the text of the plugin's page."""
        return home.readme(type(self))

    # ---- for the tests ----------------------------------------------------------------------------------------

    def configured(self, **changes: Any) -> Any:
        """Return a fresh component of `options` with some of them changed, made as the kernel makes it."""
        spec = self.spec()
        try:
            return make_component(spec, options.structured({**self.options, **changes}, spec.config), object)
        except TradewrightError as error:
            raise refused(
                error,
                expected=f"the options of {spec.name} to make a component",
                fix="name those it needs in `options`",
            ) from error

    def config(self) -> Any:
        """Return the validated options."""
        spec = self.spec()
        try:
            return options.structured(self.options, spec.config)
        except TradewrightError as error:
            raise refused(
                error, expected=f"options of {spec.name} to be valid", fix="name those it needs in `options`"
            ) from error

    def answer(self) -> bytes:
        """Return what a fresh component says to the contract's own question, as bytes to compare."""
        raise NotImplementedError

    # ---- registration and options -----------------------------------------------------------------------------

    def test_plugin_registers_the_component(self) -> None:
        """The spec has a summary, and its factory makes what the kind promises."""
        spec, component = self.spec(), self.component()
        if not isinstance(component, self.protocol):
            # Authors know the name on the package's face, not the room behind it.
            face = "tradewright" if self.protocol.__name__ in tradewright.__all__ else self.protocol.__module__
            wanted = f"a {face}.{self.protocol.__name__}"
            fix = "give it the attributes and methods of that class, or correct the spec's factory"
            raise broken(
                expected=f"the factory of {spec.name} to make {wanted}", found=type(component).__name__, fix=fix
            )
        if not spec.summary.strip():
            fix = "give the spec a summary, one line for `tradewright plugins info`"
            raise broken(expected=f"a summary of {spec.name}", found="an empty text", fix=fix)

    def test_options_survive_a_round_trip(self) -> None:
        """Options written to plugins.toml and read again are the same."""
        config = self.config()
        table = options.as_toml(config)
        try:
            again = options.structured(table, type(config))
        except TradewrightError as error:
            raise refused(
                error, expected="options that were valid to be valid again", fix="let a converter keep valid values"
            ) from error
        if again != config:
            fix = "let converters leave alone what is converted already, and compare options by their values"
            raise broken(expected=f"{table} to be read as {config}", found=str(again), fix=fix)

    def test_options_that_are_unknown_are_refused(self) -> None:
        """A misspelled key is an error, never ignored."""
        spec = self.spec()
        try:
            options.structured({**self.options, "no_such_option": 1}, spec.config)
        except ConfigError:
            return
        fix = "name every option in the config class, and take `rest` out of its metadata"
        raise broken(expected="the unknown key no_such_option to be refused", found="it is accepted", fix=fix)

    def test_options_that_are_not_finite_are_refused(self) -> None:
        """Neither plugins.toml nor code can set a number that is none."""
        config = self.config()
        for field in attrs.fields(type(config)):
            if not field.init or not options.is_number(config, field):
                continue
            for value in (float("nan"), float("inf"), float("-inf")):
                try:
                    attrs.evolve(config, **{field.alias: value})
                except (ValueError, TypeError):
                    continue
                fix = "make it a field of tradewright.config: fraction, positive, non_negative, number or count"
                raise broken(expected=f"{field.alias} = {value} to be refused", found="it is accepted", fix=fix)

    def test_options_at_their_bounds_work_or_are_refused_in_a_sentence(self) -> None:
        """Whatever is written in plugins.toml makes a component or an error that says what to do."""
        spec = self.spec()
        table = options.as_toml(self.config())
        for field in attrs.fields(spec.config):
            for value in options.trials(field) if field.init else ():
                self._tried(spec, {**table, field.alias: value}, f"{field.alias} = {show(value)}")

    def _tried(self, spec: Spec, table: Mapping[str, Any], tried: str) -> None:
        expected = f"{tried} to work, or to be refused by a ConfigError"
        try:
            make_component(spec, options.structured(table, spec.config), object)
        except ConfigError:
            return
        except PluginError as error:
            fix = "narrow the option's bounds, or raise tradewright.config.OptionError where the options are checked"
            raise broken(expected=expected, found=str(error), fix=fix) from error
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            fix = "let validators raise tradewright.config.OptionError"
            raise broken(expected=expected, found=f"{type(error).__name__}: {error}", fix=fix) from error

    # ---- documents --------------------------------------------------------------------------------------------

    def test_options_say_what_they_mean(self) -> None:
        """Each option has words for `tradewright plugins info` and for error texts."""
        silent = [field.alias for field in attrs.fields(self.spec().config) if not field.metadata.get("doc")]
        if silent:
            fix = 'write count(20, doc="...", unit="bars") or another field of tradewright.config'
            raise broken(expected="a doc for every option", found=f"none for {', '.join(silent)}", fix=fix)

    def test_readme_lists_every_option_with_its_default(self) -> None:
        """The table of options in README.md is that of the config class."""
        config, rows = self.spec().config, options.rows_of(self.readme())
        for field in attrs.fields(config):
            expected = f"a row of {field.alias} in README.md, in a table whose first columns are option and default"
            if field.alias not in rows:
                found = f"rows of {', '.join(rows) or 'nothing'}"
                raise broken(
                    expected=expected, found=found, fix=f"add | `{field.alias}` | ... | and say what it means"
                )
            plain = not isinstance(field.default, attrs.Factory) and field.default not in (attrs.NOTHING, None)  # type: ignore[arg-type]  # Factory is a class at run time
            cell = rows[field.alias].get("default", "")
            if plain and not options.says(cell, field.default):
                default = options.written(field.default)
                raise broken(
                    expected=f"{field.alias} with its default {default}", found=cell or "none", fix=f"write {default}"
                )
        known = {field.alias for spec in self._siblings() for field in attrs.fields(spec.config)}
        if stale := sorted(rows.keys() - known):
            found = f"{', '.join(stale)}, which no component of this plugin has"
            raise broken(
                expected="only options that exist in README.md",
                found=found,
                fix="take out the row, or correct the name",
            )

    def _siblings(self) -> tuple[Spec, ...]:
        """Return every spec that shares the page."""
        if type(self).spec is not ComponentContract.spec:
            return (self.spec(),)
        return home.specs_of(self.plugin or home.plugin_of(type(self)))

    # ---- in a fresh process -----------------------------------------------------------------------------------

    def test_import_is_light(self) -> None:
        """Importing the plugin and asking its hooks brings along nothing heavy: numba and the like wait."""
        found = self._imported()
        if heavy := sorted(set(found.packages) - LIGHT - {*self.light}):
            fix = "import them inside the function that needs them; what is quick can be named in `light`"
            raise broken(
                expected=f"import {self.module()} to bring along only {', '.join(sorted(LIGHT))}",
                found=f"{', '.join(heavy)} as well",
                fix=fix,
            )

    def test_import_touches_nothing(self) -> None:
        """Importing the plugin opens no socket, starts no process, writes no file and reads no clock."""
        if touched := self._imported().touched:
            what, place = touched[0]
            fix = "do it in the method that needs it; times come with the bars"
            raise broken(
                expected=f"import {self.module()} to touch nothing",
                found=f"{what}, at {place or 'an unknown line'}",
                fix=fix,
            )

    def _imported(self) -> processes.Imported:
        found = processes.imported(self.module(), tuple(HOOKS))
        if found.error:
            raise broken(expected=f"import {self.module()} to work", found=found.error, fix="mend it")
        return found

    def test_answer_is_the_same_in_every_process(self) -> None:
        """The same question has the same answer, bit for bit, in two processes with different hash seeds."""
        first, second = processes.answers(type(self), [("answer", seed) for seed in SEEDS])
        for answer in (first, second):
            if answer.error:
                fix = "let the test file import on its own: no relative imports, and what it needs installed"
                raise broken(expected="an answer in a fresh process", found=answer.error, fix=fix)
        if first != second:
            fix = "draw from a generator seeded by an option, and sort sets before their order matters"
            shown = f"{first.text[:80]}... and {second.text[:80]}..."
            raise broken(expected="equal answers in two processes with hash seeds 0 and 1", found=shown, fix=fix)
