"""A model as its user built it -> one RGB picture in, probabilities of classes out.

The user's own layers are called again, weights shared, where its input is another
one; layers are appended where its outputs are no probabilities yet.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import ModelError
from keras_models.graphs.calls import Calls, calls
from keras_models.graphs.reapplying import has_graph
from keras_models.normalisation import NORMALISATIONS, normalise
from keras_models.opening import outputs
from keras_models.opening.entrance import Entrance, entrance
from keras_models.opening.pixels import convention_of, probes
from keras_models.opening.precision import as_float32, precision_remark

Float32s = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Said:
    """What only the user can know of a model file, as flags say it."""

    normalisation: str | None = None
    output: str | None = None  # which of several
    scores: str | None = None  # one of outputs.READINGS
    native: int | None = None  # resolution of a model of free size


@dataclass(frozen=True)
class Own:
    """A model as its user built it, in float32: the measure of all made from it."""

    model: keras.Model
    to_own: Callable[[Float32s], Any]  # canonical input -> what its predict takes
    to_scores: Callable[[Any], Float32s]  # its raw outputs -> (n, classes)

    def scores(self, images: Float32s) -> Float32s:
        """What its own `predict` says of images in canonical form.

        Args:
            images: (n, R, R, 3), normalised; R is the native resolution.
        """
        batch = self.model.inputs[0].shape[0]
        lacking = -len(images) % (batch or 1)
        filled = np.concatenate([images, np.repeat(images[-1:], lacking, axis=0)])
        raw = self.model.predict(
            self.to_own(filled), batch_size=batch or len(filled), verbose=0
        )
        return self.to_scores(raw)[: len(images)]


@dataclass(frozen=True, kw_only=True)
class Canonical:
    """A model beside the classifier that it is."""

    own: Own
    model: keras.Model  # (None, R, R, 3) float32 -> (None, classes) probabilities
    native: int
    normalisation: str
    remarks: tuple[str, ...]


def canonical(model: keras.Model, said: Said) -> Canonical:
    """The classifier that a model is, with what was found out or assumed of it.

    Raises:
        InputError: no picture in, no scores of one label out, or it cannot be told.
    """
    _check_graph(model)
    taken = entrance(model, said.native)
    own = as_float32(model)
    listed, number = calls(own), outputs.chosen(own, said.output)
    image, raw = _ends(own, taken, listed, number)
    convention, remark = _convention(own, taken, listed, said.normalisation)
    try:
        bare = keras.Model(image, raw, name=own.name)
    except ValueError as error:  # two layers of one name, in models side by side
        raise ModelError.of(
            own.name,
            str(error),
            "",
            "Give its layers names of their own and save again.",
        ) from error
    pixels = normalise(probes(taken.resolution), convention)
    reading = outputs.read(
        own.name,
        listed,
        listed.outputs[number],
        tuple(raw.shape),
        _called(bare, pixels),
        said.scores,
    )
    scores = reading.appended(raw, [one.name for one in bare.operations])

    def to_scores(found: Any) -> Float32s:
        return reading.scores(keras.tree.flatten(found)[number])

    user = Own(own, taken.own_input, to_scores)
    words = [*taken.remarks, remark, *([reading.remark] if reading.remark else [])]
    if own is not model:
        loaded = Own(model, taken.own_input, to_scores)
        difference = float(np.abs(loaded.scores(pixels) - user.scores(pixels)).max())
        words.insert(0, precision_remark(model, difference))
    return Canonical(
        own=user,
        model=bare if scores is raw else keras.Model(image, scores, name=own.name),
        native=taken.resolution,
        normalisation=convention,
        remarks=tuple(words),
    )


def _called(model: keras.Model, images: Float32s) -> NDArray[np.floating]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Keras's, said better here
        return np.asarray(keras.ops.convert_to_numpy(model(images, training=False)))


def _ends(
    own: keras.Model, taken: Entrance, listed: Calls, number: int
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """A canonical image and the raw output that the model's own calls make of it."""
    if taken.plain:
        return own.inputs[0], own.outputs[number]
    image = keras.Input((taken.resolution, taken.resolution, 3), name="image")
    try:
        adapted = taken.adapted(image)
        if "int" in taken.dtype or taken.batch is not None:
            # called as a model, it would cut pixels off to whole numbers
            return image, listed.reapplied(adapted)[number]
        given = adapted if taken.key is None else {taken.key: adapted}
        return image, keras.tree.flatten(own(given))[number]
    except Exception as error:  # a layer may raise anything
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError.of(
            own.name,
            "its layers do not take pictures of "
            f"{taken.resolution} x {taken.resolution} pixels "
            f"({first_line})",
        ) from error


def _convention(
    own: keras.Model, taken: Entrance, listed: Calls, wanted: str | None
) -> tuple[str, str]:
    if taken.grey and wanted in ("caffe", "torch"):
        raise ModelError(
            "normalisation",
            wanted,
            "tf, unit or none",
            fault=(
                f"{own.name} takes grey pictures, {wanted} has numbers for each "
                f"colour ({NORMALISATIONS[wanted]})"
            ),
        )
    pixels = probes(taken.resolution)
    if taken.grey:
        pixels = pixels[..., :1] if taken.channel else pixels[..., 0]
    given = keras.ops.convert_to_tensor(pixels)
    return convention_of(own, listed, given, wanted)


def _check_graph(model: keras.Model) -> None:
    if not has_graph(model):
        raise ModelError.of(
            model.name,
            "no functional or sequential model with a known input "
            f"({type(model).__name__}): its layers cannot be looked at",
            "",
            "Build it with keras.Input((R, R, 3)) in front, keras.Model(inputs, "
            "outputs), and save it again.",
        )
