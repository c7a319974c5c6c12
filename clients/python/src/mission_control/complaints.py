"""Tells people what is wrong, through `logging`, once: a program's log is not ours to fill."""

import logging
from typing import Final

log: Final = logging.getLogger("mission_control")

# Most different refusals that are told.
_TOLD_MAX: Final = 100


class Complaints:
    """What was told already."""

    def __init__(self) -> None:
        self._trouble: str | None = None
        self._told: set[str] = set()

    def trouble(self, kind: str, level: int, words: str) -> None:
        """Nothing can be sent. Told when it begins, and when it becomes another one."""
        if self._trouble != kind:
            self._trouble = kind
            log.log(level, "%s", words)

    def well(self) -> None:
        """Reports are taken. Told where they were not."""
        if self._trouble is not None:
            self._trouble = None
            log.info("reports are taken again")

    def once(self, kind: str, words: str) -> None:
        """Told the first time; of very many kinds only the first hundred."""
        if kind not in self._told and len(self._told) < _TOLD_MAX:
            self._told.add(kind)
            log.warning("%s", words)
