"""Whose rule has raised: the loop is one function, and what breaks in it must not pass for the kernel's own fault."""

from __future__ import annotations

import inspect
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tradewright.errors import PluginError, TradewrightError
from tradewright.host.fence import fence, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tradewright.engine.fuse import FusedRules
    from tradewright.risk.contract import OrderCheck, TargetRule

    Named = Sequence[tuple[str, TargetRule | OrderCheck]]

T = TypeVar("T")

LOOP = "engine"
"""What is called where no rule is known yet."""

_KERNEL = "tradewright"


def call(fused: FusedRules, entry: Callable[..., T], *arguments: Any) -> T:
    """Call an entry of the fused loop; what a plugin's rule raises in it names the rule.

    Where all rules are the kernel's own there is nobody to blame, and no fence, which takes 6 us a call.

    Raises:
        PluginError: A plugin's rule or check raised.
    """
    if not fused.has_plugins:
        return entry(*arguments)
    try:
        with fence(LOOP, entry, letting=(TradewrightError,)):
            return entry(*arguments)
    except PluginError as error:
        if error.key != LOOP or error.__cause__ is None:
            raise  # It names its rule already.
        raise blamed(error.__cause__, fused.named) or error.__cause__ from None


def blamed(error: BaseException, named: Named) -> PluginError | None:
    """Return the error that names the rule, its file and line; None when it was raised in no plugin's file.

    numba leaves the place of a `raise` in the traceback, so that compiled and interpreted rules are found alike.

    Args:
        error: What came out of the loop.
        named: Names, rules and checks.
    """
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        file = frame.f_code.co_filename
        suspects = [(name, part) for name, part in named if _is_of(part, file)]
        if suspects:
            name, part = next((one for one in suspects if _holds(one[1], file, line)), suspects[0])
            package = part.function.__module__.partition(".")[0]
            fix = f"mend or update {package}, or take {name} out of plugins.toml"
            message = f"raised {type(error).__name__}: {text_of(error)}".rstrip(": ")
            return PluginError(message, file=file, line=line, key=name, fix=fix)
    return None


def _is_of(part: TargetRule | OrderCheck, file: str) -> bool:
    """Say whether a file belongs to the plugin of a rule; the kernel's own are the kernel."""
    package = part.function.__module__.partition(".")[0]
    own = Path(part.function.__code__.co_filename)
    # A plugin may be a single file, in a folder that it shares with everything that is installed.
    folder = next((parent for parent in own.parents if parent.name == package), None)
    inside = Path(file) == own if folder is None else folder in Path(file).parents
    return package != _KERNEL and inside


def _holds(part: TargetRule | OrderCheck, file: str, line: int) -> bool:
    lines, first = inspect.getsourcelines(part.function)
    return inspect.getsourcefile(part.function) == file and first <= line < first + len(lines)
