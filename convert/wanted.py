"""What is to be converted: the rungs of the flags, or of a plan."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.errors import InputError, ModelError
from datasets.limits import MOST_RUNGS, checked_resolution
from datasets.preprocessing import Preprocessing, parse_crop
from datasets.user_files import UserFile
from keras_models.pretrained import Pretrained
from selection.arrays import Json
from selection.selectors.catalogue import from_json

_RUNG = re.compile(r"(?P<model>.+)@(?P<resolution>\d+)(/(?P<crop>squash|crop[\d.]+))?")


@dataclass(frozen=True)
class WantedRung:
    """One rung, and how pictures are made ready for it."""

    source: Pretrained
    resolution: int
    preprocessing: Preprocessing

    @property
    def rung(self) -> str:
        """mobilenet_v2@160: a bundle holds one crop of each."""
        return f"{self.source.name}@{self.resolution}"


@dataclass(frozen=True)
class Wanted:
    """The rungs, a model's native one first, and what chooses among them."""

    rungs: tuple[WantedRung, ...]
    selector: Json
    plan: Json | None = None

    @property
    def sources(self) -> list[Pretrained]:
        """The models, each once."""
        return list({rung.source.name: rung.source for rung in self.rungs}.values())

    def of(self, source: Pretrained) -> list[WantedRung]:
        """The rungs of one model, in their order."""
        return [rung for rung in self.rungs if rung.source.name == source.name]


def wanted_from_flags(
    sources: Sequence[Pretrained],
    resolutions: Sequence[int],
    preprocessing: Preprocessing,
    selector: Json | None,
) -> Wanted:
    """Every model at every resolution; without a selector, the native rung for all.

    Raises:
        InputError: the selector climbs a rung that is not asked for.
    """
    _check_names(sources)
    rungs = _ordered(
        [
            WantedRung(source, resolution, preprocessing)
            for source in sources
            for resolution in resolutions
        ]
    )
    chosen = selector or {"kind": "fixed", "ladder": [rungs[0].rung]}
    _check_ladder(chosen, {rung.rung for rung in rungs})
    return Wanted(rungs, chosen)


def wanted_from_plan(
    path: Path, sources: Sequence[Pretrained], preprocessing: Preprocessing
) -> Wanted:
    """The ladder of plan.json, as `reswise plan` writes it.

    Args:
        preprocessing: of rungs whose own the plan does not say.
    Raises:
        InputError: no plan, a model that is not given, or other weights than planned.
    """
    _check_names(sources)
    file = plan_file(path)
    plan = file.object()
    selector = plan.get("selector")
    if not isinstance(selector, dict):
        raise file.wrong("has no selector")
    by_name = {source.name: source for source in sources}
    said = {str(one.get("rung")): one for one in plan_rungs(path)}
    try:
        names = from_json(selector).ladder
    except InputError as error:
        raise file.wrong(f"has no selector of reswise ({error})") from error
    with file.shaped():
        rungs = [
            _planned(name, said.get(name, {}), by_name, preprocessing, path)
            for name in names
        ]
    plain = [rung.rung for rung in rungs]
    if len(set(plain)) < len(plain):
        raise InputError(
            "plan",
            path,
            fault=(
                f"its ladder has a rung at two crops ({', '.join(names)}); a "
                "bundle holds one crop of each rung"
            ),
        )
    return Wanted(_ordered(rungs), {**selector, "ladder": plain}, plan)


def plan_file(path: Path) -> UserFile:
    """The file of --plan, as `reswise plan` writes it."""
    return UserFile(path, "plan", expected="plan.json, as `reswise plan` writes")


def selector_file(path: Path) -> UserFile:
    """The file of --selector."""
    return UserFile(path, "selector", expected="a selector as a JSON object")


def plan_rungs(path: Path) -> list[Json]:
    """What a plan says of its rungs; none where it says nothing.

    Raises:
        InputError: no plan.
    """
    file = plan_file(path)
    rungs = file.object().get("rungs") or []
    if not isinstance(rungs, list) or not all(isinstance(one, dict) for one in rungs):
        raise file.wrong("has rungs that are no list of objects")
    if len(rungs) > MOST_RUNGS:
        raise file.wrong(f"has {len(rungs)} rungs, over {MOST_RUNGS}")
    return rungs


def _planned(
    name: str,
    said: Mapping[str, Any],
    sources: Mapping[str, Pretrained],
    preprocessing: Preprocessing,
    path: Path,
) -> WantedRung:
    match = _RUNG.fullmatch(name)
    if match is None:
        raise InputError(
            "plan", path, fault=f"{name!r} is no rung, such as resnet50@160"
        )
    source = sources.get(match["model"])
    if source is None:
        raise InputError(
            "plan",
            path,
            "every model of the ladder",
            fault=f"its ladder has {name}, but `model` gives {', '.join(sources)}",
        )
    _check_said(said, source, f"--plan {path}: {name}")
    prepared = _preprocessing(said, match["crop"], preprocessing)
    resolution = checked_resolution("plan", str(path), match["resolution"])
    return WantedRung(source, resolution, prepared)


def _check_said(said: Mapping[str, Any], source: Pretrained, where: str) -> None:
    planned = {
        "weights_sha256": ("weights", (source.weights_sha256, source.older_sha256)),
        "normalisation": ("normalisation", (source.normalisation,)),
    }
    for key, (what, own) in planned.items():
        if key in said and said[key] not in own:
            raise InputError.of(
                where,
                f"planned with {what} {said[key]!s:.20}, here they are {own[0]:.20}",
                "",
                "Give the same `weights` and `normalisation`, or plan anew.",
            )


def _preprocessing(
    said: Mapping[str, Any], crop: str | None, default: Preprocessing
) -> Preprocessing:
    preprocessing = default
    if crop:
        part = parse_crop(crop.removeprefix("crop"))
        preprocessing = Preprocessing(
            part, preprocessing.interpolation, preprocessing.antialias
        )
    if "crop" in said:
        return Preprocessing(
            parse_crop(str(said["crop"])),
            str(said.get("interpolation", preprocessing.interpolation)),
            bool(said.get("antialias", preprocessing.antialias)),
        )
    return preprocessing


def _ordered(rungs: list[WantedRung]) -> tuple[WantedRung, ...]:
    """Models as given; of each the native rung first, then from large to small."""
    order = list(dict.fromkeys(rung.source.name for rung in rungs))

    def place(rung: WantedRung) -> tuple[int, bool, int]:
        native = rung.resolution == rung.source.native
        return order.index(rung.source.name), not native, -rung.resolution

    return tuple(sorted(rungs, key=place))


def _check_names(sources: Sequence[Pretrained]) -> None:
    names = [source.name for source in sources]
    if len(set(names)) < len(names):
        raise ModelError(
            "model",
            "",
            "models of different names",
            "Rename a model's file to name it otherwise.",
            fault=", ".join(names),
        )
    classes = {source.classes for source in sources}
    if len(classes) > 1:
        raise ModelError(
            "model",
            "",
            "one number of classes",
            fault=(
                f"{', '.join(names)} have {sorted(classes)} classes; a ladder's "
                "models answer alike"
            ),
        )


def _check_ladder(selector: Json, known: set[str]) -> None:
    missing = [name for name in from_json(selector).ladder if name not in known]
    if missing:
        raise InputError(
            "selector",
            "",
            f"rungs of `model` and `resolutions`: {', '.join(sorted(known))}",
            fault=f"climbs {', '.join(missing)}",
        )
