"""Tokens: where they come from, and whose they are. Nothing here ever shows one."""

import base64
import hashlib
import json
import os
import stat
from collections.abc import Callable
from typing import Final

from .address import Address

# Claims that say who a token is for and what it allows; the others change with every token.
_LASTING: Final = ("sub", "scope", "agents", "iss", "aud")
_FILE_BYTES_MAX: Final = 64 * 1024


class NoToken(Exception):
    """There is none; why, in words for people."""


class Tokens:
    """Gives the token at each need, so that whoever renews it need not restart the program."""

    def __init__(self, source: Callable[[], str], where: str) -> None:
        self._source = source
        self._where = where

    def __repr__(self) -> str:
        return f"Tokens({self._where})"

    @classmethod
    def given(cls, token: str | Callable[[], str], where: str) -> "Tokens":
        """A token that was handed over, or a function that gives one and is called on the sender's thread."""
        return cls(token if callable(token) else lambda: token, where)

    @classmethod
    def of_file(cls, path: str | os.PathLike[str]) -> "Tokens":
        """A file that somebody else keeps fresh. It must be a plain file: a pipe would keep its reader waiting."""
        return cls(lambda: _read(path), f"file {os.fspath(path)}")

    @classmethod
    def none(cls, why: str) -> "Tokens":
        """There is none, for this reason."""

        def refuse() -> str:
            raise NoToken(why)

        return cls(refuse, "none")

    def token(self) -> str:
        """The token of now. Raises `NoToken` where there is none, or it is no token."""
        try:
            token = self._source()
        except NoToken:
            raise
        except OSError as error:
            raise NoToken(f"the token cannot be read: {self._where}: {error.strerror}") from None
        except Exception as error:
            # The words of a stranger's error may hold the token.
            raise NoToken(f"the token cannot be had: {self._where}: {type(error).__name__}") from None
        token = token.strip() if isinstance(token, str) else ""
        if not token:
            raise NoToken(f"there is no token: {self._where}")
        if not all(33 <= ord(letter) <= 126 for letter in token):
            raise NoToken(f"what stands there is no token: {self._where}")
        return token


def _read(path: str | os.PathLike[str]) -> str:
    # Not blocking: a pipe that nobody writes to opens at once, and is refused.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise NoToken("the token file is not a plain file")
        return os.read(handle, _FILE_BYTES_MAX).decode("utf-8", "replace")
    finally:
        os.close(handle)


def _claims(token: str) -> dict[str, object] | None:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def holder(address: Address, token: str) -> str:
    """A name for what waits for this server and comes from the holder of this token: 32 hexadecimal digits.

    A renewed token has the same one. The token is read and not checked: that is for the server.
    """
    claims = _claims(token)
    parts: list[object] = [str(address)]
    parts += [token] if claims is None else [claims.get(name) for name in _LASTING]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def user(token: str) -> str:
    """Who holds it, in one short line for people."""
    name = (_claims(token) or {}).get("sub")
    text = name if isinstance(name, str) else "somebody"
    return "".join(letter for letter in text if letter.isprintable())[:200]
