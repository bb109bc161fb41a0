"""One bench on one machine: each pass is put there, run to its end, and fetched.

    <run>/<machine>/  <key>.script  <key>.jsonl  <key>.scores  <key>.states.json
                      choices-<hash>.bin

`key` is a hash of the pass, its script, the runner and the library, so results of other
settings are never taken for these. A pass that is done is not measured again, unless
what it was measured under makes it INVALID: the machine's states at the ends of each
run of it are kept for that. One that was ended goes on.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from android_bench.build import Built
from android_bench.inputs import IDS_FILE, LOOK_FILE, Inputs, tensor_file, write_choices
from android_bench.machine import Facts, Machine
from android_bench.results import Results, read_results
from android_bench.script import Pass, Settings, passes, script_text
from android_bench.tensors import Float32s
from android_bench.trust import judge
from convert.bundle import Bundle
from datasets.errors import InputError
from datasets.files import file_sha256, write_text
from datasets.limits import MOST_CLASSES
from datasets.user_files import UserFile
from selection.hashing import id_hashes
from selection.selectors.random_choice import RandomChoice

LIBRARY = "libLiteRt.so"


@dataclass(frozen=True, kw_only=True)
class Job:
    """All that a bench needs to know, whatever the machine."""

    bundle: Bundle
    inputs: Inputs
    built: Built
    library: Path
    settings: Settings
    folder: Path  # of results; each machine has its own in it
    seconds: float = 3600.0  # of one pass at most


@dataclass(frozen=True)
class Measured:
    """What a machine did: each pass by name; of fixed ones the scores, (n, outputs)."""

    passes: Mapping[str, Results]
    scores: Mapping[str, Float32s]


@dataclass(frozen=True, kw_only=True)
class _Files:
    """A pass's own files: here under a folder, there by name alone."""

    folder: Path
    key: str
    script: str
    more: Mapping[str, Path]  # what the script needs beside models and inputs
    scores: bool

    def name(self, kind: str) -> str:
        return f"{self.key}.{kind}"

    def path(self, kind: str) -> Path:
        return self.folder / self.name(kind)

    @property
    def results(self) -> tuple[str, ...]:
        """Kinds to fetch; the JSON lines last, as they say that the pass is done."""
        return ("scores", "jsonl") if self.scores else ("jsonl",)

    @property
    def done(self) -> bool:
        path = self.path("jsonl")
        return path.exists() and read_results(path).done


def measure(
    job: Job,
    machine: Machine,
    fresh: bool = False,
    between: Callable[[], None] = lambda: None,
    tell: Callable[[str], None] = lambda _: None,
) -> Measured:
    """Runs every pass.

    Args:
        fresh: measures again what is done.
        between: called before each pass that is to run, as for cooling down.
        tell: takes a line on what is going on.
    Raises:
        InputError: a pass failed; what is done is kept.
    """
    folder = job.folder / machine.slug
    identity = file_sha256(job.built.files["runner"]) + file_sha256(job.library)
    results: dict[str, Results] = {}
    scores: dict[str, Float32s] = {}
    todo = passes(job.bundle.manifest, job.bundle.selector)
    for number, wanted in enumerate(todo, start=1):
        files = _files_of(job, wanted, folder, identity)
        what = f"{machine.label}: pass {number} of {len(todo)}, {wanted.name}"
        kept = _kept(job, wanted, files) if not fresh and files.done else None
        if kept is None or kept.again:
            between()
            tell(f"{what}{kept.said if kept else ''}")
            _run(job, machine, files, fresh or kept is not None)
        else:
            tell(f"{what}{kept.said}")
        results[wanted.name] = read_results(files.path("jsonl"))
        if wanted.keep_scores:
            scores[wanted.name] = _scores(files.path("scores"), job.inputs.images)
    return Measured(results, scores)


@dataclass(frozen=True)
class _Kept:
    """A pass that is done: whether it must be measured again, and what is said."""

    again: bool
    said: str


def _kept(job: Job, wanted: Pass, files: _Files) -> _Kept:
    results = {wanted.name: read_results(files.path("jsonl"))}
    states = _states(files)
    pairs = list(pairwise(states)) or [({}, {})]
    reasons = [
        reason
        for before, after in pairs
        for reason in judge(results, job.settings, before, after).reasons
    ]
    if reasons:
        return _Kept(True, f": done before, but INVALID ({reasons[0]}); once more")
    known = "" if states else "; how warm the machine was then is not known"
    return _Kept(False, f": done before{known} (--fresh measures it again)")


