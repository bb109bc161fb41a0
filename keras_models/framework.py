"""The framework is imported late and quietly; its backend is the user's choice."""

import contextlib
import ctypes
import gc
import logging
import os
import sys
import tempfile
from collections.abc import Iterator


def quiet() -> None:
    """Imports Keras without its backend's start-up chatter, which comes from C++.

    Call before the first Keras import. Takes seconds the first time. TensorFlow's
    advice to programmers, such as not to trace one function for many models, is left
    out too: a user can do nothing about it.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    with silent():
        import keras  # noqa: F401


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Keeps what a library prints, from C++ too, off the terminal, unless it fails."""
    sys.stdout.flush()  # what was printed before must not be kept too
    with tempfile.TemporaryFile() as kept:
        saved = os.dup(1), os.dup(2)
        os.dup2(kept.fileno(), 1)
        os.dup2(kept.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        finally:
            os.dup2(saved[0], 1)
            os.dup2(saved[1], 2)
            os.close(saved[0])
            os.close(saved[1])
            if failed:
                kept.seek(0)
                os.write(2, kept.read())


def give_back_memory() -> None:
    """Returns what a conversion freed to the system; glibc keeps it otherwise."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # not Linux, or another libc
        ctypes.CDLL(None).malloc_trim(0)


def versions() -> dict[str, str]:
    """Versions of what scores depend on, of what is installed; nothing is imported."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("keras", "tensorflow", "ai-edge-litert", "numpy", "pillow"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
