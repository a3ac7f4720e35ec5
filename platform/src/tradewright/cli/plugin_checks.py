"""What `tradewright doctor` looks at of plugins: whether they run, what they need, and what they were checked for."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from tradewright.cli.checking import Check, from_error
from tradewright.cli.secret_checks import check_declared
from tradewright.errors import TradewrightError
from tradewright.host.plugins import how_to_install
from tradewright.sentence.candidates import candidate, configured, contents, passed, to_be_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tradewright.config import Settings
    from tradewright.host.plugins import Chosen, PluginRecord, Plugins


def check_record(record: PluginRecord) -> Check:
    """Say whether a plugin runs, and what to do when it does not."""
    found = f"{record.status}: {record.reason}" if record.reason else record.status
    if record.status == "disabled":
        fix = f'add "{record.name}" to [plugins] enabled'
    elif record.distribution is None:
        fix = f"{how_to_install(record.name)}, or take it out of [plugins] enabled"
    else:
        fix = f"mend or update {record.distribution}, or take {record.name} out of [plugins] enabled"
    version = f" {record.version}" if record.version else ""
    return Check(name=f"plugin {record.name}{version}", ok=record.status == "active", found=found, fix=fix)


def check_rules(settings: Settings, plugins: Plugins, cache: Path | None) -> Iterable[Check]:
    """Build the configured rules and compile them into the loop, which is kept for the next backtest."""
    # Importing numba takes 0.2 s, and `doctor NAME` does without.
    from tradewright.engine.fuse import fuse  # noqa: PLC0415  # see above
    from tradewright.engine.jit import COMPILING  # noqa: PLC0415  # see above
    from tradewright.engine.warm import warm  # noqa: PLC0415  # see above
    from tradewright.risk import rulebook  # noqa: PLC0415  # see above

    began = time.perf_counter()
    try:
        fused = fuse(rulebook.rules(settings, plugins), cache, rulebook.checks(settings, plugins))
        compiled = warm(fused, len(settings.strategies), len(traded(settings)))
    except TradewrightError as error:
        return [from_error("rules", error)]
    if not COMPILING:
        found = f"{len(fused.parts)} rules and checks run interpreted: NUMBA_DISABLE_JIT is set"
        return [Check(name="rules", ok=True, warning=True, found=found, fix="unset NUMBA_DISABLE_JIT")]
    if fused.interpreted:
        return [_interpreted(name, reason) for name, reason in fused.interpreted.items()]
    how = f"compiled in {time.perf_counter() - began:.1f} s" if compiled else "kept since they were compiled"
    return [Check(name="rules", ok=True, found=f"{len(fused.parts)} rules and checks {how}")]


def traded(settings: Settings) -> set[str]:
    """Return the symbols of every feed that a strategy trades."""
    feeds = {name for strategy in settings.strategies.values() for name in strategy.data}
    return {symbol for name in feeds for symbol in settings.data[name].symbols}


def _interpreted(name: str, reason: str) -> Check:
    found = f"numba cannot compile it, so every rule runs interpreted: {reason}"
    fix = "write it with what numba knows; until then a backtest takes much longer"
    return Check(name=f"rule {name}", ok=True, warning=True, found=found, fix=fix)


def check_passes(settings: Settings, plugins: Plugins) -> Iterable[Check]:
    """Look for the pass of the causality gate of each configured part that needs one."""
    hashes = contents(plugins)
    for part in configured(settings):
        try:
            if not to_be_asked(settings, plugins, part):
                continue
            kept = passed(settings, candidate(settings, plugins, part, hashes))
        except TradewrightError as error:
            if part.kind == "signal":  # Rules and checks have been made before, and told of.
                yield from_error(part.title, error)
            continue
        if kept is None:
            found, fix = "has not passed the causality gate as it is now", f"tradewright signals check {part.name}"
            yield Check(name=part.title, ok=True, warning=True, found=found, fix=fix)
        else:
            found = f"does not look ahead: {kept['cuts']} cuts on {kept['at'][:10]}"
            yield Check(name=part.title, ok=True, found=found)


def check_venues(settings: Settings, plugins: Plugins) -> Iterable[Check]:
    """Look at the executor and the options of each venue, and at the one that orders go to."""
    from tradewright.sentence.venues import executor, venue  # noqa: PLC0415  # `doctor NAME` does without

    named = settings.execution.executor
    looks: dict[str, Callable[[], Chosen | None]] = {
        f"venue {name}": partial(venue, settings, plugins, name) for name in settings.venues
    }
    if named not in settings.venues:
        looks[f"executor {named}"] = partial(executor, settings, plugins)
    for name, look in looks.items():
        try:
            found = look()
        except TradewrightError as error:
            yield from_error(name, error)
            continue
        if found is not None:
            yield Check(name=name, ok=True, found=f"{found.spec.name} of plugin {found.owner.name}")


def check_needs(record: PluginRecord, workspace: Path) -> Iterable[Check]:
    """Say what a plugin's components declare that they reach: hosts on the network, and secrets."""
    for spec in record.components:
        if spec.hosts:
            yield Check(name=f"{spec.kind} {spec.name}", ok=True, found=f"talks to {', '.join(spec.hosts)}")
        yield from check_declared(spec, workspace)
