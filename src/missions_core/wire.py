"""HTTP to one address, where an attempt ends at its deadline, whatever the server does.

A socket's own timeout starts anew with every byte: a server that drips could hold its caller for as long as it likes.
"""

import io
import select
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, IncompleteRead

from missions_core.targets import Target


@dataclass(slots=True)
class Deadline:
    """When an attempt ends, on the monotonic clock; moved for each."""

    at: float = 0.0

    def left(self) -> float:
        """Seconds until then, more than none: TimeoutError afterwards."""
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


class Connection(HTTPConnection):
    """To exactly this address, whose certificate must be the host's. Opens itself with a request, and is kept for the next."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port)
        self.address = address
        self.deadline = Deadline()
        self._is_tls = target.scheme == "https"

    def connect(self) -> None:
        """Called by HTTPConnection where it is not connected."""
        line: socket.socket | None = None
        try:
            line = socket.create_connection((self.address, self.port), timeout=self.deadline.left())
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._is_tls:
                line.settimeout(self.deadline.left())  # of the whole handshake
                line = _trusting().wrap_socket(line, server_hostname=self.host)
        except BaseException:
            if line is not None:
                line.close()
            raise
        self.sock = _Line(line, self.deadline)

    def read(self, limit: int) -> tuple[int, bytes]:
        """Status and body of the answer, of a longer body the first `limit` bytes. What is not read to its end is not kept."""
        with self.getresponse() as response:
            body = response.read(limit)
            if response.length and len(body) < limit:
                raise IncompleteRead(body, response.length)
            if not response.isclosed():
                self.close()
            return response.status, body

    @property
    def is_stale(self) -> bool:
        """Whether the server has hung up, or says what nobody asked for."""
        if not isinstance(self.sock, _Line):
            return False
        poll = select.poll()
        poll.register(self.sock.socket, select.POLLIN)
        return bool(poll.poll(0))


class _Line:
    """As much of a socket as HTTPConnection uses; every wait ends at the deadline."""

    def __init__(self, socket: socket.socket, deadline: Deadline) -> None:
        self.socket = socket
        self.deadline = deadline

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self.socket.settimeout(self.deadline.left())
            rest = rest[self.socket.send(rest) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        """For one answer; as with any socket's, what it stands on is closed when it is, too."""
        assert mode == "rb", "HTTPConnection only reads"
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        with suppress(OSError):
            self.socket.close()


class _Reader(io.RawIOBase):
    def __init__(self, line: _Line) -> None:
        self._line = line
        self._file = line.socket.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]  # of all buffers, the one BufferedReader gives
        self._line.socket.settimeout(self._line.deadline.left())
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


def _trusting() -> ssl.SSLContext:
    """The system's authorities are trusted, certificates are checked, names must match."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
