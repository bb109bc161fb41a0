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

from convert.image_input import entrance, taking_rgb
from convert.quantising.calibration import Calibration
from convert.quantising.corrections import Rounded
from convert.quantising.islands import Islands, read_islands, with_islands
from convert.quantising.quantise import (
    FloatRung,
    quantiser_version,
    with_litert,
    with_tensorflow,
)
from convert.quantising.ranges import Seen, seen_by
from convert.quantising.recipes import RECIPES, Recipe
from convert.quantising.rounding import rounded_for
from convert.to_tflite import FloatFiles, at_resolution, signature_name
from convert.wanted import WantedRung
from datasets.files import whole_file, write_text
from datasets.user_arrays import read_arrays
from datasets.user_files import UserFile
from keras_models import graph
from keras_models.pretrained import Pretrained

_FLOAT = RECIPES["float32"]
_MOST_BYTES = 2 << 30  # what a flatbuffer can be
_FORMAT = 7  # of what is made; a change makes every file anew
_ISLANDS = ".islands.json"  # beside a file of islands, and there before it
_ODD = re.compile(r"[^A-Za-z0-9._+-]")


def file_name(text: str) -> str:
    """A model's name within a file's."""
    return _ODD.sub("_", text).lstrip(".-+") or "model"


def part_file(path: Path) -> UserFile:
    """A file of the run folder that a conversion kept."""
    return UserFile(path, expected="a file that a conversion kept", do="Delete it.")


def read_part(path: Path) -> bytes:
    """The content of one.

    Raises:
        InputError: no plain file, or larger than a .tflite of a bundle may be.
    """
    return part_file(path).content(_MOST_BYTES)


