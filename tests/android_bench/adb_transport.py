"""The device's end of the ADB protocol over TCP, so that the real adb attaches to it.

A message is 24 bytes (command, two arguments, length, checksum, command inverted, each
four bytes, little-endian) and its payload. A service is a stream: OPEN names it, WRTE
carries data and each is answered by OKAY, CLSE ends it.
Source: protocol.txt of the Android Open Source Project, system/core/adb.
"""

import contextlib
import itertools
import socket
import struct
import threading
from collections.abc import Callable

_CNXN, _AUTH, _OPEN, _OKAY, _CLSE, _WRTE = (
    int.from_bytes(name, "little")
    for name in (b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"CLSE", b"WRTE")
)
_VERSION, _MOST_BYTES = 0x01000001, 1 << 18
_TOKEN, _SIGNATURE = 1, 2  # kinds of AUTH


class HungUpError(Exception):
    """The other end is gone."""


class Stream:
    """One service: what the host sent waits in a buffer."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._data, self._open = bytearray(), True
        self._changed = threading.Condition()
        self._acknowledged = threading.Semaphore(0)

    @property
    def open(self) -> bool:
        return self._open

    def read(self, length: int) -> bytes:
        """Exactly `length` bytes."""
        with self._changed:
            while len(self._data) < length:
                if not self._open:
                    raise HungUpError
                self._changed.wait()
            taken = bytes(self._data[:length])
            del self._data[:length]
            return taken

    def write(self, data: bytes) -> None:
        """Sends all of it; waits until the host has taken it."""
        for start in range(0, len(data), _MOST_BYTES):
            if not self._open:
                raise HungUpError
            self._send(data[start : start + _MOST_BYTES])
            self._acknowledged.acquire()

    def feed(self, data: bytes) -> None:
        with self._changed:
            self._data += data
            self._changed.notify_all()

    def acknowledge(self) -> None:
        self._acknowledged.release()

    def hang_up(self) -> None:
        with self._changed:
            self._open = False
            self._changed.notify_all()
        self._acknowledged.release()


class Connection:
    """One host attached.

    Args:
        banner: what the device says of itself.
        serve: runs a service until it ends; called in a thread of its own.
        trusts: whether the host is let in.
        received: told of every payload's length; it may raise HungUpError.
    """

    def __init__(
        self,
        connection: socket.socket,
        banner: Callable[[], bytes],
        serve: Callable[[str, Stream], None],
        trusts: Callable[[], bool],
        received: Callable[[int], None],
    ) -> None:
        self._socket, self._lock = connection, threading.Lock()
        self._banner, self._serve = banner, serve
        self._trusts, self._received = trusts, received
        self._streams: dict[int, Stream] = {}
        self._numbers = itertools.count(1)  # never used twice: a late OKAY or CLSE
        # of an ended stream must not meet a later one

    def run(self) -> None:
        """Until the host is gone or the connection is closed."""
        try:
            while True:
                command, first, second, length, _, _ = struct.unpack(
                    "<6I", self._exactly(24)
                )
                self._take(command, first, second, self._exactly(length))
        except (HungUpError, OSError):
            pass
        finally:
            for stream in list(self._streams.values()):
                stream.hang_up()
            self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _exactly(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            part = self._socket.recv(length - len(data))
            if not part:
                raise HungUpError
            data += part
        if length > 24:
            self._received(length)
        return bytes(data)

    def _send(self, command: int, first: int, second: int, data: bytes = b"") -> None:
        check = sum(data) & 0xFFFFFFFF
        words = (command, first, second, len(data), check, command ^ 0xFFFFFFFF)
        with self._lock:
            self._socket.sendall(struct.pack("<6I", *words) + data)

    def _take(self, command: int, first: int, second: int, data: bytes) -> None:
        if command in (_CNXN, _AUTH):
            self._greet(command, first)
        elif command == _OPEN:
            name = data.rstrip(b"\0").decode("utf-8", "surrogateescape")
            self._begin(first, name)
        elif command == _WRTE and second in self._streams:
            self._streams[second].feed(data)
            self._send(_OKAY, second, first)
        elif command == _OKAY and second in self._streams:
            self._streams[second].acknowledge()
        elif command == _CLSE and second in self._streams:
            self._streams.pop(second).hang_up()

    def _greet(self, command: int, kind: int) -> None:
        if self._trusts():
            self._send(_CNXN, _VERSION, _MOST_BYTES, self._banner())
        elif command == _CNXN or kind == _SIGNATURE:
            self._send(_AUTH, _TOKEN, 0, bytes(20))  # a key that is offered waits

    def _begin(self, remote: int, service: str) -> None:
        local = next(self._numbers)
        stream = Stream(lambda data: self._send(_WRTE, local, remote, data))
        self._streams[local] = stream
        self._send(_OKAY, local, remote)

        def serve() -> None:
            try:
                self._serve(service, stream)
                self._send(_CLSE, local, remote)
            except (HungUpError, OSError):
                pass
            self._streams.pop(local, None)

        threading.Thread(target=serve, daemon=True).start()
