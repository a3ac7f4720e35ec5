"""A run that was played again beside the one that was saved: what differs, and what that means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

from tradewright.reports.tree.form import printed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tradewright.errors import TradewrightError
    from tradewright.reports.tree.report import Feed
    from tradewright.workspace.kept import Run

Kind = Literal["version", "code", "data", "trace", "figure", "error"]

COMPUTED = (
    "status",
    "period",
    "capital",
    "net",
    "gross",
    "benchmarks",
    "costs",
    "rules",
    "halts",
    "until_halt",
    "without_limits",
)
"""The parts of a report that follow from settings, data and code alone."""


@attrs.frozen(kw_only=True)
class Difference:
    """One thing that is not as it was.

    Attributes:
        kind: `version` and `code` of what computed, `data` that went in, `trace` and `figure` that came out, or the
            `error` that kept anything from coming out.
        name: Which one.
        then: In the saved run, None when it was not there.
        now: In this one, likewise.
    """

    kind: Kind
    name: str
    then: Any
    now: Any

    @property
    def of_result(self) -> bool:
        """Whether the run is another one; versions alone explain and do not matter when the result is the same."""
        return self.kind not in {"version", "code"}


def failure_of(error: TradewrightError) -> Difference:
    """Return what kept anything from coming out."""
    return Difference(kind="error", name=type(error).__name__, then=None, now=str(error))


def compare_versions(then: dict[str, Any], now: dict[str, Any]) -> Iterator[Difference]:
    """Yield what computed and is of another version, or other code of the same."""
    for name in dict.fromkeys([*then, *now]):
        if name == "code":
            # Runs of older versions did not note it.
            was = then.get("code") or now["code"]
            yield from _unequal("code", was, now["code"])
        elif name == "plugins":
            yield from _unequal("version", then.get("plugins", {}), now["plugins"])
        elif name == "rules":
            if now["rules"] is not None:
                yield from _unequal(
                    "code", {"engine, rules, processor": then["rules"]}, {"engine, rules, processor": now["rules"]}
                )
        else:
            yield from _unequal("version", {name: then.get(name)}, {name: now.get(name)})


def compare_data(then: Sequence[Feed], now: Sequence[Feed]) -> Iterator[Difference]:
    """Yield what differs in the prices that went in."""
    rows = {feed.name: feed for feed in now}
    for feed in then:
        before, after = (printed(one) for one in (feed, rows[feed.name]))
        for word in ("fingerprint", "bars", "first_on", "last_on"):
            if before[word] != after[word]:
                yield Difference(kind="data", name=f"{feed.name} {word}", then=before[word], now=after[word])


def compare_traces(then: Run, now: dict[str, str]) -> Iterator[Difference]:
    """Yield the parts of what happened that have other bytes."""
    if then.trace is not None:
        # Runs of older versions did not note every part.
        yield from _unequal("trace", then.trace, {part: now.get(part) for part in then.trace})


def compare_figures(then: dict[str, Any], now: dict[str, Any]) -> Iterator[Difference]:
    """Compare what both reports say; a newer version may say more."""
    before, after = (dict(_leaves({part: one[part] for part in COMPUTED if part in one})) for one in (then, now))
    for name in before:
        if name in after and before[name] != after[name]:
            yield Difference(kind="figure", name=name, then=before[name], now=after[name])


def _unequal(kind: Kind, then: dict[str, Any], now: dict[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*then, *now]):
        if then.get(name) != now.get(name):
            yield Difference(kind=kind, name=name, then=then.get(name), now=now.get(name))


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every scalar with its dotted name."""
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        # A list that grew or shrank has no element that stands for another.
        items = [("count", len(value)), *enumerate(value)]
    else:
        yield name, value
        return
    for key, inner in items:
        yield from _leaves(inner, f"{name}.{key}" if name else str(key))


def verdict(found: Sequence[Difference], *, reproduced: bool, traced: bool) -> Iterator[str]:
    """Yield what a person is told of the differences; `traced` says whether every number was noted then."""
    kinds = {one.kind for one in found}
    if reproduced and not traced:
        yield "Reproduced: every figure is the same. Curve and fills were not recorded then, so only figures count."
    elif reproduced:
        yield "Reproduced bit for bit." if not found else "Reproduced bit for bit, although not by the same:"
    elif "error" in kinds:
        yield "Not reproduced, because it does not run any more:"
        yield from (f"  {one.now}" for one in found if one.kind == "error")
    elif kinds == {"data"}:
        yield "The result is the same bit for bit, but of other data:"
    elif kinds & {"data", "version", "code"}:
        yield "Not reproduced. This has changed since:"
    else:
        yield "Not reproduced, although no version, code or data has changed that is recorded."
        yield "Something else went in: another machine, a file that a plugin reads, the time, or random numbers."
