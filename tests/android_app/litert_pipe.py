"""LiteRT of this machine for the Java tests: requests on standard input, big-endian.

L threads length bytes            -> number of the file
R file signature input length bytes -> length bytes
"""

import struct
import sys
from typing import Any, BinaryIO

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class Files:
    """Loaded files and their signatures, by number."""

    def __init__(self) -> None:
        self._files: list[Any] = []
        self._runners: dict[tuple[int, str], Any] = {}

    def load(self, threads: int, content: bytes) -> int:
        self._files.append(Interpreter(model_content=content, num_threads=threads))
        return len(self._files) - 1

    def run(self, file: int, signature: str, name: str, content: bytes) -> bytes:
        if not signature:
            return self._only_graph(file, content)
        key = (file, signature)
        if key not in self._runners:
            self._runners[key] = self._files[file].get_signature_runner(signature)
        runner = self._runners[key]
        details = runner.get_input_details()[name]
        image = np.frombuffer(content, details["dtype"]).reshape(details["shape"])
        (answer,) = runner(**{name: image}).values()
        return bytes(np.ascontiguousarray(answer).tobytes())

    def _only_graph(self, file: int, content: bytes) -> bytes:
        interpreter = self._files[file]
        interpreter.allocate_tensors()
        (given,) = interpreter.get_input_details()
        image = np.frombuffer(content, given["dtype"]).reshape(given["shape"])
        interpreter.set_tensor(given["index"], image)
        interpreter.invoke()
        (answer,) = interpreter.get_output_details()
        return bytes(interpreter.get_tensor(answer["index"]).tobytes())


def _whole(source: BinaryIO) -> int:
    return int(struct.unpack(">i", source.read(4))[0])


def _text(source: BinaryIO) -> str:
    (length,) = struct.unpack(">H", source.read(2))
    return source.read(length).decode()


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Answers until the other side closes."""
    files = Files()
    while word := source.read(1):
        if word == b"L":
            threads = _whole(source)
            reply = files.load(threads, source.read(_whole(source)))
            target.write(struct.pack(">i", reply))
        else:
            file, signature, name = _whole(source), _text(source), _text(source)
            answer = files.run(file, signature, name, source.read(_whole(source)))
            target.write(struct.pack(">i", len(answer)) + answer)
        target.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
