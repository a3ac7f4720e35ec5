"""The fence around what is awaited: what a plugin's coroutine raises is what came of it, and not the loop's end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


class Raised(NamedTuple):
    """What was raised in place of an answer."""

    error: BaseException


async def outcome(call: Callable[[], Awaitable[T]]) -> T | Raised:
    """Return what a call returns or raises, SystemExit included: raised within a task, that would end the loop.

    Raises:
        KeyboardInterrupt: Somebody has pressed Ctrl-C.
        CancelledError: Whoever asks was cancelled, and not something within the call.

    >>> async def broken():
    ...     raise SystemExit(3)
    >>> asyncio.run(outcome(broken))
    Raised(error=SystemExit(3))
    """
    try:
        return await call()
    except KeyboardInterrupt:
        raise
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return Raised(error)
    except BaseException as error:  # noqa: BLE001  # a plugin's code; what it raised is its answer
        return Raised(error)
