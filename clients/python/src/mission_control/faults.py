"""Whose fault an exception is: the reporter's own are told, and those of others go on."""

import sys
from typing import Final

_OWN: Final = frozenset((__name__.partition(".")[0], *sys.stdlib_module_names))


def is_own(error: BaseException) -> bool:
    """Whether only this package and the standard library were at work where it was caught.

    A signal handler of the program may raise in the middle of a report, such as a time limit: that is the program's.
    """
    trace = error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] not in _OWN:
            return False
        trace = trace.tb_next
    return True
