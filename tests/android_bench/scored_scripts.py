"""Plans whose packed inputs are scores: with the stand-in library they are answered."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from android_bench.inputs import (
    HEADER_BYTES,
    IDS_FILE,
    LOOK_FILE,
    tensor_file,
    write_choices,
    write_header,
)
from android_bench.results import Results, read_results
from android_bench.script import Pass, Settings, script_text
from convert.manifest import Look, Manifest, Preprocessing, Rung, Tensor
from datasets.files import whole_file, write_text
from selection.contract import Selector
from selection.hashing import id_hashes
from selection.selectors.random_choice import RandomChoice

Scores = NDArray[np.float32]
SETTINGS = Settings(least_count=0, least_seconds=0, probe_every=0)
CHOICES = "choices.bin"
MODEL = "model.tflite"
_FLOAT32 = 1  # LiteRtElementType
_WAY = Preprocessing(
    crop="1.0",
    interpolation="bilinear",
    antialias=True,
    channels="RGB",
    mean=(0.0,) * 3,
    deviation=(1.0,) * 3,
)


def rung_names(count: int) -> tuple[str, ...]:
    return tuple(f"m@{place + 1}" for place in range(count))


def write_script(
    folder: Path,
    selector: Selector,
    scores: Sequence[Scores],
    ids: Sequence[str],
    settings: Settings = SETTINGS,
    chances: Scores | None = None,
    keep_scores: bool = False,
) -> Path:
    """Writes script, model and packed scores; returns the script's path."""
    manifest = _manifest(scores, chances)
    folder.mkdir(parents=True, exist_ok=True)
    for rung, one in zip(manifest.rungs, scores, strict=True):
        pack_rows(folder / tensor_file(rung), one)
    signatures = [
        f"s{place} {one.shape[1]} {_FLOAT32}" for place, one in enumerate(scores)
    ]
    if chances is not None:
        pack_rows(folder / LOOK_FILE, chances)
        signatures.append(f"look {chances.shape[1]} {_FLOAT32}")
    write_text(folder / MODEL, "".join(f"{line}\n" for line in signatures))
    write_text(folder / IDS_FILE, "".join(f'"{name}"\n' for name in ids))
    if isinstance(selector, RandomChoice):
        drawn = selector.paid_by_hash(id_hashes(tuple(ids))).argmax(axis=1)
        write_choices(folder / CHOICES, drawn)
    names = {MODEL: MODEL, IDS_FILE: IDS_FILE, LOOK_FILE: LOOK_FILE}
    names |= {tensor_file(rung): tensor_file(rung) for rung in manifest.rungs}
    text = script_text(
        manifest, Pass("p", selector), len(ids), settings, names, CHOICES
    )
    path = folder / "test.script"
    write_text(path, text + ("scores kept.scores\n" if keep_scores else ""))
    return path


def run(
    runner: Path, script: Path, library: Path, results: str = "r.jsonl"
) -> subprocess.CompletedProcess[str]:
    """The runner over a script, in its folder."""
    return subprocess.run(
        [str(runner), script.name, results, str(library)],
        cwd=script.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def run_well(runner: Path, script: Path, library: Path) -> Results:
    """The results of a run that ends well."""
    done = run(runner, script, library)
    assert done.returncode == 0, done.stderr
    return read_results(script.parent / "r.jsonl")


def pack_rows(path: Path, rows: Scores) -> None:
    """(n, values) float32 as a packed file."""
    with whole_file(path) as file:
        file.write(bytes(HEADER_BYTES))
        file.write(rows.astype("<f4").tobytes())
        write_header(
            file, Tensor(name="x", dtype="float32", shape=(1, rows.shape[1])), len(rows)
        )


def _manifest(scores: Sequence[Scores], chances: Scores | None) -> Manifest:
    rungs = [
        Rung(
            rung=name,
            model="m",
            resolution=place + 1,
            recipe="float32",
            file=MODEL,
            signature=f"s{place}",
            subgraph=place,
            macs=place + 1,
            parameters=1,
            input=Tensor(name="x", dtype="float32", shape=(1, one.shape[1])),
            output=Tensor(name="y", dtype="float32", shape=(1, one.shape[1])),
            preprocessing=_WAY,
        )
        for place, (name, one) in enumerate(
            zip(rung_names(len(scores)), scores, strict=True)
        )
    ]
    look = None
    if chances is not None:
        tensor = Tensor(name="x", dtype="float32", shape=(1, chances.shape[1]))
        look = Look(
            file=MODEL,
            signature="look",
            subgraph=len(rungs),
            input=tensor,
            output=tensor,
        )
    return Manifest(name="m", files=(), rungs=tuple(rungs), selector={}, look=look)
