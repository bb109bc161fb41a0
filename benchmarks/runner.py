"""The phone's runner on this machine: what it adds to LiteRT, and what sharing saves.

Time: mobilenet_v2@224 in float32, one thread, by the runner as one rung for all images,
by a bare loop in C around the same library, and by LiteRT's Python interpreter. The
three take short turns, as a machine's speed drifts; the ratio is the median over turns
of the ratio of two medians that were measured one after the other.

Memory: peak of a cascade over five rungs that is made to climb to its top, from one
file that shares its weights against five files.
"""

import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from android_bench.build import RUNNER, build, compiler
from android_bench.inputs import HEADER_BYTES, IDS_FILE, tensor_file, write_header
from android_bench.results import read_results
from android_bench.runtime import host_library
from android_bench.script import Pass, Settings, script_text
from convert.manifest import Manifest, Preprocessing, Rung, Tensor
from datasets.files import whole_file, write_text
from keras_models.framework import silent
from selection.arrays import Float64s
from selection.contract import NEVER
from selection.selectors.cascade import Cascade
from selection.selectors.fixed import Fixed

RESOLUTIONS = (96, 128, 160, 192, 224)
IMAGES, TURNS = 20, 15
LIMIT = 1.03  # of the runner's median over the bare loop's
_WAY = Preprocessing(
    crop="0.875",
    interpolation="bilinear",
    antialias=True,
    channels="RGB",
    mean=(127.5,) * 3,
    deviation=(127.5,) * 3,
)
_SETTINGS = Settings(least_count=0, least_seconds=0, probe_every=0, warm_up=3)


def main() -> None:
    """Prints medians, the ratio and peaks; raises where the ratio is above 1.03."""
    with tempfile.TemporaryDirectory(prefix="reswise-bench-") as name:
        folder = Path(name)
        files = _models(folder)
        runner, loop = _programs(folder)
        times = _times(folder, files, runner, loop)
        peaks = [_peak(runner, folder, shared) for shared in (True, False)]
    ratio = float(np.median(times["runner"] / times["bare loop in C"]))
    print(f"runner: mobilenet_v2@224 float32, {TURNS} turns of {IMAGES} images")
    for what, medians in times.items():
        print(f"  {what:20} median {np.median(medians) / 1e6:7.3f} ms")
    print(f"  ratio to the bare loop  {ratio:.3f}")
    print(f"  five rungs, one shared file  peak {peaks[0] / 1024:6.1f} MB")
    print(f"  five rungs, five files       peak {peaks[1] / 1024:6.1f} MB")
    if ratio > LIMIT:
        raise AssertionError(f"the runner's median is {ratio:.3f} of the bare loop's")


def _models(folder: Path) -> dict[int, Path]:
    """Files of mobilenet_v2 by resolution; 0: all in one. Weights are random."""
    from convert.shared_weights import merged
    from convert.to_tflite import FloatFiles
    from keras_models.loading import ModelChoice, load

    source = FloatFiles(
        load(ModelChoice(model="mobilenet_v2", weights="random", classes=1000))
    )
    contents = {resolution: source.at(resolution) for resolution in RESOLUTIONS}
    contents[0] = merged(list(contents.values()))
    paths = {resolution: folder / f"{resolution}.tflite" for resolution in contents}
    for resolution, path in paths.items():
        path.write_bytes(contents[resolution])
    return paths


def _programs(folder: Path) -> tuple[Path, Path]:
    """The runner and the bare loop, built alike."""
    loop = folder / "bare_loop"
    flags = ("-std=c11", "-O2", "-ffp-contract=off", "-fno-math-errno")
    source = str(RUNNER.with_name("bare_loop.c"))
    command = [compiler(), *flags, "-o", str(loop), source, "-ldl", "-lm"]
    subprocess.run(command, check=True)
    return build("host", folder).files["runner"], loop


