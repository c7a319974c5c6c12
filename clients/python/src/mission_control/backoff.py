"""How long to wait before the next try, in seconds."""

from typing import Final

_FIRST: Final = 1.0
_LONGEST: Final = 30.0
# What needs a person is tried less often; a renewed token file is still found within a minute.
_STUBBORN_LEAST: Final = 5.0
_STUBBORN_LONGEST: Final = 60.0
# A server that says when is believed, up to here.
_TOLD_MAX: Final = 300.0
# One that says to come back at once is not hammered.
_TOLD_LEAST: Final = 0.1


def away(failures: int, chance: float, retry_after: float | None) -> float:
    """After so many failures in a row: full jitter, from when the server says on."""
    told = 0.0 if retry_after is None else min(max(retry_after, _TOLD_LEAST), _TOLD_MAX)
    return told + chance * min(_LONGEST, _FIRST * 2.0 ** min(failures - 1, 10))


def stubborn(failures: int, chance: float) -> float:
    """Where waiting alone mends nothing."""
    most = min(_STUBBORN_LONGEST, 2 * _STUBBORN_LEAST * 2.0 ** min(failures - 1, 10))
    return _STUBBORN_LEAST + chance * (most - _STUBBORN_LEAST)


def told(retry_after: float | None) -> float:
    """What the server says of one agent. Half a second at least, so that more than one report goes then."""
    return 2.0 if retry_after is None else min(max(retry_after, 0.5), _TOLD_MAX)
