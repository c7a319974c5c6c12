"""One report as it waits: its JSON and what is needed to order, drop and age it."""

from dataclasses import dataclass, field
from typing import Final

# Bytes that are needed to keep a report, besides its text, roughly.
KEEPING: Final = 128
# A delay that is shorter than this, in milliseconds, is not worth saying.
_AGE_TOLD_FROM: Final = 100


@dataclass(frozen=True, slots=True)
class Report:
    """A report that waits for its server."""

    agent: str
    # Same key, same report: however often it is sent, it counts once.
    key: str
    # Only an activity may be dropped for want of room: the next one says more.
    activity: bool
    # When it was said, in milliseconds since 1970.
    since: int
    # A JSON object, without `ageMs`.
    text: str
    # Its bytes, with what is needed to keep it.
    size: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", len(self.text.encode()) + KEEPING)

    def aged(self, now: int) -> str:
        """The JSON to send now: says how long the report waited, in milliseconds, where that is worth saying."""
        age = now - self.since
        return f'{self.text[:-1]},"ageMs":{age}}}' if age >= _AGE_TOLD_FROM else self.text