@dataclass(frozen=True, kw_only=True)
class RungFiles:
    """Makes the files of one model.

    Args:
        folder: where they are kept.
        base: the first of its rungs; others are made of its files where that can be.
        quantiser: litert or tensorflow.
    """

    folder: Path
    base: WantedRung
    quantiser: str
    calibration: Calibration
    wanted_agreement: float | None = None  # of islands; None: the recipe's own

    @property
    def source(self) -> Pretrained:
        """The model."""
        return self.base.source

    @cached_property
    def _floats(self) -> FloatFiles:
        floats = FloatFiles(self.source)
        path = self.path(self.base, _FLOAT)
        if path.exists():
            floats.know(self.base.resolution, read_part(path))
        return floats

    @cached_property
    def _graph(self) -> str:
        text = repr(graph.signature(self.source.model))
        return hashlib.sha256(text.encode()).hexdigest()

    def path(self, wanted: WantedRung, recipe: Recipe) -> Path:
        """Where a file lies once it is made."""
        facts: dict[str, object] = {
            "format": _FORMAT,
            "model": self.source.name,
            "graph": self._graph,
            "weights": self.source.weights_sha256,
            "normalisation": self.source.normalisation,
            "resolution": wanted.resolution,
            "base": self.base.resolution,
            "recipe": recipe.name,
            "converter": [version("tensorflow"), version("ai-edge-litert")],
        }
        if recipe.calibrated:
            facts["quantiser"] = quantiser_version(self.quantiser)
            facts["calibration"] = self.calibration.facts["fingerprint"]
            facts["preprocessing"] = [
                rung.preprocessing.describe() for rung in (wanted, self.base)
            ]
        if recipe.mixed:
            facts["wanted"] = self._wanted_of(recipe)
        text = json.dumps(facts, sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        stem = f"{self.source.name}_{wanted.resolution}_{recipe.name}_{key}"
        return self.folder / f"{file_name(stem)}.tflite"

    def islands(self, wanted: WantedRung, recipe: Recipe) -> Islands | None:
        """What was raised to float in a rung that was made; None: no such recipe."""
        if not recipe.mixed:
            return None
        path = self.path(wanted, recipe).with_suffix(_ISLANDS)
        return read_islands(part_file(path))

    def _wanted_of(self, recipe: Recipe) -> float:
        """As given, else the recipe's own, to which random weights are not held."""
        if self.wanted_agreement is not None:
            return self.wanted_agreement
        return 0.0 if self.source.weights == "random" else recipe.wanted_agreement

    def make(self, wanted: WantedRung, recipes: Sequence[Recipe]) -> None:
        """Makes the files of one rung that are not there yet.

        Raises:
            InputError: the model does not convert faithfully.
        """
        missing = [one for one in recipes if not self.path(wanted, one).exists()]
        if not missing:
            return
        content = self._floats.at(wanted.resolution)
        left = []
        for recipe in missing:
            resized = self._resized(content, wanted, recipe)
            if resized is None:
                left.append(recipe)
            else:
                self._keep(wanted, recipe, resized)
        float_rung = self._float_rung(content, wanted, left)
        for recipe in left:
            self._keep(wanted, recipe, self._content(float_rung, wanted, recipe))

    def _keep(self, wanted: WantedRung, recipe: Recipe, content: bytes) -> None:
        with whole_file(self.path(wanted, recipe)) as file:
            file.write(content)

    def _resized(
        self, content: bytes, wanted: WantedRung, recipe: Recipe
    ) -> bytes | None:
        """The base's file at this resolution, where the two differ in shapes alone.

        Then no weight or bias is stored twice; biases corrected at the native
        resolution serve as well at others (WORKSPACE.md). None: it is not so.
        """
        if recipe.static or not recipe.calibrated or wanted == self.base:
            return None
        self.make(self.base, [_FLOAT, recipe])
        plain, file = (
            read_part(self.path(self.base, stored)) for stored in (_FLOAT, recipe)
        )
        if at_resolution(plain, wanted.resolution) != content:
            return None
        return at_resolution(file, wanted.resolution)

    def _float_rung(
        self, content: bytes, wanted: WantedRung, recipes: Sequence[Recipe]
    ) -> FloatRung:
        images: NDArray[np.float32] | None = None
        seen: Seen | None = None
        if any(recipe.calibrated for recipe in recipes):
            images = self._images(wanted)
            seen = seen_by(content, images) if self.quantiser == "litert" else None
        chosen = (
            self._rounding if any(one.weights == "int8" for one in recipes) else None
        )
        taken = entrance(self.source.normalisation)
        ends = taken.images(np.array([0, 255], np.float32))
        return FloatRung(
            content=content,
            signature=signature_name(wanted.resolution),
            images=images,
            seen=seen,
            rounding=chosen,
            pixels=(float(ends[0]), float(ends[1])),
        )

    def float_rung_of(self, wanted: WantedRung) -> FloatRung:
        """What the rung's files of int8 weights start from."""
        content = self._floats.at(wanted.resolution)
        return self._float_rung(content, wanted, [RECIPES["full_int8"]])

    def _images(self, wanted: WantedRung) -> NDArray[np.float32]:
        """(n, R, R, 3) calibration images, as the rung's float32 file takes them."""
        taken = entrance(self.source.normalisation)
        return self.calibration.images(wanted.resolution, wanted.preprocessing, taken)

    @cached_property
    def _rounding(self) -> Rounded | None:
        """How weights are rounded to int8, for all rungs: by the base's inputs.

        It is kept as a file, so that rungs made in another run share their weights.
        """
        if self.quantiser != "litert":
            return None
        path = self.path(self.base, RECIPES["full_int8"]).with_suffix(".rounding.npz")
        if not path.exists():
            content = self._floats.at(self.base.resolution)
            chosen = rounded_for(content, self._images(self.base))
            with whole_file(path) as file:
                np.savez(file, allow_pickle=False, **chosen)
        return read_arrays(part_file(path))

    def _content(
        self, float_rung: FloatRung, wanted: WantedRung, recipe: Recipe
    ) -> bytes:
        if recipe.mixed:
            made, islands = with_islands(float_rung, recipe, self._wanted_of(recipe))
            path = self.path(wanted, recipe).with_suffix(_ISLANDS)
            write_text(path, islands.to_json())
            return made
        if self.quantiser == "litert" or recipe.weights == "float32":
            return with_litert(float_rung, recipe)
        model = self.source.at(wanted.resolution)
        with taking_rgb(model, self.source.normalisation) as fixed:
            return with_tensorflow(float_rung, recipe, fixed)
