"""Write, for a set of rules, the module that compiles them into the loop, and keep it on disk.

numba keeps machine code beside the file it was compiled from, but does not notice when a *called* function has
changed.  So each set of rules gets a generated module of its own, named by a hash over everything that the machine
code depends on: the sources of engine, risk and every rule's package, numba, llvmlite and the processor.

Whoever can write where it lies can have code executed: that folder is the user's own (`workspace/private.py`), text
on the disk is never run, and machine code only as it was written (`engine/kept.py`).
"""

from __future__ import annotations

import hashlib
import platform
import sys
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import attrs
import llvmlite.binding
import numba

from tradewright.engine.generate import PHASES, source_of
from tradewright.engine.jit import COMPILING
from tradewright.engine.plain import PLAIN_PREFIX, load_plain_engine
from tradewright.engine.probe import probe
from tradewright.workspace.private import private
from tradewright.workspace.writing import write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tradewright.risk.contract import OrderCheck, TargetRule

CHECKED_WITH_NUMBA = "0.68"
"""The numba whose cache was seen not to notice a changed callee; a test watches for the day it does."""


ENTRIES = ("advance", "advance_single", "begin", "check", "take", "close", "decide")
"""What Python calls of a generated module."""


@attrs.frozen(kw_only=True)
class FusedRules:
    """A compiled loop for one ordered set of rules.

    Attributes:
        advance: `advance(state, tape, decisions, settings, parameters, work, log, start, stop) -> next bar`.
        advance_single: The same for one book with one asset; only what a run uses is compiled.
        begin: `begin(state, tape, settings, log, opening, bar, opens)`: the first of the parts of one bar, which
            `engine.walk.Walk` calls one by one, as it does the next four.
        check: `check(state, tape, settings, parameters, log, bar, book, asset, quantity, base, price, free)` returns
            units.
        take: `take(state, tape, log, fills, bar)`.
        close: `close(state, tape, settings, log, bar)`.
        decide: `decide(state, tape, decisions, settings, parameters, work, log, bar)`.
        rules: The rules in the order of their numbers: book, asset, two-sided.
        checks: The order checks; their numbers follow.
        parameters: The options of both, as `advance` wants them.
        key: Hash of everything that the machine code depends on.
        interpreted: Rules that numba cannot compile, with its reason; empty when the loop is compiled.
    """

    advance: Callable[..., int]
    advance_single: Callable[..., int]
    begin: Callable[..., None]
    check: Callable[..., float]
    take: Callable[..., None]
    close: Callable[..., None]
    decide: Callable[..., None]
    rules: tuple[tuple[str, TargetRule], ...]
    checks: tuple[tuple[str, OrderCheck], ...]
    parameters: tuple[Any, ...]
    interpreted: dict[str, str]
    key: str

    @property
    def named(self) -> tuple[tuple[str, TargetRule | OrderCheck], ...]:
        """Names, rules and checks in the order of their numbers."""
        return (*self.rules, *self.checks)

    @cached_property
    def has_plugins(self) -> bool:
        """Whether a rule or check is not the kernel's own."""
        kernel = __package__.partition(".")[0]
        return any(part.function.__module__.partition(".")[0] != kernel for part in self.parts)

    @property
    def parts(self) -> list[TargetRule | OrderCheck]:
        """Rules and checks in the order of their numbers."""
        return [part for _, part in self.named]

    def loop(self, n_books: int, n_assets: int) -> Callable[..., int]:
        """Return the loop that plays so many books and assets."""
        return self.advance_single if n_books == n_assets == 1 else self.advance