def _states(files: _Files) -> list[Facts]:
    """Of the machine, at both ends of each run of a pass; empty: not kept."""
    try:
        held = UserFile(files.path("states.json")).json()
    except InputError:
        return []
    sound = isinstance(held, list) and all(isinstance(one, dict) for one in held)
    return held if sound else []


def _keep_state(machine: Machine, files: _Files) -> None:
    facts = json.dumps([*_states(files), machine.facts()])
    write_text(files.path("states.json"), facts + "\n")


def _run(job: Job, machine: Machine, files: _Files, fresh: bool) -> None:
    if fresh:
        machine.remove([files.name(kind) for kind in files.results])
        files.path("jsonl").unlink(missing_ok=True)
        files.path("states.json").unlink(missing_ok=True)
    _keep_state(machine, files)
    write_text(files.path("script"), files.script)
    common = {LIBRARY: job.library, **job.built.files, **dict(_sources(job))}
    machine.put({**common, **files.more, files.name("script"): files.path("script")})
    arguments = (files.name("script"), files.name("jsonl"), f"./{LIBRARY}")
    machine.execute((*job.built.command, *arguments), job.seconds)
    _keep_state(machine, files)
    for kind in files.results:
        machine.get(files.name(kind), files.path(kind))
    if not files.done:
        raise InputError.of(
            files.path("jsonl"),
            "the runner ended well, but these results do not say so",
            "",
            "Bench again with `fresh`.",
        )


def _names(job: Job) -> dict[str, str]:
    """File of the bundle or of the inputs -> its name beside the runner.

    Names come from contents, so what lies there need not be pushed again, and no name
    that a user chose ever reaches a shell.
    """
    manifest = job.bundle.manifest
    models = (one for one in manifest.files if one.file != manifest.labels)
    named = {one.file: f"{one.sha256[:16]}.tflite" for one in models}
    inputs = {tensor_file(rung) for rung in manifest.rungs} | {IDS_FILE}
    if manifest.look:
        inputs.add(LOOK_FILE)
    return named | {name: f"{job.inputs.folder.name}-{name}" for name in sorted(inputs)}


def _sources(job: Job) -> Iterator[tuple[str, Path]]:
    for name, there in _names(job).items():
        held = job.inputs.folder / name
        yield there, held if held.exists() else job.bundle.path(name)


def _files_of(job: Job, wanted: Pass, folder: Path, identity: str) -> _Files:
    choices: str | None = None
    more: dict[str, Path] = {}
    if isinstance(wanted.selector, RandomChoice):
        choices, more = _choices(wanted.selector, job.inputs, folder)
    text = script_text(
        job.bundle.manifest,
        wanted,
        job.inputs.images,
        job.settings,
        _names(job),
        choices,
    )
    key = hashlib.sha256(f"{identity} {wanted.name}\n{text}".encode()).hexdigest()[:16]
    if wanted.keep_scores:
        text += f"scores {key}.scores\n"
    return _Files(
        folder=folder, key=key, script=text, more=more, scores=wanted.keep_scores
    )


def _choices(
    selector: RandomChoice, inputs: Inputs, folder: Path
) -> tuple[str, dict[str, Path]]:
    drawn = selector.paid_by_hash(id_hashes(inputs.ids)).argmax(axis=1)
    digest = hashlib.sha256(drawn.astype(np.uint8).tobytes()).hexdigest()
    name = f"choices-{digest[:16]}.bin"
    write_choices(folder / name, drawn)
    return name, {name: folder / name}


_AFRESH = "Bench again with `fresh`."


def _scores(path: Path, images: int) -> Float32s:
    scores = UserFile(path, expected="scores of the runner", do=_AFRESH)
    content = scores.content(4 * images * MOST_CLASSES)
    values = np.frombuffer(content[: len(content) // 4 * 4], "<f4")
    if len(content) % (4 * images):
        raise InputError.of(
            path,
            f"{len(values)} scores of {images} images",
            "as many of each",
            _AFRESH,
        )
    return values.reshape(images, -1)
