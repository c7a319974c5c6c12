"""What became of reports, in numbers."""

from dataclasses import dataclass


@dataclass(slots=True)
class Stats:
    """Counts since the reporter was made. Heartbeats are not among them."""

    # The server has them.
    sent: int = 0
    # Among those: they changed nothing, since something newer is known.
    late: int = 0
    # Refused for good, such as for an agent that the token does not cover.
    refused: int = 0
    # Activities that went for newer ones when a bound was reached, and reports for which there was no room.
    dropped: int = 0
    # Put on the disk, to be sent later by this process or the next.
    spooled: int = 0
    # Waiting in the memory of this process.
    waiting: int = 0