def fuse(
    rules: Sequence[tuple[str, TargetRule]], cache: Path | None, checks: Sequence[tuple[str, OrderCheck]] = ()
) -> FusedRules:
    """Return the loop with `rules` and `checks` fused in, compiled on first use and loaded from `cache` afterwards.

    Args:
        rules: Names and rules in the order of plugins.toml.
        checks: Names and order checks, likewise.
        cache: Folder for generated modules, the user's own; when it is None or cannot be written, a temporary one
            serves this process.

    Raises:
        SafetyError: Somebody else can write to `cache`, and so have code executed.
        PluginError: A rule writes to what it may only read, or returns the wrong type.
    """
    ordered = tuple(pair for phase in PHASES for pair in rules if pair[1].phase == phase)
    parts: list[tuple[str, TargetRule | OrderCheck]] = [*ordered, *checks]
    functions = [part.function for _, part in parts]
    source = source_of(ordered, checks, interpreted={})
    key = content_hash(source, functions)
    folder = private(cache)
    path = folder / f"fused_{key}.py"
    if not holds(path, source):
        reasons = probe(parts)
        # Only a set that compiles is taken for granted next time: what failed may have failed by accident.
        if reasons:
            path, source = folder / f"plain_{key}.py", source_of(ordered, checks, interpreted=reasons)
        write_all({path: source.encode()})
    module = load(path, source)
    return FusedRules(
        **{name: getattr(module, name) for name in ENTRIES},
        rules=ordered,
        checks=tuple(checks),
        parameters=tuple(part.parameters for _, part in parts),
        interpreted=module.INTERPRETED,
        key=key,
    )


def is_compiled(fused: FusedRules, cache: Path | None, n_books: int, n_assets: int) -> bool:
    """Say whether the loop of exactly these rules, for so many books and assets, runs without being compiled first.

    It does when its machine code lies in `cache`, in numba's own files, or when nothing is compiled at all.
    """
    if fused.interpreted or not COMPILING:
        return True
    if cache is None:
        return False
    loop = fused.loop(n_books, n_assets).__name__
    return any((cache / "__pycache__").glob(f"fused_{fused.key}.{loop}-*.nbi"))


def content_hash(source: str, functions: Sequence[Callable[..., Any]]) -> str:
    """Return a hash of everything that the machine code depends on."""
    digest = hashlib.sha256(source.encode())
    machine = (llvmlite.binding.get_host_cpu_name(), llvmlite.binding.get_host_cpu_features().flatten())
    # A module made without probing must not serve a process that compiles.
    jit = f"compiling: {COMPILING}"
    for text in (numba.__version__, llvmlite.__version__, platform.python_version(), *machine, jit):
        digest.update(text.encode())
    for file in sorted({file for root in source_roots(functions) for file in python_files(root)}):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


def source_roots(functions: Sequence[Callable[..., Any]]) -> set[Path]:
    """Return the folders, or single files, whose code ends up in the loop."""
    kernel = Path(__file__).parent
    roots = {kernel, kernel.parent / "risk"}
    for function in functions:
        package = function.__module__.partition(".")[0]
        if package != __package__.partition(".")[0]:
            file = Path(str(sys.modules[package].__file__))
            roots.add(file.parent if file.name == "__init__.py" else file)
    return roots


def python_files(root: Path) -> Iterator[Path]:
    """Yield the Python files below `root`, or `root` itself."""
    if root.is_file():
        yield root
    else:
        yield from root.rglob("*.py")


def holds(path: Path, source: str) -> bool:
    """Say whether the file at `path` is exactly this text; its name alone says nothing."""
    try:
        return path.read_bytes() == source.encode()
    except OSError:
        return False


def load(path: Path, source: str) -> ModuleType:
    """Make the generated module of `source`, once per process.

    Its text is executed as it was generated; the file at `path`, which holds the same, is for numba, that keeps
    machine code beside it, and for tracebacks.  An import would run whatever bytecode lies there.
    """
    name = f"tradewright_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    module = ModuleType(name)
    module.__file__ = str(path)
    if PLAIN_PREFIX in source:
        load_plain_engine()
    exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102  # the kernel's own source
    sys.modules[name] = module
    return module