def _rung(resolution: int) -> Rung:
    given = Tensor(name="image", dtype="float32", shape=(1, resolution, resolution, 3))
    answer = Tensor(name="scores", dtype="float32", shape=(1, 1000))
    return Rung(
        rung=f"m@{resolution}",
        model="m",
        resolution=resolution,
        recipe="float32",
        file=f"{resolution}.tflite",
        signature=f"resolution_{resolution}",
        subgraph=0,
        macs=resolution,
        parameters=resolution,
        input=given,
        output=answer,
        preprocessing=_WAY,
    )


def _script(folder: Path, wanted: Pass, rungs: Sequence[Rung], images: int) -> Path:
    """Packs random images and writes the script."""
    random = np.random.default_rng(0)
    for rung in rungs:
        with whole_file(folder / tensor_file(rung)) as file:
            file.write(bytes(HEADER_BYTES))
            for _ in range(images):
                shape = rung.input.shape
                pixels = random.uniform(-1, 1, shape).astype(np.float32)
                file.write(pixels.tobytes())
            write_header(file, rung.input, images)
    write_text(folder / IDS_FILE, "".join(f'"{n}"\n' for n in range(images)))
    names = {rung.file: rung.file for rung in rungs} | {IDS_FILE: IDS_FILE}
    names |= {tensor_file(rung): tensor_file(rung) for rung in rungs}
    manifest = Manifest(name="m", files=(), rungs=tuple(rungs), selector={})
    text = script_text(manifest, wanted, images, _SETTINGS, names)
    write_text(folder / "bench.script", text)
    return folder / "bench.script"


def _times(
    folder: Path, files: dict[int, Path], runner: Path, loop: Path
) -> dict[str, Float64s]:
    """(turns,) median nanoseconds of an image, of three ways that take turns."""
    rung = _rung(RESOLUTIONS[-1])
    script = _script(folder, Pass("p", Fixed(rung.rung)), [rung], IMAGES)
    timers: dict[str, Callable[[], Sequence[float]]] = {
        "runner": lambda: _runner_ns(folder, runner, script),
        "bare loop in C": lambda: _loop_ns(folder, loop, script),
        "Python interpreter": lambda: _python_ns(files[rung.resolution]),
    }
    medians_of: dict[str, list[float]] = {name: [] for name in timers}
    for turn in range(TURNS):
        for name in sorted(timers, reverse=turn % 2 == 1):  # neither is always first
            medians_of[name].append(float(np.median(timers[name]())))
    return {name: np.array(medians) for name, medians in medians_of.items()}


def _runner_ns(folder: Path, runner: Path, script: Path) -> Sequence[float]:
    results = folder / "bench.jsonl"
    results.unlink(missing_ok=True)
    command = [str(runner), script.name, results.name, str(host_library())]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return [item.total_ns for item in read_results(results).items]


def _loop_ns(folder: Path, loop: Path, script: Path) -> Sequence[float]:
    command = [str(loop), script.name, str(host_library())]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return [float(line) for line in done.stdout.split()]


def _python_ns(model: Path) -> Sequence[float]:
    from ai_edge_litert.interpreter import Interpreter

    with silent():
        interpreter = Interpreter(str(model), num_threads=1)
        interpreter.allocate_tensors()
        interpreter.invoke()
    given = interpreter.get_input_details()[0]
    random = np.random.default_rng(0)
    nanoseconds = []
    for _ in range(IMAGES):
        pixels = random.uniform(-1, 1, given["shape"]).astype(np.float32)
        interpreter.set_tensor(given["index"], pixels)
        started = time.perf_counter_ns()
        interpreter.invoke()
        nanoseconds.append(float(time.perf_counter_ns() - started))
    return nanoseconds


def _peak(runner: Path, folder: Path, shared: bool) -> int:
    """kB of a climb over all rungs, of one file or of five."""
    rungs = [_rung(resolution) for resolution in RESOLUTIONS]
    if shared:
        rungs = [
            replace(rung, file="0.tflite", subgraph=subgraph)
            for subgraph, rung in enumerate(rungs)
        ]
    names = tuple(rung.rung for rung in rungs)
    climb = Pass("p", Cascade(ladder=names, thresholds=(NEVER,) * (len(names) - 1)))
    script = _script(folder, climb, rungs, 3)
    _runner_ns(folder, runner, script)
    return read_results(folder / "bench.jsonl").peak_kb or 0
