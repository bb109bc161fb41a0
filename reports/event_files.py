"""Rows as event files for TensorBoard, by its own writer: scalars, and hparams.

Each row is a run of its own, its step the resolution, or 0. Weights & Biases reads the
same folder: `wandb sync`.
"""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from datasets.errors import InputError
from keras_models.framework import quiet
from reports.rows import Row, to_csv

SCALARS = (
    "top1", "top5", "top1_low", "top1_high", "drop_points", "drop_low", "drop_high",
    "macs", "flops_drop_percent", "parameters", "size_bytes", "latency_p50_us",
    "latency_p90_us",
)  # fmt: skip
HPARAMS = (
    "model", "weights", "dataset", "split", "resolution", "crop", "interpolation",
    "recipe", "selector", "ladder", "images", "device",
)  # fmt: skip
_LONGEST = 80


def write_events(rows: Sequence[Row], folder: Path) -> list[Path]:
    """One folder a row, and in `folder` itself which columns hparams shows.

    Written anew, a row replaces what was there of it.

    Returns:
        The event files.
    Raises:
        InputError: TensorBoard is not installed.
    """
    quiet()  # TensorBoard imports TensorFlow
    plugin = _hparams()
    config = plugin.hparams_config_pb(
        hparams=[plugin.HParam(name) for name in HPARAMS],
        metrics=[plugin.Metric(name) for name in SCALARS],
    )
    written = [_write(folder, [(0, config)])]
    for row in dict.fromkeys(rows):
        written.append(_write(folder / run_name(row), list(_summaries(row, plugin))))
    return written


def run_name(row: Row) -> str:
    """Words to be read, and a hash that tells like rows apart."""
    parts = (row.ladder or row.model, row.selector, row.recipe, row.dataset, row.split)
    words = "-".join(str(part) for part in parts if part)
    plain = re.sub(r"[^\w.@+-]+", "-", words).strip("-")[:_LONGEST]
    facts = "|".join(str(getattr(row, name)) for name in HPARAMS)
    return f"{plain}-{hashlib.sha256(facts.encode()).hexdigest()[:6]}"


def _hparams() -> Any:
    try:
        from tensorboard.plugins.hparams import summary_v2
    except ImportError as error:
        raise InputError.of(
            "TensorBoard",
            "is not installed",
            "",
            "Install the package tensorboard, or reswise[tensorboard].",
        ) from error
    return summary_v2


def _summaries(row: Row, plugin: Any) -> Iterator[tuple[int, Any]]:
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb

    facts = {name: getattr(row, name) for name in HPARAMS}
    known = {name: value for name, value in facts.items() if value is not None}
    trial = hashlib.sha256(to_csv([row]).encode()).hexdigest()
    yield 0, plugin.hparams_pb(known, trial_id=trial)
    for name in SCALARS:
        value = getattr(row, name)
        if value is not None:
            yield row.resolution or 0, scalar_pb(name, float(value))


def _write(folder: Path, summaries: Sequence[tuple[int, Any]]) -> Path:
    """One event file, whole, in place of older ones."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    folder.mkdir(parents=True, exist_ok=True)
    older = list(folder.glob("events.out.tfevents.*"))
    with tempfile.TemporaryDirectory(dir=folder) as beside:
        writer = EventFileWriter(beside)
        for step, summary in summaries:
            writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))
        writer.close()
        (made,) = Path(beside).glob("events.out.tfevents.*")
        final = folder / made.name
        os.replace(made, final)
    for path in older:
        path.unlink(missing_ok=True)
    return final
