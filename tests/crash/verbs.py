"""The verbs that work for long, each over drawn letters, in a run of seconds."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Normal = Callable[[str, bytes], bytes]
_SMALL = ("--model", "small_resnet", "--weights", "glyphs")
_LETTERS = ("--dataset", "glyphs", "--limit", "24")


@dataclass(frozen=True, kw_only=True)
class Verb:
    """One verb.

    Args:
        words: its command line; RUN is the run folder, INPUT what `before` makes.
        before: the verbs that make its input, by name.
        normal: what of a file must be equal; times that were measured are not.
    """

    name: str
    words: tuple[str, ...]
    before: tuple[str, ...] = ()
    normal: Normal = lambda _, content: content


def _measured(name: str, content: bytes) -> bytes:
    """Of a bench, what was not measured: which images ran which rungs to which answers.

    A pass that was killed and went on has one more state of the machine.
    """
    if name == "bench.json":
        machines = json.loads(content)["machines"]
        kept = [
            [line["top1"], line["macs"]] for one in machines for line in one["lines"]
        ]
        return json.dumps(kept).encode()
    if not name.endswith(".jsonl"):
        return b""
    lines = [json.loads(line) for line in content.decode().splitlines()]
    return json.dumps(
        [[line["id"], line["rungs"], line["top"]] for line in lines if "rungs" in line]
    ).encode()


VERBS = {
    verb.name: verb
    for verb in (
        Verb(
            name="drop",
            words=(
                "drop",
                *_SMALL,
                *_LETTERS,
                "--resolutions",
                "32,48",
                "--run",
                "RUN",
            ),
        ),
        Verb(
            name="train",
            words=(
                "train",
                "--model",
                "small_resnet",
                "--dataset",
                "glyphs",
                "--limit",
                "40",
                "--resolutions",
                "32",
                "--epochs",
                "2",
                "--batch",
                "20",
                "--run",
                "RUN",
            ),
        ),
        Verb(
            name="adapt",
            words=(
                "adapt",
                *_SMALL,
                *_LETTERS,
                "--resolutions",
                "48",
                "--passes",
                "1",
                "--run",
                "RUN",
            ),
        ),
        Verb(
            name="select",
            words=(
                "select",
                "--from",
                "INPUT",
                "--repeats",
                "3",
                "--selector",
                "fixed,random,cascade,oracle",
                "--run",
                "RUN",
            ),
            before=("scores",),
        ),
        Verb(
            name="plan",
            words=(
                "plan",
                "--from",
                "INPUT",
                "--reference",
                "large@64",
                "--max-drop",
                "20",
                "--confidence",
                "0.8",
                "--run",
                "RUN",
            ),
            before=("scores",),
        ),
        Verb(
            name="convert",
            words=(
                "convert",
                *_SMALL,
                *_LETTERS,
                "--resolutions",
                "32,48",
                "--recipe",
                "float32,dynamic_int8",
                "--run",
                "RUN",
            ),
        ),
        Verb(
            name="bench",
            words=(
                "bench",
                "--bundle",
                "INPUT",
                *_LETTERS,
                "--host",
                "--min-count",
                "0",
                "--min-seconds",
                "0",
                "--probe-every",
                "0",
                "--cool-down",
                "0",
                "--run",
                "RUN",
            ),
            before=("bundle",),
            normal=_measured,
        ),
        Verb(
            name="report",
            words=("report", "INPUT", "--out", "RUN/report.html"),
            before=("results",),
        ),
    )
}


def command(verb: Verb, run: Path, inputs: Path) -> list[str]:
    """Its words, with the folders in their places."""
    places = (("RUN", str(run)), ("INPUT", str(inputs)))
    words = list(verb.words)
    for name, path in places:
        words = [re.sub(rf"^{name}(?=/|$)", path, word) for word in words]
    return words
