"""The framework is imported late and quietly; its backend is the user's choice."""

import contextlib
import ctypes
import gc
import logging
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator

from absl.logging import get_absl_logger

# Keras imports these, where it finds them, for data frames, estimators and galleries,
# which nothing here uses: half of its time, and 0.14 GB.
_UNUSED_BY_KERAS = ("matplotlib", "pandas", "sklearn")
# what they log below an error is advice to programmers
_LIBRARIES = (
    "ai_edge_litert", "keras", "litert_quantizer", "tensorflow", "tensorflow_datasets",
    "tensorflow_model_optimization", "tf_keras",
)  # fmt: skip


def quiet() -> None:
    """Imports Keras without its backend's start-up chatter, which comes from C++.

    Call before the first Keras import. Takes seconds the first time. TensorFlow's
    advice to programmers, such as not to trace one function for many models, is left
    out too: a user can do nothing about it.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    get_absl_logger().addFilter(_no_advice)  # the same one is added once
    if "keras" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    with silent(), _not_imported(_UNUSED_BY_KERAS), no_collection():
        import keras  # noqa: F401
    gc.freeze()  # what was imported stays; once only, for a model is not to stay


def _no_advice(record: logging.LogRecord) -> bool:
    """Whether a line is our own, or an error."""
    parts = record.pathname.replace("\\", "/").split("/")
    after = {
        parts[index + 1]
        for index, part in enumerate(parts[:-1])
        if part in ("site-packages", "dist-packages")
    }
    return record.levelno >= logging.ERROR or not after & set(_LIBRARIES)


@contextlib.contextmanager
def _not_imported(names: Iterable[str]) -> Iterator[None]:
    """Modules that are not loaded yet seem not to be installed; they are afterwards."""
    hidden: dict[str, None] = {name: None for name in names if name not in sys.modules}
    sys.modules.update(hidden)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """No search for garbage while many objects are made that stay: imports, models."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


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

    installed = {}
    for name in ("keras", "tensorflow", "ai-edge-litert", "numpy", "pillow"):
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            continue
    return installed
