"""What the end of a `with` block says of an agent: it stopped, or it crashed."""

import asyncio
import traceback
from dataclasses import dataclass
from typing import Literal

from . import words


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended."""

    event: Literal["stop", "crash"]
    message: str | None = None
    exit_code: int | None = None
    signal: str | None = None


def of(error: BaseException | None) -> Ending:
    """The ending that this exception means; none is a clean exit.

    `sys.exit()` and `sys.exit(0)` are a stop, other exit codes a crash. Ctrl-C and a task that was cancelled are a
    stop: somebody asked for it. Everything else is a crash with exit code 1, as Python itself would end.
    """
    if error is None:
        return Ending("stop", exit_code=0)
    if isinstance(error, KeyboardInterrupt):
        return Ending("stop", signal="SIGINT")
    if isinstance(error, asyncio.CancelledError):
        return Ending("stop", "cancelled")
    if isinstance(error, GeneratorExit):
        return Ending("stop")
    if isinstance(error, SystemExit):
        return _of_exit(error.code)
    return Ending("crash", _told(error), 1)


def _of_exit(code: object) -> Ending:
    if code is None:
        return Ending("stop", exit_code=0)
    if isinstance(code, int):
        number = words.exit_code(int(code))
        return Ending("crash" if number else "stop", exit_code=number)
    # What Python prints then, before it exits with 1.
    return Ending("crash", words.cut(code), 1)


def _told(error: BaseException) -> str:
    """The last line of what Python would print, such as `ValueError: no such batch`."""
    try:
        return words.cut("".join(traceback.format_exception_only(error)).strip())
    except Exception:
        return type(error).__name__
