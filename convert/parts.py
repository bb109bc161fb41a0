"""One file a rung and recipe, made once: DIR/parts/<rung>_<recipe>_<key>.tflite.

The key is a hash of all that a file depends on, so an interrupted conversion goes on
where it stopped and a repeated one makes nothing again. One rung is in memory at a
time.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.calibration import Calibration
from convert.image_input import entrance, taking_rgb
from convert.quantise import Source, quantiser_version, with_litert, with_tensorflow
from convert.ranges import Seen, seen_by
from convert.recipes import Recipe
from convert.to_tflite import FloatFiles, signature_name
from convert.wanted import WantedRung
from datasets.files import whole_file
from keras_models import graph
from keras_models.loading import Pretrained

_FORMAT = 1  # of what is made; a change makes every part anew
_ODD = re.compile(r"[^A-Za-z0-9._+-]")


def file_name(text: str) -> str:
    """A model's name as part of a file's."""
    return _ODD.sub("_", text).lstrip(".-+") or "model"


@dataclass(frozen=True)
class Parts:
    """Makes the parts of one model.

    Args:
        folder: where they are kept.
        quantiser: litert or tensorflow.
    """

    folder: Path
    source: Pretrained
    quantiser: str
    calibration: Calibration

    @cached_property
    def _floats(self) -> FloatFiles:
        return FloatFiles(self.source)

    @cached_property
    def _graph(self) -> str:
        text = repr(graph.signature(self.source.model))
        return hashlib.sha256(text.encode()).hexdigest()

    def path(self, wanted: WantedRung, recipe: Recipe) -> Path:
        """Where a part lies once it is made."""
        facts: dict[str, object] = {
            "format": _FORMAT,
            "model": self.source.name,
            "graph": self._graph,
            "weights": self.source.weights_sha256,
            "normalisation": self.source.normalisation,
            "resolution": wanted.resolution,
            "recipe": recipe.name,
            "converter": [version("tensorflow"), version("ai-edge-litert")],
        }
        if recipe.calibrated:
            facts["quantiser"] = quantiser_version(self.quantiser)
            facts["calibration"] = self.calibration.facts["fingerprint"]
            facts["preprocessing"] = wanted.preprocessing.describe()
        text = json.dumps(facts, sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        stem = f"{self.source.name}_{wanted.resolution}_{recipe.name}_{key}"
        return self.folder / f"{file_name(stem)}.tflite"

    def make(self, wanted: WantedRung, recipes: Sequence[Recipe]) -> None:
        """Makes the parts of one rung that are not there yet.

        Raises:
            InputError: the model does not convert faithfully.
        """
        missing = [one for one in recipes if not self.path(wanted, one).exists()]
        if not missing:
            return
        images = self._images(wanted, missing)
        source = self._source(wanted, images)
        for recipe in missing:
            content = self._content(source, wanted, recipe)
            with whole_file(self.path(wanted, recipe)) as file:
                file.write(content)

    def _images(
        self, wanted: WantedRung, recipes: Sequence[Recipe]
    ) -> NDArray[np.float32] | None:
        if not any(recipe.calibrated for recipe in recipes):
            return None
        taken = entrance(self.source.normalisation)
        return self.calibration.images(wanted.resolution, wanted.preprocessing, taken)

    def _source(self, wanted: WantedRung, images: NDArray[np.float32] | None) -> Source:
        content = self._floats.at(wanted.resolution)
        seen: Seen | None = None
        if images is not None and self.quantiser == "litert":
            seen = seen_by(content, images)
        return Source(content, signature_name(wanted.resolution), images, seen)

    def _content(self, source: Source, wanted: WantedRung, recipe: Recipe) -> bytes:
        if self.quantiser == "litert" or recipe.weights == "float32":
            return with_litert(source, recipe)
        model = self.source.at(wanted.resolution)
        with taking_rgb(model, self.source.normalisation) as fixed:
            return with_tensorflow(source, recipe, fixed)
