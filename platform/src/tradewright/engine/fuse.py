"""Write, for a set of rules, the module that compiles them into the loop, and keep it on disk.

numba keeps machine code beside the file it was compiled from, but does not notice when a *called* function has
changed.  So each set of rules gets a generated module of its own, named by a hash over everything that the machine
code depends on: the sources of engine, risk and every rule's package, numba, llvmlite and the processor.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import platform
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import llvmlite.binding
import numba

from tradewright.engine.generate import PHASES, source_of
from tradewright.engine.jit import COMPILING
from tradewright.engine.plain import load_plain_engine
from tradewright.engine.probe import probe
from tradewright.workspace.writing import write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

    from tradewright.risk.contract import OrderCheck, TargetRule

CHECKED_WITH_NUMBA = "0.68"
"""The numba whose cache was seen not to notice a changed callee; a test watches for the day it does."""


@attrs.frozen
class FusedRules:
    """A compiled loop for one ordered set of rules.

    Attributes:
        advance: `advance(state, tape, decisions, settings, parameters, work, log, start, stop) -> next bar`.
        advance_single: The same for one book with one asset; only what a run uses is compiled.
        rules: The rules in the order of their numbers: book, asset, two-sided.
        checks: The order checks; their numbers follow.
        parameters: The options of both, as `advance` wants them.
        key: Hash of everything that the machine code depends on.
        interpreted: Rules that numba cannot compile, with its reason; empty when the loop is compiled.
    """

    advance: Callable[..., int]
    advance_single: Callable[..., int]
    rules: tuple[tuple[str, TargetRule], ...]
    checks: tuple[tuple[str, OrderCheck], ...]
    parameters: tuple[Any, ...]
    interpreted: dict[str, str]
    key: str

    @property
    def named(self) -> tuple[tuple[str, TargetRule | OrderCheck], ...]:
        """Names, rules and checks in the order of their numbers."""
        return (*self.rules, *self.checks)

    @property
    def parts(self) -> list[TargetRule | OrderCheck]:
        """Rules and checks in the order of their numbers."""
        return [part for _, part in self.named]

    def loop(self, n_books: int, n_assets: int) -> Callable[..., int]:
        """Return the loop that plays so many books and assets."""
        return self.advance_single if n_books == n_assets == 1 else self.advance


def fuse(
    rules: Sequence[tuple[str, TargetRule]], cache: Path, checks: Sequence[tuple[str, OrderCheck]] = ()
) -> FusedRules:
    """Return the loop with `rules` and `checks` fused in, compiled on first use and loaded from `cache` afterwards.

    Args:
        rules: Names and rules in the order of plugins.toml.
        checks: Names and order checks, likewise.
        cache: Folder for generated modules; when it cannot be written a temporary one serves this process.

    Raises:
        PluginError: A rule writes to what it may only read, or returns the wrong type.
    """
    ordered = tuple(pair for phase in PHASES for pair in rules if pair[1].phase == phase)
    parts: list[tuple[str, TargetRule | OrderCheck]] = [*ordered, *checks]
    functions = [part.function for _, part in parts]
    key = content_hash(source_of(ordered, checks, interpreted={}), functions)
    folder = writable(cache)
    path = folder / f"fused_{key}.py"
    if not path.exists():
        reasons = probe(parts)
        # Only a set that compiles is taken for granted next time: what failed may have failed by accident.
        path = folder / f"plain_{key}.py" if reasons else path
        write_all({path: source_of(ordered, checks, interpreted=reasons).encode()})
    module = load(path)
    parameters = tuple(part.parameters for _, part in parts)
    loops = module.advance, module.advance_single
    return FusedRules(*loops, ordered, tuple(checks), parameters, module.INTERPRETED, key)


def is_compiled(fused: FusedRules, cache: Path, n_books: int, n_assets: int) -> bool:
    """Say whether the loop of exactly these rules, for so many books and assets, runs without being compiled first.

    It does when its machine code lies in `cache`, in numba's own files, or when nothing is compiled at all.
    """
    if fused.interpreted or not COMPILING:
        return True
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


def writable(cache: Path) -> Path:
    """Return `cache`, made if need be, or a temporary folder when it cannot be written."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            return cache
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="tradewright-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return folder


def load(path: Path) -> ModuleType:
    """Import the generated module at `path`, once per process."""
    name = f"tradewright_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # noqa: S101  # a .py file always has one
    assert spec.loader is not None  # noqa: S101  # likewise
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    load_plain_engine()
    spec.loader.exec_module(module)
    return module
