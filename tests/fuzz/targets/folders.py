"""Plans, and run folders: every file of them changed, then read by what reads them."""

import argparse
import shutil
import tempfile
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from datasets.preprocessing import Preprocessing
from tests.fuzz.mutations import mutated
from tests.fuzz.target import Target
from tests.selection.store import store
from tests.selection.synthetic import scored

if TYPE_CHECKING:
    from keras_models.pretrained import Pretrained

_SUFFIXES = (".json", ".csv", ".npy", ".jsonl", ".txt")
_SEPARATOR = b"\n\0\n"


@cache
def template() -> Path:
    """A run folder as verbs leave it: scores, selectors, thresholds and a plan."""
    from commands import plan, select, thresholds

    folder = Path(tempfile.mkdtemp(prefix="reswise-fuzz-")) / "run"
    data = scored(images=300, seed=2)
    store(folder, data)
    scores = ["--scores", str(folder)]
    _run(select, "--selector", "fixed,cascade", "--repeats", "2", *scores,
         "--run", str(folder / "select"))  # fmt: skip
    _run(thresholds, "--ladder", ",".join(data.rungs[:2]), "--grid", "4x3", *scores,
         "--run", str(folder / "thresholds"))  # fmt: skip
    _run(plan, "--reference", data.rungs[-1], "--max-drop", "30", "--confidence", "0.8",
         "--ways", "top1", *scores, "--run", str(folder / "plan"))  # fmt: skip
    return folder


def _run(verb: Any, *arguments: str) -> None:
    import contextlib
    import io

    parser = argparse.ArgumentParser()
    verb.add_flags(parser)
    with contextlib.redirect_stdout(io.StringIO()):
        verb.run(parser.parse_args(arguments))


@cache
def _files() -> tuple[Path, ...]:
    paths = sorted(path for path in template().rglob("*") if path.suffix in _SUFFIXES)
    return tuple(path.relative_to(template()) for path in paths)


def _changed(random: Random, _: object) -> bytes:
    """The name of a file of the run folder, and what is to lie there."""
    name = random.choice(_files())
    content = mutated(random, [(template() / name).read_bytes()[: 1 << 16]])
    return str(name).encode() + _SEPARATOR + content


def _folder(content: bytes, folder: Path) -> None:
    from commands.family_file import read_family
    from keras_models.scoring.stored_scores import load_rungs
    from keras_models.specs import kept_in
    from reports.gathered import gather

    name, _, held = content.partition(_SEPARATOR)
    run = folder / "run"
    shutil.copytree(template(), run)
    path = run / name.decode("utf-8", "replace")
    if ".." not in path.parts and "\0" not in str(path) and path.is_file():
        path.write_bytes(held)
    refused = []
    for read in (
        lambda: gather([run]),
        lambda: load_rungs(run),
        lambda: read_family(run / "plan"),
        lambda: kept_in(run),
    ):
        try:
            read()
        except ValueError as error:
            refused.append(error)
    if refused:
        raise refused[0]


@cache
def _sources() -> "list[Pretrained]":
    """Two networks that are never built: of a plan their names and hashes count."""
    from keras_models.pretrained import Pretrained

    return [
        Pretrained(
            name=name,
            model=None,
            native=96,
            classes=4,
            weights="random",
            weights_sha256="0" * 64,
            normalisation="none",
            builder=None,
        )
        for name in ("small", "large")
    ]


def _plan(content: bytes, folder: Path) -> None:
    from convert.wanted import wanted_from_plan
    from reports.stored_facts import check_plan, read_facts

    path = folder / "plan.json"
    path.write_bytes(content)
    wanted = wanted_from_plan(path, _sources(), Preprocessing())
    assert all(1 <= rung.resolution <= 4096 for rung in wanted.rungs)
    read_facts(path, check_plan)


@cache
def _plans() -> tuple[bytes, ...]:
    return ((template() / "plan" / "plan.json").read_bytes(),)


def _changed_plan(random: Random, _: object) -> bytes:
    return mutated(random, _plans())


def _prepared() -> None:
    _files()
    _plans()
    _sources()


FOLDERS = Target(
    name="run_folders", starts=(), read=_folder, cases=4_000, make=_changed,
    prepare=_prepared,
)  # fmt: skip
PLANS = Target(
    name="plans", starts=(), read=_plan, cases=9_000, make=_changed_plan,
    prepare=_prepared,
)  # fmt: skip
