"""Where reports wait on this machine: a directory for each server and holder of tokens."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from .address import Address
from .spool import DiskSpool
from .tokens import holder, user


class Spools:
    """The place of all spools."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def of(self, address: Address, token: str) -> tuple[str, DiskSpool]:
        """The name and spool of whoever holds this token. What one may report is never sent in another's name."""
        name = holder(address, token)
        return name, DiskSpool(self._directory / name, f"{user(token)}\n{address}\n")


def usual_place(environment: Mapping[str, str]) -> Path | None:
    """Where this user keeps what programs remember: `mission-control/python` there. None: there is no home.

    It stands beside the spool of the `mission-control` command, and is no part of it: neither sends what waits in
    the other.
    """
    if sys.platform == "win32":
        return None
    said = environment.get("MISSION_CONTROL_SPOOL_DIR")
    if said:
        return Path(said)
    state = environment.get("XDG_STATE_HOME")
    if state and os.path.isabs(state):
        return Path(state) / "mission-control" / "python"
    try:
        return Path.home() / ".local" / "state" / "mission-control" / "python"
    except RuntimeError:
        return None
