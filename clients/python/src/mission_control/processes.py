"""The end of the process, and its forks: what all reporters do then."""

import atexit
import os
from typing import Final, Protocol

from . import limits


class Member(Protocol):
    """Something that has to know."""

    def begin_exit(self, within: float) -> None:
        """The interpreter ends; there are so many seconds left."""

    def finish_exit(self) -> None:
        """All were told; now they are waited for."""

    def before_fork(self) -> None:
        """A child is about to be made."""

    def after_fork_in_parent(self) -> None:
        """It was made."""

    def after_fork_in_child(self) -> None:
        """This is the child."""


# Those that send. They are held here: an agent may be started and then not kept by anybody.
_members: Final[dict[int, Member]] = {}
_forking: list[Member] = []


def join(member: Member) -> None:
    """From now on it knows."""
    _members[id(member)] = member


def part(member: Member) -> None:
    """It is done."""
    _members.pop(id(member), None)


def _at_exit() -> None:
    members = list(_members.values())
    for member in members:
        member.begin_exit(limits.CLOSE_WITHIN)
    for member in members:
        member.finish_exit()


def _before_fork() -> None:
    _forking[:] = list(_members.values())
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
    # They are the parent's.
    _members.clear()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
    )
