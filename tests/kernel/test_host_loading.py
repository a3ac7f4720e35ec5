"""Which plugins are loaded, in which order, and what the record of each says."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from tradewright import __version__, hookimpl
from tradewright.config import Pin
from tradewright.errors import ConfigError, PluginError, TradewrightError
from tradewright.host.components import API, ExecutorSpec, SignalSpec
from tradewright.host.loading import AllowList, allow_list, load, lock_installed
from tradewright.host.lockfile import Lock
from tradewright.host.plugins import PluginRecord, Plugins, how_to_install


@attrs.frozen
class Options:
    bars: int = 20


@attrs.define
class Distribution:
    name: str
    version: str = "1.0"
    requires: list[str] | None = None
    files: None = None  # Nothing is recorded of it, so a lock sees the module: this page.


@attrs.define
class Entry:
    """What `load` uses of an entry point; counts how often the plugin was imported."""

    name: str
    carrier: Callable[[], object]
    dist: Distribution | None = None
    module: str = __name__
    value: str = __name__
    imports: int = 0

    def load(self) -> object:
        self.imports += 1
        return self.carrier()


def signal(name: str, **changes: Any) -> SignalSpec:
    return attrs.evolve(SignalSpec(name=name, factory=Options, config=Options), **changes)


def providing(*specs: object) -> Callable[[], object]:
    """Return what imports a plugin with these signals."""

    @hookimpl
    def tradewright_signals() -> Iterator[object]:
        yield from specs

    return lambda: SimpleNamespace(tradewright_signals=tradewright_signals)


def entry(name: str, *specs: object, version: str = "1.0", requires: list[str] | None = None) -> Entry:
    provided = providing(*(specs or [signal(name)]))
    return Entry(name, provided, Distribution(f"tradewright-{name}", version, requires))


def failing() -> object:
    raise RuntimeError("boom")


def broken(name: str) -> Entry:
    return Entry(name, failing, Distribution(f"tradewright-{name}"))


def loaded(enabled: str, *entries: Entry, deadline_seconds: float = 5.0, **given: Any) -> Plugins:
    pins = [Pin.parse(word) for word in enabled.split()]
    return load(pins, entry_points=entries, deadline_seconds=deadline_seconds, **given)  # type: ignore[arg-type]  # as much of an entry point as is used


def statuses(plugins: Plugins) -> dict[str, str]:
    return {record.name: record.status for record in plugins.records}


# ---- statuses --------------------------------------------------------------------------------------------


def test_load_when_all_is_well_records_everything_known() -> None:
    plugins = loaded("mine", entry("mine", signal("a"), signal("b"), requires=["tradewright>=0.1", "attrs"]))

    assert plugins.records == (
        PluginRecord(
            name="mine",
            distribution="tradewright-mine",
            version="1.0",
            api=API,
            kernel_requires=">=0.1",
            status="active",
            components=(signal("a"), signal("b")),
        ),
    )


def test_load_when_a_plugin_is_not_enabled_never_imports_it() -> None:
    off = entry("off")
    plugins = loaded("", off)

    assert 0 == off.imports
    assert plugins.records == (PluginRecord(name="off", distribution="tradewright-off", version="1.0"),)


def test_load_when_one_plugin_raises_the_others_go_on() -> None:
    plugins = loaded("a bad b", entry("a"), broken("bad"), entry("b"))

    assert {"a": "active", "bad": "quarantined", "b": "active"} == statuses(plugins)
    line = failing.__code__.co_firstlineno + 1
    assert f"raised RuntimeError while importing: boom ({__file__}:{line})" == plugins.records[1].reason


def test_load_when_one_plugin_hangs_the_others_go_on() -> None:
    release = threading.Event()
    stuck = Entry("stuck", lambda: release.wait(30), Distribution("tradewright-stuck"))
    plugins = loaded("stuck good", stuck, entry("good"), deadline_seconds=0.1)
    release.set()

    assert {"stuck": "quarantined", "good": "active"} == statuses(plugins)
    assert "hung for 0.1 s while importing" == plugins.records[0].reason


def test_load_when_a_hook_answers_nonsense_the_plugin_provides_nothing() -> None:
    record = loaded("mine", entry("mine", signal("good"), "bad")).records[0]

    assert ("quarantined", ()) == (record.status, record.components)
    assert str(record.reason).startswith("tradewright_signals yielded str; SignalSpec wanted (")


def test_load_when_written_for_another_api_is_incompatible_and_says_which() -> None:
    record = loaded("mine", entry("mine", signal("mine", api=API + 1))).records[0]

    assert ("incompatible", API + 1) == (record.status, record.api)


def test_load_when_enabled_but_not_installed_says_how_to_install() -> None:
    record = loaded("ma-crossovr", entry("ma-crossover")).records[0]

    assert record == PluginRecord(
        name="ma-crossovr",
        status="quarantined",
        reason="not installed; did you mean ma-crossover?",
    )


@pytest.mark.parametrize("value", ["", "not-a-module", "module:", "module:a b", "/etc/passwd"])
def test_load_when_the_entry_point_names_no_object_is_quarantined_with_what_it_names(value: str) -> None:
    mine = attrs.evolve(entry("mine"), value=value)
    plugins = loaded("mine good", mine, entry("good"))

    assert {"mine": "quarantined", "good": "active"} == statuses(plugins)
    expected = f'its entry point must be `module` or `module:attribute`, was "{value}"'
    assert (expected, 0) == (plugins.records[0].reason, mine.imports)


# ---- versions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pinned", "installed", "expected"),
    [
        ("1.1", "1.2", "mine 1.2 installed, 1.1 pinned"),
        ("1.2", "1.2", None),
        ("1.2", "1.2.0", None),
        ("1.2", "1.2.1", "mine 1.2.1 installed, 1.2 pinned"),
        ("1.2", "unknown", "mine unknown installed, 1.2 pinned"),
    ],
)
def test_load_when_pinned_runs_only_that_version(pinned: str, installed: str, expected: str | None) -> None:
    mine = entry("mine", version=installed)
    record = loaded(f"mine=={pinned}", mine).records[0]

    assert expected == record.reason
    assert ("active" if expected is None else "incompatible") == record.status
    assert (expected is None) == bool(mine.imports)


@pytest.mark.parametrize(
    ("requires", "fits"),
    [
        (None, True),
        ([], True),
        (["tradewright"], True),
        ([f"tradewright>={__version__}"], True),
        ([f"tradewright=={__version__}"], True),
        ([f"tradewright>{__version__}"], False),
        ([f"tradewright<{__version__}"], False),
        (["Tradewright>=99"], False),
        (["tradewright-other>=99"], True),
        (["tradewright>=99; python_version < '3'"], True),
        (["tradewright>=99; extra == 'live'"], True),
        (["not a requirement ><", "tradewright>=99"], False),
        ([f"tradewright>={__version__}", "tradewright<99"], True),
    ],
)
def test_load_when_the_kernel_is_out_of_range_does_not_import(requires: list[str] | None, fits: bool) -> None:
    mine = entry("mine", requires=requires)
    record = loaded("mine", mine).records[0]

    assert ("active" if fits else "incompatible") == record.status
    assert fits == bool(mine.imports)


def test_load_when_the_kernel_is_out_of_range_says_both_versions() -> None:
    record = loaded("mine", entry("mine", requires=["tradewright>=99"])).records[0]

    assert f"requires tradewright >=99, this is tradewright {__version__}" == record.reason


# ---- the lock --------------------------------------------------------------------------------------------


def locking(*entries: Entry) -> Lock:
    pins = [Pin(each.name) for each in entries]
    return lock_installed(pins, entry_points=entries)  # type: ignore[arg-type]  # as much of an entry point as is used


def test_load_when_as_locked_is_active_and_says_what_it_was_compared_with() -> None:
    mine = entry("mine")
    lock = locking(mine)
    plugins = loaded("mine", mine, lock=lock)

    assert ("active", lock) == (plugins.records[0].status, plugins.lock)


def test_load_when_there_is_no_lock_compares_nothing() -> None:
    plugins = loaded("mine", entry("mine"))

    assert ("active", None) == (plugins.records[0].status, plugins.lock)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"sha256": "0" * 64}, "content differs from plugins.lock (expected sha256 000000000000..., was "),
        ({"version": "0.9"}, "version differs from plugins.lock (expected 0.9, was 1.0); "),
        (
            {"distribution": "stranger"},
            "package differs from plugins.lock (expected stranger, was tradewright-mine); ",
        ),
    ],
)
def test_load_when_it_differs_from_the_lock_does_not_import_it(changes: dict[str, str], expected: str) -> None:
    mine, good = entry("mine"), entry("good")
    locked = locking(mine, good).plugins
    plugins = loaded(
        "mine good", mine, good, lock=Lock(plugins={**locked, "mine": attrs.evolve(locked["mine"], **changes)})
    )
    reason = str(plugins.records[0].reason)

    assert {"mine": "incompatible", "good": "active"} == statuses(plugins)
    assert reason.startswith(expected)
    assert reason.endswith("; reinstall it, or run tradewright plugins lock")
    assert 0 == mine.imports


def test_load_when_enabled_but_not_locked_does_not_import_it() -> None:
    mine = entry("mine")
    record = loaded("mine", mine, lock=Lock()).records[0]

    assert ("incompatible", "not in plugins.lock; run tradewright plugins lock") == (record.status, record.reason)
    assert 0 == mine.imports


def test_load_when_locked_leaves_built_ins_and_disabled_plugins_alone() -> None:
    plugins = loaded("", entry("off"), lock=Lock(), builtin=providing(signal("own"))())

    assert {"built-in": "active", "off": "disabled"} == statuses(plugins)


def test_load_when_the_pin_and_the_lock_both_object_names_the_pin() -> None:
    assert "mine 1.0 installed, 2.0 pinned" == loaded("mine==2.0", entry("mine"), lock=Lock()).records[0].reason


def test_find_when_it_differs_from_the_lock_repeats_the_reason() -> None:
    with pytest.raises(PluginError, match=re.escape("plugin mine is incompatible: not in plugins.lock")):
        loaded("mine", entry("mine"), lock=Lock()).find("signal", "mine")


def test_lock_installed_when_locking_imports_nothing_and_locks_only_what_is_enabled() -> None:
    mine, off = entry("mine"), entry("off")
    lock = lock_installed([Pin("mine")], entry_points=[mine, off])  # type: ignore[list-item]  # as much of an entry point as is used

    assert ["mine"] == list(lock.plugins)
    assert ("tradewright-mine", "1.0") == (lock.plugins["mine"].distribution, lock.plugins["mine"].version)
    assert (0, 0) == (mine.imports, off.imports)


@pytest.mark.parametrize(
    ("enabled", "error", "message"),
    [
        ("gone", ConfigError, "plugin gone not installed"),
        ("mine gone", ConfigError, "plugin gone not installed"),
        ("mine==2.0", PluginError, "plugin mine is incompatible: mine 1.0 installed, 2.0 pinned"),
        ("twice", PluginError, "plugin twice is quarantined: tradewright-twice and tradewright-twice both claim"),
    ],
)
def test_lock_installed_when_a_plugin_could_not_be_loaded_refuses(
    enabled: str, error: type[TradewrightError], message: str
) -> None:
    pins = [Pin.parse(word) for word in enabled.split()]
    entries = [entry("mine"), entry("twice"), entry("twice")]

    with pytest.raises(error) as caught:
        lock_installed(pins, entry_points=entries)  # type: ignore[arg-type]  # as much of an entry point as is used

    assert caught.value.message.startswith(message)


# ---- order and duplicates --------------------------------------------------------------------------------


def test_load_when_installed_in_another_order_keeps_the_order_of_the_file() -> None:
    plugins = loaded("b gone a", entry("a"), entry("z"), entry("b"), entry("c"), builtin=providing(signal("own"))())

    assert ["built-in", "b", "gone", "a", "c", "z"] == [record.name for record in plugins.records]


def test_load_when_a_plugin_is_named_twice_loads_it_once() -> None:
    mine = entry("mine")
    plugins = loaded("mine mine", mine)

    assert (1, 1) == (len(plugins.records), mine.imports)


def test_load_when_two_plugins_claim_one_component_quarantines_the_later() -> None:
    plugins = loaded("b a", entry("a", signal("x"), signal("alpaca")), entry("b", signal("alpaca")))

    assert {"b": "active", "a": "quarantined"} == statuses(plugins)
    expected = "tradewright-b and tradewright-a both claim alpaca (signal); disable one"
    assert expected == plugins.records[1].reason
    with pytest.raises(ConfigError):
        plugins.find("signal", "x")


def test_load_when_two_plugins_use_one_name_for_different_kinds_both_run() -> None:
    @hookimpl
    def tradewright_executors() -> Iterator[object]:
        yield ExecutorSpec(name="alpaca", factory=Options, config=Options)

    venue = Entry("venue", lambda: SimpleNamespace(tradewright_executors=tradewright_executors))
    plugins = loaded("a venue", entry("a", signal("alpaca")), venue)

    assert {"a": "active", "venue": "active"} == statuses(plugins)


def test_load_when_a_plugin_claims_a_builtin_is_quarantined() -> None:
    plugins = loaded("mine", entry("mine", signal("own")), builtin=providing(signal("own"))())

    assert {"built-in": "active", "mine": "quarantined"} == statuses(plugins)
    assert "tradewright and tradewright-mine both claim own (signal); disable one" == plugins.records[1].reason


def test_load_when_a_plugin_registers_a_component_twice_is_quarantined() -> None:
    record = loaded("mine", entry("mine", signal("x"), signal("x"))).records[0]

    assert ("quarantined", "registers signal x twice") == (record.status, record.reason)


def test_load_when_a_quarantined_plugin_claimed_a_name_another_may_have_it() -> None:
    plugins = loaded("a b", entry("a", signal("x"), signal("y"), signal("y")), entry("b", signal("x")))

    assert {"a": "quarantined", "b": "active"} == statuses(plugins)


def test_load_when_two_packages_claim_one_plugin_name_imports_neither() -> None:
    first = entry("mine")
    second = attrs.evolve(entry("mine"), dist=Distribution("a-stranger"))
    plugins = loaded("mine", first, second)

    reason = "a-stranger and tradewright-mine both claim the plugin name mine; uninstall one"
    assert [("quarantined", reason)] * 2 == [(record.status, record.reason) for record in plugins.records]
    assert (0, 0) == (first.imports, second.imports)


def test_load_when_built_ins_are_given_records_them_first_as_the_kernels_own() -> None:
    record = loaded("", builtin=providing(signal("own"))()).records[0]

    assert (True, "active", "tradewright", __version__) == (
        record.builtin,
        record.status,
        record.distribution,
        record.version,
    )
    assert (signal("own"),) == record.components


# ---- find ------------------------------------------------------------------------------------------------


def test_find_when_active_returns_the_spec() -> None:
    assert signal("mine") == loaded("mine", entry("mine")).find("signal", "mine")


@pytest.mark.parametrize(
    ("name", "error", "message", "fix"),
    [
        (
            "gone",
            ConfigError,
            "plugin gone not installed",
            f"{how_to_install('gone')}, or take it out of [plugins] enabled",
        ),
        (
            "off",
            ConfigError,
            "plugin off is installed but not enabled",
            'add "off" to [plugins] enabled',
        ),
        (
            "old",
            PluginError,
            "plugin old is incompatible: old 1.0 installed, 2.0 pinned",
            "mend or update it; see tradewright doctor old",
        ),
        (
            "god",
            ConfigError,
            'no signal named "god"; did you mean good?; available: good; not active: bad, gone, old',
            "correct the name, or enable the plugin that brings it: see tradewright plugins list",
        ),
    ],
)
def test_find_when_there_is_no_such_component_says_why_and_what_to_do(
    name: str, error: type[TradewrightError], message: str, fix: str
) -> None:
    plugins = loaded("good bad gone old==2.0", entry("good"), broken("bad"), entry("off"), entry("old"))

    with pytest.raises(error) as caught:
        plugins.find("signal", name)

    assert (message, fix) == (caught.value.message, caught.value.fix)


def test_find_when_quarantined_repeats_the_reason() -> None:
    with pytest.raises(PluginError, match="bad is quarantined: raised RuntimeError while importing: boom"):
        loaded("bad", broken("bad")).find("signal", "bad")


def test_find_when_the_kind_differs_does_not_find_it() -> None:
    with pytest.raises(ConfigError, match='no executor named "mine"; available: none'):
        loaded("mine", entry("mine")).find("executor", "mine")


# ---- the allow-list --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("enabled", "environ", "expected"),
    [
        (None, {}, AllowList("none", ())),
        ((), {}, AllowList("plugins.toml", ())),
        ((Pin("a"), Pin("b")), {}, AllowList("plugins.toml", (Pin("a"), Pin("b")))),
        ((Pin("a"),), {"TRADEWRIGHT_PLUGINS": ""}, AllowList("TRADEWRIGHT_PLUGINS", ())),
        ((Pin("a"),), {"TRADEWRIGHT_PLUGINS": " , "}, AllowList("TRADEWRIGHT_PLUGINS", ())),
        (None, {"TRADEWRIGHT_PLUGINS": "b, c"}, AllowList("TRADEWRIGHT_PLUGINS", (Pin("b"), Pin("c")))),
        (None, {"TRADEWRIGHT_PLUGINS": "b==1.2"}, AllowList("TRADEWRIGHT_PLUGINS", (Pin("b", "1.2"),))),
    ],
)
def test_allow_list_when_the_environment_speaks_overrides_the_file(
    enabled: tuple[Pin, ...] | None, environ: dict[str, str], expected: AllowList
) -> None:
    assert expected == allow_list(enabled, environ)


@pytest.mark.parametrize("text", ["MA", "a;rm", "a b", "a>=1", "../a", "\x1b[31m"])
def test_allow_list_when_the_environment_names_no_plugin_refuses(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        allow_list(None, {"TRADEWRIGHT_PLUGINS": f"good,{text}"})

    assert "TRADEWRIGHT_PLUGINS" == caught.value.file
    assert caught.value.fix is not None
