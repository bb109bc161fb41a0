"""A .tflite is opened and run once in a process of its own, before it is trusted.

What a runtime makes of a file shows only when it runs, and a file that is not as it
should be can end the process that runs it. So a child does it, with limits on its time
and its memory.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.errors import BundleError, InputError

_CHILD = Path(__file__).with_name("trial_child.py")
_SECONDS, _SECONDS_A_NET = 120, 60
_BYTES = 8 << 30  # of address space; a file is mapped, and packed once or twice
_SHOWN = 300  # letters of what the runtime says


@dataclass(frozen=True, kw_only=True)
class Net:
    """A signature of a file, or its only subgraph where it has none, and its input."""

    label: str  # for errors
    signature: str
    subgraph: int
    images: NDArray[Any] | None  # (n, 1, R, R, 3) as the file stores them; None: zeros
    shapes: bool = False  # whether those of all tensors are wanted


@dataclass(frozen=True)
class Ran:
    """What a net gave."""

    outputs: NDArray[Any]  # (n, *shape) as the file stores them; of zeros: none
    shapes: dict[int, tuple[int, ...]]  # of its subgraph's tensors; empty: not wanted


def tried(
    file: Path, nets: Sequence[Net], where: str = "", seconds: float | None = None
) -> list[Ran]:
    """Runs each net over its images.

    Args:
        where: what errors call the file; empty: its path.
        seconds: at most, for all; None: as many as they can need.
    Raises:
        InputError: LiteRT cannot open or run one, is ended by it, or does not end.
    """
    limit = seconds or _SECONDS + _SECONDS_A_NET * len(nets)
    with tempfile.TemporaryDirectory(prefix="reswise-trial-") as made:
        folder = Path(made)
        _write(folder, nets)
        try:
            _run(file, folder, nets, limit)
        except InputError as error:
            raise error.replaced(str(file), where or str(file)) from None
        return [_read(folder, place) for place in range(len(nets))]


def _write(folder: Path, nets: Sequence[Net]) -> None:
    facts = [
        {"signature": net.signature, "subgraph": net.subgraph, "shapes": net.shapes}
        for net in nets
    ]
    (folder / "nets.json").write_text(json.dumps(facts))
    for place, net in enumerate(nets):
        if net.images is not None:
            np.save(folder / f"{place}.npy", net.images)


def _run(file: Path, folder: Path, nets: Sequence[Net], limit: float) -> None:
    command = [sys.executable, str(_CHILD), str(file), str(folder), str(_BYTES)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, capture_output=True, env=environment, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired as error:
        where = _where(file, nets, error.stdout or b"")
        raise BundleError.of(
            where, f"does not end within {limit:g} s", "a file that LiteRT runs"
        ) from None
    if done.returncode:
        where = _where(file, nets, done.stdout)
        raise BundleError.of(
            where, _why(done), "a file that LiteRT runs", "Convert it anew."
        )


def _events(printed: bytes) -> list[dict[str, Any]]:
    """The child's lines; the runtime may print between them."""
    events = []
    for line in printed.decode(errors="replace").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "event" in event:
            events.append(event)
    return events


def _where(file: Path, nets: Sequence[Net], printed: bytes) -> str:
    begun = [one for one in _events(printed) if one["event"] == "begin"]
    label = nets[int(begun[-1]["net"])].label if begun else ""
    return f"{file}: {label}" if label else str(file)


def _why(done: "subprocess.CompletedProcess[bytes]") -> str:
    if done.returncode < 0:
        return f"LiteRT dies of it ({signal.Signals(-done.returncode).name})"
    failed = [one for one in _events(done.stdout) if one["event"] == "failed"]
    said = str(failed[-1]["why"]) if failed else f"exit code {done.returncode}"
    words = " ".join("".join(one if one.isprintable() else " " for one in said).split())
    return f"LiteRT does not run it ({words[:_SHOWN]})"


def _read(folder: Path, net: int) -> Ran:
    path = folder / f"{net}.out.npy"
    outputs = np.load(path, allow_pickle=False) if path.exists() else np.empty(0)
    path = folder / f"{net}.shapes.json"
    shapes = json.loads(path.read_text()) if path.exists() else {}
    return Ran(outputs, {int(key): tuple(shape) for key, shape in shapes.items()})
