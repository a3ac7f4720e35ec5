"""How the engine compiles: the only place that knows numba's options.

Measured on the loop with the mission's rules, one asset, 1,000,000 bars: with numba's defaults 3.4 s a run and
16 s to compile, with the options below 0.02 s and 5 s.
"""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core import types
from numba.core.compiler import Compiler
from numba.np import linalg

from tradewright.engine.kept import sealed

F = TypeVar("F")
_settings: Any = numba.config
_unliteral: Any = types.unliteral

COMPILING = not _settings.DISABLE_JIT
"""Whether numba compiles at all; `NUMBA_DISABLE_JIT=1` leaves everything to the interpreter, for coverage."""

# A zero divisor gives inf or NaN, as in numpy; the code guards its own divisions.
_COMMON: dict[str, Any] = {"error_model": "numpy"}
# The engine allocates nothing, so it needs no runtime, and no reference is counted for any of the tables that travel
# through every call: that counting is what takes the 3.4 s.
_KERNEL: dict[str, Any] = {**_COMMON, "_nrt": False}
# Only `advance` is called from Python, so the rest needs no way in; inlining saves copying the tables' descriptors.
_INNER: dict[str, Any] = {"forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


class ApartCompiler(Compiler):
    """Tell LLVM that the loop's tables lie apart from each other, so that it may keep their numbers in registers.

    Without it every write to the curve makes the processor read the book again.  True of everything that
    `engine.run.Simulation` hands over: what the loop writes, it alone made; prices that share memory are only read.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)  # type: ignore[no-untyped-call]  # numba's own
        self.state.flags.noalias = True


def compiled(function: F) -> F:
    """Compile a function of the engine, to be called from compiled code only."""
    result: F = numba.njit(**_KERNEL, **_INNER)(function)
    if COMPILING:
        _serve_every_constant(result)
    return result


def _serve_every_constant(dispatcher: Any) -> None:
    """Let one version of a function serve every constant that it is called with.

    numba gives the number of each rule a type of its own and compiled the function once for each, and whatever that
    calls; a fifth of the time.  Inlining leaves the same constants in the machine code.
    """
    template_of = dispatcher.get_call_template

    def get_call_template(arguments: Any, keywords: Any) -> Any:
        return template_of([_unliteral(argument) for argument in arguments], keywords)

    dispatcher.get_call_template = get_call_template


@cache
def _rule(function: Any) -> Any:
    return numba.njit(**_COMMON, forceinline=True)(function)


def compiled_rule(function: F) -> F:
    """Compile a rule, which may allocate, once for the probe and for every loop of this process."""
    result: F = _rule(function)
    return result


def cached(function: F) -> F:
    """Compile what Python calls, and keep the machine code, sealed, on disk beside the function's file.

    It lets go of the interpreter's lock: of a rule in an endless loop only another thread can end the program.
    """
    if not COMPILING:
        return function
    # numba would go elsewhere if the environment says so: to a folder that nobody has looked at.
    before, _settings.CACHE_DIR = _settings.CACHE_DIR, ""
    try:
        result: F = numba.njit(**_KERNEL, cache=True, nogil=True, pipeline_class=ApartCompiler)(function)
    finally:
        _settings.CACHE_DIR = before
    _seal(result)
    return result


def _seal(dispatcher: Any) -> None:
    """Have every load and every compilation of a function go through its seal."""
    compile_or_load = dispatcher.compile
    module, folder = Path(dispatcher.py_func.__code__.co_filename), Path(dispatcher.stats.cache_path)

    def compile_sealed(signature: Any) -> Any:
        _load_numba(dispatcher)
        with sealed(module, folder):
            return compile_or_load(signature)

    dispatcher.compile = compile_sealed


def _load_numba(dispatcher: Any) -> None:
    """Let numba import the half of itself that runs machine code, without scipy.linalg, which takes 0.2 s more.

    It imports that only to know whether it is there, and asks again, through the same function, before it compiles a
    product of matrices.
    """
    if "numba.np.arraymath" in sys.modules:
        return
    asks = linalg.ensure_blas
    linalg.ensure_blas = _ensure_scipy
    try:
        dispatcher.targetctx.refresh()
    finally:
        linalg.ensure_blas = asks


def _ensure_scipy() -> None:
    if importlib.util.find_spec("scipy") is None:
        raise ImportError("no scipy")
