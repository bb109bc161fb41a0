"""Weights that travel with the package: trained by us, by the command beside them.

weights/<name>/<model>.npz   tensors in the order of get_weights, float16
weights/<name>/<model>.json  the command, its log, native resolution, classes, alpha
"""

import json
from dataclasses import dataclass
from pathlib import Path

from datasets.errors import ModelError

_FOLDER = Path(__file__).parent / "weights"


@dataclass(frozen=True, kw_only=True)
class Packaged:
    """One packaged training."""

    path: Path
    native: int  # pixels it was trained at
    classes: int
    alpha: float
    crop: str  # of the pictures it was trained on, as --crop takes it


def packaged_weights(model: str, weights: str, alpha: float) -> Packaged:
    """Finds the packaged weights of a model; alpha 1.0 stands for whichever there is.

    Raises:
        InputError: there are none of this model, or of this alpha.
    """
    readable = [_read(path) for path in sorted((_FOLDER / weights).glob("*.json"))
             if path.stem.split("_0.")[0] == model]  # fmt: skip
    for packaged in readable:
        if alpha in (1.0, packaged.alpha):
            return packaged
    alphas = ", ".join(f"`alpha` {packaged.alpha:g}" for packaged in readable)
    raise ModelError(
        "weights", weights, alphas or "another model",
        f"There are none of {model} with `alpha` {alpha:g}.",
    )  # fmt: skip


def trained_crop(model: str, weights: str | None, alpha: float) -> str | None:
    """The crop that packaged weights were trained with; None: they are not packaged."""
    if weights not in {folder.name for folder in _FOLDER.iterdir()}:
        return None
    return packaged_weights(model, str(weights), alpha).crop


def _read(path: Path) -> Packaged:
    facts = json.loads(path.read_text(encoding="utf-8"))
    return Packaged(
        path=path.with_suffix(".npz"),
        native=facts["native"],
        classes=facts["classes"],
        alpha=facts["alpha"],
        crop=facts["preprocessing"]["crop"],
    )
