"""Where to report, as whom, and where reports wait: from arguments, then from the environment.

| variable | |
|---|---|
| `MISSION_CONTROL_URL` | the server, `http://127.0.0.1:3000` if not set |
| `MISSION_CONTROL_TOKEN_FILE` | a file with the token, read at each need; wins over the next |
| `MISSION_CONTROL_TOKEN` | the token |
| `MISSION_CONTROL_SPOOL_DIR` | where reports wait, instead of the user's directory for state |
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .address import Address
from .spools import Spools, usual_place
from .tokens import Tokens

PathText = str | os.PathLike[str]
DEFAULT_URL: Final = "http://127.0.0.1:3000"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a reporter stands on."""

    address: Address
    tokens: Tokens
    spools: Spools | None

    @classmethod
    def of(
        cls, url: str | None, token: str | Callable[[], str] | None, token_file: PathText | None,
        spool: PathText | bool, environment: Mapping[str, str],
    ) -> "Settings":  # fmt: skip
        """Raises `ValueError` for a URL that is none, and where two tokens are given.

        An environment that is wrong breaks no program: then there is no token, and the reporter says why.
        """
        if token is not None and token_file is not None:
            raise ValueError("give token or token_file, not both")
        spools = _spools(spool, environment)
        if url is not None:
            return cls(Address.parse(url), _tokens(token, token_file, environment), spools)
        try:
            address = Address.parse(environment.get("MISSION_CONTROL_URL") or DEFAULT_URL)
        except ValueError as error:
            return cls(Address.parse(DEFAULT_URL), Tokens.none(f"MISSION_CONTROL_URL: {error}"), None)
        return cls(address, _tokens(token, token_file, environment), spools)


def _tokens(
    token: str | Callable[[], str] | None, token_file: PathText | None, environment: Mapping[str, str]
) -> Tokens:
    if token is not None:
        return Tokens.given(token, "the one that was given")
    file = token_file or environment.get("MISSION_CONTROL_TOKEN_FILE")
    if file:
        return Tokens.of_file(file)
    return Tokens.given(environment.get("MISSION_CONTROL_TOKEN", ""), "MISSION_CONTROL_TOKEN")


def _spools(spool: PathText | bool, environment: Mapping[str, str]) -> Spools | None:
    # Without these locks of Unix nothing waits on the disk.
    if spool is False or sys.platform == "win32":
        return None
    place = usual_place(environment) if spool is True else Path(spool)
    if place is None:
        return None
    try:
        # A program may go elsewhere later.
        return Spools(place.absolute())
    except OSError:
        return Spools(place)
