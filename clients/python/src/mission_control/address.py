"""Where a server is: `http://host:port/prefix`."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Address:
    """A server, and the path below which its API lies."""

    tls: bool
    host: str
    port: int | None
    prefix: str

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Raises `ValueError` unless it is `http://` or `https://` with a host and nothing behind its path."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the server's URL must be like http://127.0.0.1:3000")
        if "@" in parts.netloc or parts.query or parts.fragment or any(ord(c) <= 32 for c in url):
            raise ValueError("the server's URL takes no user, query or fragment: the token is given apart")
        return cls(parts.scheme == "https", parts.hostname, parts.port, parts.path.rstrip("/"))

    @property
    def reports(self) -> str:
        """The path that takes batches of reports."""
        return f"{self.prefix}/api/v1/reports"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"http{'s' if self.tls else ''}://{host}{port}{self.prefix}"
