"""A program is run to its end, and no more of what it says is kept than was allowed."""

import subprocess
import threading
from collections.abc import Sequence
from typing import IO

from datasets.errors import InputError

MOST_BYTES = 16 << 20  # of each stream; what a phone says in full is some kilobytes
_BLOCK = 1 << 16


def run_capped(
    command: Sequence[str], seconds: float, most: int = MOST_BYTES
) -> "subprocess.CompletedProcess[bytes]":
    """As `subprocess.run` with both streams captured and no input.

    Raises:
        InputError: it says more than `most` bytes; it is ended then.
        subprocess.TimeoutExpired: it does not end.
        OSError: it cannot be started.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        streams = [_Stream(process, held, most) for held in _pipes(process)]
        try:
            code = process.wait(seconds)
            for stream in streams:
                stream.thread.join(seconds)
        except BaseException:
            process.kill()
            raise
    if any(stream.over for stream in streams):
        raise InputError.of(
            command[0],
            f"gives over {most >> 20} MiB of output",
            "some lines",
            "What answers there is no phone as it should be.",
        )
    said, errors = (bytes(stream.content) for stream in streams)
    return subprocess.CompletedProcess(command, code, said, errors)


def _pipes(process: "subprocess.Popen[bytes]") -> list[IO[bytes]]:
    return [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]


class _Stream:
    """One stream, read by a thread until it ends or has said too much."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", held: IO[bytes], most: int
    ) -> None:
        self.content, self.over = bytearray(), False
        self._process, self._held, self._most = process, held, most
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        while block := self._held.read1(_BLOCK):  # type: ignore[attr-defined]
            self.content += block
            if len(self.content) > self._most:
                self.over = True
                self._process.kill()
                return
