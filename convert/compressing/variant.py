"""What all variants of a run share, and what is measured of one."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.quantising.calibration import Calibration
from convert.quantising.quantise import quantiser_version
from convert.quantising.recipes import RECIPES
from datasets.batches import pictures
from datasets.dataset import Dataset
from datasets.errors import DataError
from datasets.files import write_text
from datasets.preprocessing import Preprocessing
from datasets.user_files import UserFile
from keras_models.compression.catalogue import technique
from keras_models.compression.recipes import Compression
from keras_models.framework import versions
from keras_models.normalisation import normalise
from keras_models.opening.trusted_code import NO_TRUST, Trust
from keras_models.pretrained import Pretrained

QUANTISER = "litert"
_FORMAT = 2  # of what is made and measured; a change makes every variant anew


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The parent, the pictures, the folder: the same for every variant of a run."""

    source: Pretrained  # the parent
    preprocessing: Preprocessing
    judged: Dataset
    calibration: Calibration  # of techniques and of quantisers; never judged
    run: Path
    trust: Trust = NO_TRUST  # of the parent's own layers, in files made of it

    @cached_property
    def pictures(self) -> NDArray[np.float32]:
        """(n, R, R, 3) calibration pictures as the parent takes them.

        Raises:
            InputError: none can be read.
        """
        native, key = self.source.native, (self.preprocessing, self.source.native)
        batches = pictures(self.calibration.dataset, [native], [self.preprocessing])
        read = [batch.pixels[key] for batch in batches]
        pixels = np.concatenate(read) if read else np.empty((0, native, native, 3))
        if not len(pixels):
            raise DataError.of(
                self.calibration.dataset.name,
                "has no calibration image that can be read",
                "pictures",
            )
        return normalise(pixels.astype(np.float32), self.source.normalisation)

    def steps_key(self, compression: Compression) -> str:
        """Of all that the .keras file of a variant depends on."""
        used = [technique(step.technique) for step in compression.steps]
        facts: dict[str, object] = {
            "format": _FORMAT,
            "model": self.source.name,
            "weights": self.source.weights_sha256,
            "normalisation": self.source.normalisation,
            "steps": [step.text for step in compression.steps],
            "keras": versions()["keras"],
        }
        if any(known.needs_pictures for known in used):
            facts["calibration"] = self.calibration.facts["fingerprint"]
            facts["preprocessing"] = self.preprocessing.describe()
        return _hash(facts)

    def key(self, compression: Compression) -> str:
        """Of all that what is measured of a variant depends on."""
        recipe = RECIPES[compression.recipe]
        facts: dict[str, object] = {
            "format": _FORMAT,
            "steps": self.steps_key(compression),
            "text": compression.text,
            "judged": self.judged.fingerprint,
            "preprocessing": self.preprocessing.describe(),
            "versions": versions(),
        }
        if recipe.calibrated:
            facts["quantiser"] = quantiser_version(QUANTISER)
            facts["calibration"] = self.calibration.facts["fingerprint"]
        return _hash(facts)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One variant as it was measured; its scores lie in the score store."""

    text: str  # of its recipe: lowrank:0.3+full_int8
    group: str  # what it is, strengths left out: lowrank+full_int8
    rung: str  # of the score store: resnet50-lowrank30@224
    resolution: int
    recipe: str  # of convert
    keras_file: str  # relative to the run folder; empty: it is the parent's
    macs: int
    parameters: int
    nonzero: int  # parameters less the kernel weights that are 0 in the .tflite
    paper_macs: int  # less those that multiply by a weight of 0
    size_bytes: int  # of the .tflite
    zipped_bytes: int
    latency_us: float  # median of one image, LiteRT, one thread
    parent_us: float  # the parent's in the same sitting
    relative_latency: float  # as a part of the parent's, measured in turn with it
    relative_low: float  # 95 %
    relative_high: float
    scores_key: str  # in the score store
    seconds: float  # that it took to make and measure

    def write(self, path: Path) -> None:
        """Keeps it, whole or not at all."""
        write_text(path, json.dumps(asdict(self), indent=1) + "\n")

    @staticmethod
    def read(path: Path) -> "Variant":
        """What `write` kept.

        Raises:
            InputError: something else.
        """
        do = "Delete it and run again."
        file = UserFile(path, expected="a measured variant", do=do)
        facts = file.object()
        with file.shaped():
            return Variant(**facts)


def _hash(facts: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
