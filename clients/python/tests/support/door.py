"""A door before a server: it can be shut, and it can swallow answers. Its address stays while servers change."""

import socket
import threading
from urllib.parse import urlsplit


class Door:
    """Passes connections on to `behind`, a URL, and counts the requests."""

    def __init__(self, behind: str | None) -> None:
        self.behind = behind
        # The server gets what is sent, and its answer is lost.
        self.swallows = False
        self.requests = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def shut(self) -> None:
        """Nobody comes through, and those who did are cut off."""
        self.behind = None
        with self._lock:
            for side in self._pairs:
                _cut(side)

    def close(self) -> None:
        """For good."""
        self.shut()
        _cut(self._listener)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                inner, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(inner,), daemon=True).start()

    def _serve(self, inner: socket.socket) -> None:
        behind = self.behind
        with inner:
            if behind is None:
                return
            place = urlsplit(behind)
            try:
                outer = socket.create_connection((place.hostname, place.port))
            except OSError:
                return
            with outer:
                pair = {inner, outer}
                with self._lock:
                    self._pairs |= pair
                back = threading.Thread(target=self._pass, args=(outer, inner, False), daemon=True)
                back.start()
                self._pass(inner, outer, True)
                back.join()
                with self._lock:
                    self._pairs -= pair

    def _pass(self, source: socket.socket, sink: socket.socket, forth: bool) -> None:
        try:
            while data := source.recv(65_536):
                if forth:
                    self.requests += data.count(b"POST /")
                elif self.swallows:
                    break
                sink.sendall(data)
        except OSError:
            pass
        _cut(source)
        _cut(sink)


def _cut(side: socket.socket) -> None:
    try:
        side.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
