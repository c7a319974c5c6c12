"""What may stand in a report: ids, states, labels and texts, made to fit before they are sent.

A report must never fail for its text, so texts are repaired and cut. Names are not: a wrong one is an error of
whoever wrote the program.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal

from . import limits

Status = Literal["online", "offline", "error"]
Event = Literal["start", "stop", "restart", "crash"]

_ID: Final = re.compile(r"[A-Za-z0-9._:@-]{1,128}", re.ASCII)
_STATE: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
_SIGNAL: Final = re.compile(r"[A-Za-z0-9+-]{1,32}", re.ASCII)


def checked_id(text: str, what: str) -> str:
    """Gives the id back. Raises `ValueError` unless it is 1 to 128 of the letters `A-Z a-z 0-9 . _ : @ -`."""
    if not isinstance(text, str) or _ID.fullmatch(text) is None:
        raise ValueError(f"{what} needs 1 to {limits.ID_CHARS_MAX} of the letters A-Z a-z 0-9 . _ : @ -")
    return text


def checked_state(text: str) -> str:
    """Gives the state back. Raises `ValueError` unless it is like `working`, at most 32 letters."""
    if not isinstance(text, str) or _STATE.fullmatch(text) is None:
        raise ValueError("a state is a small letter, then at most 31 small letters, digits, _ or -")
    return text


def checked_signal(text: str) -> str:
    """Gives the signal's name back. Raises `ValueError` unless it is a name such as `SIGKILL`."""
    if not isinstance(text, str) or _SIGNAL.fullmatch(text) is None:
        raise ValueError("a signal's name such as SIGKILL is needed")
    return text


def checked_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Gives a copy. Raises `ValueError` for more than 16 labels, or a key or value of more than 64 bytes."""
    if len(labels) > limits.LABELS_MAX:
        raise ValueError(f"an agent has at most {limits.LABELS_MAX} labels")
    fitting = {whole(key): whole(value) for key, value in labels.items()}
    if "" in fitting:
        raise ValueError("a label needs a key")
    if any(len(text.encode()) > limits.LABEL_BYTES_MAX for pair in fitting.items() for text in pair):
        raise ValueError(f"a label's key and value have at most {limits.LABEL_BYTES_MAX} bytes each")
    return fitting


def whole(text: object) -> str:
    """The text of anything, as a server can read it: what is no character becomes a question mark."""
    return _said(text).encode("utf-8", "replace").decode("utf-8")


def cut(text: object) -> str:
    """The same, cut between two characters to what a server takes as a message."""
    # No character has less than a byte: of a huge text only the beginning is looked at.
    head = _said(text)[: limits.MESSAGE_BYTES_MAX].encode("utf-8", "replace")
    return head[: limits.MESSAGE_BYTES_MAX].decode("utf-8", "ignore")


def _said(text: object) -> str:
    try:
        return text if type(text) is str else str(text)
    except Exception:
        return f"<{type(text).__name__} that has no text>"


def exit_code(code: int) -> int:
    """The exit code, in 32 bits with a sign as the server takes it; of a larger one the last byte, as a shell sees."""
    return code if -(2**31) <= code < 2**31 else code & 0xFF
