"""models.json of a run folder: how each network of its scores is opened again.

One record a network: what was asked for (name or file, weights, classes, normalisation
and so on, files by their whole paths), the SHA-256 of those files then, and that of the
weights in use, by which scores, plans and bundles know their network. Code that a file
may run is never taken from here.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.errors import InputError, ModelError
from datasets.files import file_sha256, write_text
from datasets.user_files import UserFile

if TYPE_CHECKING:
    from keras_models.loading import ModelChoice

FILE = "models.json"
_PATHS = ("model", "weights", "adapted")  # what may be a file or a folder
Json = dict[str, Any]


@dataclass(frozen=True)
class Spec:
    """One network as it was opened."""

    name: str  # of its rungs, before the @
    weights_sha256: str
    asked: Json  # fields of ModelChoice
    files: dict[str, str]  # path -> SHA-256 when it was opened

    def problem(self) -> str:
        """What has become of its files; empty where they are as they were."""
        for path, sha256 in self.files.items():
            if not Path(path).is_file():
                return f"{path}: the file of {self.name} is no longer there"
            if file_sha256(Path(path)) != sha256:
                return f"{path}: the file of {self.name} has changed since it was swept"
        return ""

    def choice(self) -> "ModelChoice":
        """The same again, for `keras_models.loading.load`.

        Raises:
            InputError: its file was moved or changed.
        """
        from keras_models.loading import ModelChoice

        if problem := self.problem():
            raise ModelError.of(
                self.name, problem, "", "Say `model` and `weights`, or sweep it again."
            )
        known = {field.name for field in fields(ModelChoice)} - {"trust"}
        asked = {key: value for key, value in self.asked.items() if key in known}
        if asked.get("adapted") is not None:
            asked["adapted"] = Path(asked["adapted"])
        return ModelChoice(**asked)


def spec_of(choice: "ModelChoice", name: str, weights_sha256: str) -> Spec:
    """What is to be kept of a network that was just opened."""
    asked: Json = {}
    for field in fields(choice):
        value = getattr(choice, field.name)
        if field.name in _PATHS and value is not None and Path(value).exists():
            value = os.path.realpath(value)
        if isinstance(value, str | int | float | None):
            asked[field.name] = value
    named = [asked[key] for key in ("model", "weights") if asked.get(key)]
    files = {path: file_sha256(Path(path)) for path in named if Path(path).is_file()}
    return Spec(name, weights_sha256, asked, files)


def keep(run: Path, specs: Iterable[Spec]) -> None:
    """Adds networks to a run folder; one of the same name and weights is replaced."""
    kept = {(spec.name, spec.weights_sha256): spec for spec in kept_in(run)}
    kept |= {(spec.name, spec.weights_sha256): spec for spec in specs}
    if not kept:
        return
    facts = [
        {
            "name": spec.name,
            "weights_sha256": spec.weights_sha256,
            "asked": spec.asked,
            "files": spec.files,
        }
        for spec in kept.values()
    ]
    write_text(run / FILE, json.dumps({"format": 1, "models": facts}, indent=1) + "\n")


def kept_in(run: Path) -> list[Spec]:
    """The networks of a run folder; none where it keeps none.

    Raises:
        InputError: models.json is something else.
    """
    path = run / FILE
    if not path.is_file():
        return []
    expected = "what `reswise drop` keeps of its networks"
    file = UserFile(path, expected=expected, do="Delete it and sweep again.")
    held = file.object()
    with file.shaped():
        return [_spec(facts) for facts in held["models"]]


def _spec(facts: Json) -> Spec:
    asked = dict(facts["asked"])
    whole: dict[str, Any] = dict.fromkeys(("classes", "native", "seed"), int)
    kinds = {**whole, "alpha": int | float}
    for name, value in asked.items():
        if value is not None and not isinstance(value, kinds.get(name, str)):
            raise TypeError(f"{name} is {str(value)[:40]!r}")
    return Spec(
        str(facts["name"]),
        str(facts["weights_sha256"]),
        {**asked, "model": asked["model"]},
        {str(key): str(value) for key, value in facts["files"].items()},
    )


def planned_specs(plan: Path, rungs: Iterable[Json]) -> list[Spec]:
    """The networks of a plan's rungs, from the run folder that the plan lies in.

    Args:
        rungs: as plan.json has them.
    Raises:
        InputError: the folder does not say how one is opened.
    """
    kept = {spec.weights_sha256: spec for spec in kept_in(plan.parent)}
    planned: dict[str, Spec] = {}
    for rung in rungs:
        sha256 = str(rung.get("weights_sha256"))
        if sha256 not in kept:
            raise InputError(
                "plan",
                plan,
                "`model`, with `weights`, for every network of the plan",
                fault=(
                    f"{plan.parent / FILE} does not say how {rung.get('model')} is "
                    "opened"
                ),
            )
        planned[sha256] = kept[sha256]
    return list(planned.values())
