"""The classic benchmark_model of TensorFlow Lite beside ours, on random input.

It runs the main graph of a .tflite, so it fits rungs that have a file of their own or
stand first in a shared one.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from android_bench.machine import Machine
from android_bench.session import Job
from convert.manifest import Rung
from datasets.errors import InputError
from datasets.files import write_text

PROGRAM = "benchmark_model"
_TIMINGS = re.compile(
    r"Inference timings in us: Init: (\d+), First inference: (\d+), "
    r"Warmup \(avg\): ([\d.e+]+), Inference \(avg\): ([\d.e+]+)"
)
_RUNS, _SECONDS = 50, 600.0


@dataclass(frozen=True)
class Timings:
    """What it prints, in microseconds."""

    init_us: int
    first_us: int
    warm_up_us: float  # mean
    inference_us: float  # mean


def read_timings(said: str) -> Timings:
    """Its one line of timings.

    Raises:
        InputError: there is none.
    """
    match = _TIMINGS.search(said)
    if match is None:
        last = (said.strip().splitlines() or ["nothing"])[-1]
        raise InputError.of(
            PROGRAM,
            f"no line of inference timings; it said: {last[:200]}",
            "the classic benchmark_model of TensorFlow Lite (`classic`)",
        )
    init, first, warm_up, inference = match.groups()
    return Timings(int(init), int(first), float(warm_up), float(inference))


def comparable(job: Job) -> list[Rung]:
    """The rungs that it can run: those of a file's first graph."""
    return [rung for rung in job.bundle.manifest.rungs if rung.subgraph == 0]


def run_classic(job: Job, machine: Machine, program: Path) -> dict[str, Timings]:
    """Rung -> timings, for every comparable rung.

    Raises:
        InputError: the program fails, or says something else.
    """
    timings = {}
    shas = {one.file: one.sha256 for one in job.bundle.manifest.files}
    for rung in comparable(job):
        model = f"{shas[rung.file][:16]}.tflite"
        machine.put({PROGRAM: program, model: job.bundle.path(rung.file)})
        arguments = (f"--graph={model}", f"--num_threads={job.settings.threads}")
        more = (f"--num_runs={_RUNS}", "--use_xnnpack=true")
        command = (f"./{PROGRAM}", *arguments, *more)
        said = machine.output(command, _SECONDS)
        write_text(job.folder / machine.slug / f"classic-{rung.resolution}.txt", said)
        timings[rung.rung] = read_timings(said)
    return timings
