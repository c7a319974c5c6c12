"""Carries batches of reports to a server over HTTP, on one connection that is kept open."""

import http.client
import json
import os
import socket
import ssl
import time
from collections.abc import Sequence
from typing import Protocol

from . import limits
from .address import Address
from .answer import Answer, Item, Refused, Taken, Unreachable


class Carrier(Protocol):
    """Something that carries reports to a server."""

    def send(self, texts: Sequence[str], token: str, within: float) -> Answer:
        """Sends these as one batch; waits for the answer for so many seconds, roughly."""

    def close(self) -> None:
        """Lets the connection go."""


class HttpPost:
    """The carrier over HTTP. Redirections are not followed and proxies of the environment not used: a token is
    for the one it was given for."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._connection: http.client.HTTPConnection | None = None

    def send(self, texts: Sequence[str], token: str, within: float) -> Answer:
        """Sends these as one batch. Never raises for what the network or the server does."""
        body = f"[{','.join(texts)}]".encode()
        until = time.monotonic() + within
        kept = self._connection is not None
        try:
            return self._ask(body, token, until)
        except (http.client.RemoteDisconnected, ConnectionError) as error:
            self.close()
            if not kept:
                return Unreachable(_words(error))
        except Exception as error:
            self.close()
            return Unreachable(_words(error))
        # A connection that was kept may have been closed by the server meanwhile. Keys make it safe to ask again.
        try:
            return self._ask(body, token, until)
        except Exception as error:
            self.close()
            return Unreachable(_words(error))

    def close(self) -> None:
        """Lets the connection go."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def let_go_in_child(self) -> None:
        """After a fork: closes this process's end of the socket. Nothing else of the connection is touched, since the
        parent's thread may have had its locks, and nobody will ever give them back here."""
        sock = None if self._connection is None else self._connection.sock
        handle = -1 if sock is None else sock.detach()
        if handle >= 0:
            os.close(handle)

    def _ask(self, body: bytes, token: str, until: float) -> Answer:
        left = max(until - time.monotonic(), 0.05)
        connection = self._connection
        if connection is None:
            connection = self._connection = self._connected(left)
        elif connection.sock is not None:
            connection.sock.settimeout(left)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", self._address.reports, body=body, headers=headers)
        response = connection.getresponse()
        said = bytearray()
        while chunk := response.read1(65_536):
            said += chunk
            if len(said) > limits.ANSWER_BYTES_MAX:
                raise ValueError("its answer is too long")
            if time.monotonic() > until:
                raise TimeoutError("its answer takes too long")
        if response.length:
            raise ConnectionError("its answer was cut off")
        # Said in words: a response that is read in pieces does not notice its own end.
        response.close()
        if response.will_close:
            self.close()
        return _read(response.status, response.getheader("Retry-After"), bytes(said))

    def _connected(self, within: float) -> http.client.HTTPConnection:
        host, port = self._address.host, self._address.port
        connection: http.client.HTTPConnection
        if self._address.tls:
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(host, port, timeout=within, context=context)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=within)
        connection.connect()
        # Head and body are two writes: without this the second one may wait for the first one's receipt.
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _words(error: BaseException) -> str:
    """Why, in words that hold nothing of what was sent."""
    if isinstance(error, TimeoutError):
        return "there was no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return str(error.strerror)
    if isinstance(error, (http.client.RemoteDisconnected, ConnectionError)):
        return "the connection was closed without an answer"
    return f"the answer is not that of a Mission Control server ({type(error).__name__})"


def _read(status: int, retry_after: str | None, body: bytes) -> Answer:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    fields = said if isinstance(said, dict) else {}
    if status != 200:
        wait = float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
        return Refused(status, _text(fields.get("code")), _text(fields.get("detail")), wait)
    results = fields.get("results")
    if not isinstance(results, list):
        return Unreachable("the answer is not that of a Mission Control server")
    items = [_item(result) for result in results]
    fitting = [item for item in items if item is not None]
    if len(fitting) < len(items):
        return Unreachable("the answer is not that of a Mission Control server")
    return Taken(fitting)


def _item(result: object) -> Item | None:
    if not isinstance(result, dict):
        return None
    code = result.get("code")
    if code is None:
        return Item(applied=result.get("applied") is True) if "seq" in result else None
    wait = result.get("retryMs")
    seconds = wait / 1_000 if isinstance(wait, (int, float)) and wait >= 0 else None
    pointer = _text(result.get("pointer"))
    detail = _text(result.get("detail")) + (f" ({pointer})" if pointer else "")
    return Item(False, _text(code) or "unknown", detail, seconds)


def _text(value: object) -> str:
    """What a server says goes into logs: one short line."""
    text = value if isinstance(value, str) else ""
    return "".join(letter if letter.isprintable() else " " for letter in text[:300])
