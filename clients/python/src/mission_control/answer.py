"""What a server says to a batch of reports, and what that means for those who sent it."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


@dataclass(frozen=True, slots=True)
class Item:
    """The answer to one report. Without a code it was taken; `applied` is false where something newer is known."""

    applied: bool = True
    code: str | None = None
    detail: str = ""
    retry_after: float | None = None

    @property
    def passes(self) -> bool:
        """Whether the same report can be taken later. A code that is not known here is for good."""
        return self.code in _PASSING


@dataclass(frozen=True, slots=True)
class Taken:
    """The batch was looked at: an answer for each report of it, in order."""

    items: list[Item]


@dataclass(frozen=True, slots=True)
class Refused:
    """The request as a whole was refused."""

    status: int
    code: str = ""
    detail: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nothing came back that a server would say."""

    why: str


Answer = Taken | Refused | Unreachable


class Meaning(Enum):
    """What a refusal of the whole request means."""

    AWAY = "the server takes nothing now; the same request can succeed later"
    TOKEN = "the token is not taken, or not for this"
    TOO_LARGE = "fewer bytes at once may be taken"
    BROKEN = "a report in it cannot be read; the others may be fine"
    STRANGE = "the address or one of the two programs is not right; the reports are"


def meaning(refused: Refused) -> Meaning:
    """What it means."""
    status = refused.status
    # From 520 on a proxy says that the server behind it is away.
    if status in (408, 425, 429, 500, 502, 503, 504, 507) or 520 <= status <= 529:
        return Meaning.AWAY
    if status in (401, 403):
        return Meaning.TOKEN
    if status == 413:
        return Meaning.TOO_LARGE
    if refused.code in _BROKEN:
        return Meaning.BROKEN
    return Meaning.STRANGE


_PASSING: Final = frozenset(
    ("rate_limited", "internal", "overloaded", "unavailable", "draining", "fleet_full", "store_full")
)
_BROKEN: Final = frozenset(("invalid_request", "invalid_json", "invalid_value", "invalid_batch", "invalid_id"))
