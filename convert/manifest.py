"""manifest.json: what an app and the phone runner need to know of a bundle.

It reads with the standard library alone. `convert/manifest.schema.json` says the same
as a JSON Schema; `convert/bundle.py` checks a manifest against it, and the files
against the manifest, before anything in them is run.

    bundle/  manifest.json  labels.txt  mobilenet_v2_full_int8.tflite ...
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from convert.score_kinds import PROBABILITIES, classes

FORMAT = 1
Json = dict[str, Any]
MANIFEST_FILE = "manifest.json"
IMPORTED = "imported"  # the recipe of a file that somebody else made


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """One input or output. real = (stored - zero_point) x scale, where scale is not 0.

    A real value is stored as round(real / scale) + zero_point, halves to even, clipped
    to the range of dtype. `scale` 0 says that reals are stored as they are.
    """

    name: str
    dtype: str  # float32, uint8, int8 or int16
    shape: tuple[int, ...]
    scale: float = 0.0
    zero_point: int = 0


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """File -> input tensor: crop, resize, channels, then (pixel - mean) / deviation.

    crop: part of the short side around the centre, or "squash".
    mean, deviation: one per channel in the order of `channels`, for pixels in 0..255.
    """

    crop: str
    interpolation: str
    antialias: bool
    channels: str  # RGB or BGR
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One model at one resolution: a signature of a file of the bundle.

    scores: how its output is read, one of `convert.score_kinds.KINDS`; in manifest.json
    it stands only where it is not "probabilities".
    """

    rung: str  # mobilenet_v2@160
    model: str
    resolution: int  # pixels
    recipe: str
    file: str
    signature: str
    subgraph: int
    macs: int
    parameters: int
    input: Tensor
    output: Tensor
    preprocessing: Preprocessing
    scores: str = PROBABILITIES

    @property
    def classes(self) -> int:
        """That it tells apart: two where its output is one unit."""
        return classes(self.output.shape[-1], self.scores)


@dataclass(frozen=True, kw_only=True)
class Look:
    """The learned selector as a .tflite: thumbnail -> chance of each rung."""

    file: str
    signature: str
    subgraph: int
    input: Tensor
    output: Tensor


@dataclass(frozen=True)
class File:
    """A file beside the manifest."""

    file: str  # a plain name, no folder
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One bundle. `rungs` ascend in MACs; `selector` is what `selection` writes."""

    name: str
    files: tuple[File, ...]
    rungs: tuple[Rung, ...]
    selector: Json
    labels: str | None = None  # file of one class name a line
    look: Look | None = None
    measured: Json = field(default_factory=dict)  # parity, plan, on what; for people
    format: int = FORMAT

    def to_json(self) -> Json:
        """As it stands in manifest.json."""
        facts = asdict(self)
        for rung in facts["rungs"]:
            if rung["scores"] == PROBABILITIES:
                del rung["scores"]
        return facts


def manifest_from_json(facts: Json) -> Manifest:
    """What `Manifest.to_json` wrote, already checked against the schema."""
    return Manifest(
        name=facts["name"],
        files=tuple(File(**one) for one in facts["files"]),
        rungs=tuple(_rung(one) for one in facts["rungs"]),
        selector=facts["selector"],
        labels=facts["labels"],
        look=_look(facts["look"]) if facts["look"] else None,
        measured=facts["measured"],
        format=facts["format"],
    )


def _rung(facts: Json) -> Rung:
    preprocessing = facts["preprocessing"]
    return Rung(
        **{
            **facts,
            "input": _tensor(facts["input"]),
            "output": _tensor(facts["output"]),
            "preprocessing": Preprocessing(
                **{
                    **preprocessing,
                    "mean": tuple(preprocessing["mean"]),
                    "deviation": tuple(preprocessing["deviation"]),
                }
            ),
        }
    )


def _look(facts: Json) -> Look:
    return Look(
        **{
            **facts,
            "input": _tensor(facts["input"]),
            "output": _tensor(facts["output"]),
        }
    )


def _tensor(facts: Json) -> Tensor:
    return Tensor(**{**facts, "shape": tuple(facts["shape"])})
