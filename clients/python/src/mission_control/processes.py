"""The end of the process, and its forks: what all reporters do then."""

import atexit
import os
import time
import weakref
from typing import Final, Protocol

from . import limits


class Member(Protocol):
    """Something that has to know."""

    def at_exit(self, within: float) -> None:
        """The interpreter ends; it is waited for so many seconds."""

    def before_fork(self) -> None:
        """A child is about to be made."""

    def after_fork_in_parent(self) -> None:
        """It was made."""

    def after_fork_in_child(self) -> None:
        """This is the child."""


# A reporter that sends has a thread, which holds it. One that nobody uses any more may go.
_members: Final["weakref.WeakSet[Member]"] = weakref.WeakSet()
_forking: list[Member] = []


def join(member: Member) -> None:
    """From now on it knows."""
    _members.add(member)


def _at_exit() -> None:
    until = time.monotonic() + limits.CLOSE_WITHIN
    for member in list(_members):
        member.at_exit(max(0.0, until - time.monotonic()))


def _before_fork() -> None:
    _forking[:] = list(_members)
    for member in _forking:
        member.before_fork()


def _after_fork_in_parent() -> None:
    for member in _forking:
        member.after_fork_in_parent()
    _forking.clear()


def _after_fork_in_child() -> None:
    for member in _forking:
        member.after_fork_in_child()
    _forking.clear()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
    )
