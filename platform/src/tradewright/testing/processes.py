"""What only a fresh process can tell: what an import brings along or touches, and whether an answer repeats."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECONDS_MAX = 120.0

IMPORT = """
import importlib, json, sys, time, datetime
module, sys.path[:], hooks = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
import tradewright, tradewright.config, tradewright.host.hookspecs
sys.dont_write_bytecode = True
package, before, touched = module.partition(".")[0], set(sys.modules), []

def load():
    plugin = importlib.import_module(module)
    for hook in hooks:
        if callable(getattr(plugin, hook, None)):
            list(getattr(plugin, hook)())

load()
new = {name.partition(".")[0] for name in set(sys.modules) - before if sys.modules[name].__spec__ is not None}
imported = sorted(name for name in new - set(sys.stdlib_module_names) - {package} if not name.startswith("_"))

# What it needs is loaded now: whatever is seen while its own modules run once more is its own doing.
for name in [name for name in sys.modules if name.partition(".")[0] == package]:
    del sys.modules[name]

def note(what):
    frame, place = sys._getframe(1), None
    while frame is not None and place is None:
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] == package:
            place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    touched.append([what, place])

def noted(what, function):
    def call(*args, **named):
        note(what)
        return function(*args, **named)
    return call

def audit(event, args):
    if not watching:
        return
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "urllib.")):
        note(event.replace("socket.__new__", "a socket"))
    elif event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        note(f"a file that it writes, {args[0]}")

for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"):
    setattr(time, name, noted(f"the clock, time.{name}", getattr(time, name)))

class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        note("the clock, datetime.now")
        return datetime.datetime(2000, 1, 1, tzinfo=tz)
    utcnow = today = now

datetime.datetime = Clock
watching = True
sys.addaudithook(audit)
load()
watching = False
print(json.dumps({"imported": imported, "touched": touched}))
"""

ANSWER = """
import importlib.util, json, sys
file, name, qualname, asked, sys.path[:] = *sys.argv[1:5], json.loads(sys.argv[5])
spec = importlib.util.spec_from_file_location(name, file)
module = sys.modules[name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
found = module
for part in qualname.split("."):
    found = getattr(found, part)
sys.stdout.write("ANSWER " + getattr(found(), asked)().hex())
"""


@attrs.frozen
class Imported:
    """What importing a plugin's module and asking its hooks did.

    Attributes:
        packages: Top-level packages that came along, neither the standard library's nor the plugin's own.
        touched: What was reached for meanwhile, and the plugin's own line, None when that is not known.
        error: What it raised, empty when nothing.
    """

    packages: tuple[str, ...] = ()
    touched: tuple[tuple[str, str | None], ...] = ()
    error: str = ""


@attrs.frozen
class Answer:
    """What one process said: its answer in hexadecimal, or the last line of what went wrong."""

    text: str = ""
    error: str = ""


@cache
def imported(module: str, hooks: tuple[str, ...]) -> Imported:
    """Import a module in a fresh interpreter, twice: once for what it brings along, and once watched."""
    words = [sys.executable, "-c", IMPORT, module, json.dumps(sys.path), json.dumps(hooks)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)  # noqa: S603  # this interpreter
    if done.returncode:
        return Imported(error=done.stderr.strip().splitlines()[-1])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Imported(tuple(found["imported"]), tuple((what, place) for what, place in found["touched"]))


def answers(contract: type, asked: Sequence[tuple[str, str]]) -> list[Answer]:
    """Return what methods of the contract return, each in a process of its own with its own hash seed."""
    words = [sys.executable, "-c", ANSWER, inspect.getfile(contract), contract.__module__, contract.__qualname__]
    path = json.dumps(sys.path)
    children = [_started([*words, method, path], {"PYTHONHASHSEED": seed}) for method, seed in asked]
    found = []
    for child in children:
        out, err = child.communicate(timeout=SECONDS_MAX)
        last = err.strip().splitlines()[-1:] or [f"exit code {child.returncode}"]
        found.append(Answer(error=last[0]) if child.returncode else Answer(out.rpartition("ANSWER ")[2]))
    return found


def _started(words: list[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(words, env={**os.environ, **environment}, **streams)  # noqa: S603  # this interpreter
