"""A trained model at another resolution: same tensors, no training."""

import re
from collections.abc import Callable

import keras
import numpy as np

from datasets.errors import InputError
from keras_models import graph
from keras_models.catalogue import CATALOGUE, build

Builder = Callable[[int], keras.Model]


def rebuild(
    model: keras.Model, resolution: int, builder: Builder | None = None
) -> keras.Model:
    """The same network for a square input of `resolution` pixels, weights copied.

    An architecture of the catalogue is built anew, since padding may depend on the
    resolution; any other graph is copied, after a check that copying is exact.

    Args:
        model: functional or sequential, channels last, with global pooling.
        builder: resolution -> the architecture with any weights; None recognises
            catalogue models, by their graph.
    Returns:
        A model of its own with input (None, resolution, resolution, 3).
    Raises:
        InputError: it cannot be rebuilt; says why, and the smallest that works.
    """
    native = native_resolution(model)
    builder = builder or recognise(model)
    if builder is None:
        _check(model, native, resolution)
        rebuilt = _copy(model, resolution)
    else:
        rebuilt = builder(resolution)
    transfer(model, rebuilt)
    return rebuilt


def transfer(source: keras.Model, target: keras.Model) -> None:
    """Copies all tensors, then compares them one by one.

    Raises:
        InputError: number, shape or value of a tensor differs; names the first.
    """
    values = source.get_weights()
    shapes = [tuple(value.shape) for value in values]
    wanted = [tuple(variable.shape) for variable in target.weights]
    if shapes != wanted:
        pairs = zip(source.weights, target.weights, strict=False)
        first = next(
            (
                f"{a.path} {tuple(a.shape)} against {b.path} {tuple(b.shape)}"
                for a, b in pairs
                if tuple(a.shape) != tuple(b.shape)
            ),
            "their number",
        )
        raise InputError(
            f"{source.name}: {len(shapes)} tensors do not fit the {len(wanted)} of the "
            f"graph at {target.inputs[0].shape[1]} pixels (first: {first}). Ask for "
            "another resolution."
        )
    target.set_weights(values)
    for variable, value in zip(target.weights, values, strict=True):
        if not np.array_equal(np.asarray(variable), value, equal_nan=True):
            raise InputError(f"{source.name}: tensor {variable.path} did not transfer.")


def native_resolution(model: keras.Model) -> int:
    """The side of a model's square input, in pixels.

    Raises:
        InputError: not one square RGB input of a fixed size, channels last.
    """
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    if len(shapes) == 1 and len(shapes[0]) == 4:
        _, height, width, channels = shapes[0]
        if height is not None and height == width and channels == 3:
            return int(height)
    raise InputError(
        f"{model.name}: input of shape {shapes}; expected one (None, R, R, 3) with a "
        "fixed R. Build it with keras.Input((R, R, 3)) and save it again."
    )


def recognise(model: keras.Model) -> Builder | None:
    """The catalogue's builder of a model that has exactly a catalogue graph."""
    plain = re.sub(r"[^a-z0-9.]", "", model.name.lower())
    for name in CATALOGUE:
        family = name.replace("_", "")
        if not plain.startswith(family):
            continue
        width = re.match(r"(\d\.\d+)", plain[len(family) :])
        alpha = float(width.group(1)) if width and family == "mobilenetv2" else 1.0
        classes = int(model.outputs[0].shape[-1])

        def builder(
            resolution: int,
            name: str = name,
            alpha: float = alpha,
            classes: int = classes,
        ) -> keras.Model:
            return build(name, resolution, classes, alpha)

        built = builder(native_resolution(model))
        if graph.signature(built) == graph.signature(model):
            return builder
    return None


def _check(model: keras.Model, native: int, resolution: int) -> None:
    if why := graph.obstacle(model):
        raise InputError(f"{model.name}@{resolution} cannot be rebuilt: {why}.")
    smallest = graph.smallest_resolution(model, native)
    if resolution < smallest:
        raise InputError(
            f"{model.name}@{resolution}: below the smallest resolution that works, "
            f"{smallest}. Ask for {model.name}@{smallest} or more."
        )
    if why := graph.parity_mismatch(model, native, resolution):
        fitting = [
            side
            for side in range(smallest, native + 1)
            if not graph.parity_mismatch(model, native, side)
        ]
        near = sorted(fitting, key=lambda side: abs(side - resolution))[:2]
        raise InputError(
            f"{model.name}@{resolution} cannot be rebuilt: {why}. The smallest "
            f"resolution that works is {fitting[0]}, the nearest are "
            f"{' and '.join(map(str, sorted(near)))}."
        )


def _copy(model: keras.Model, resolution: int) -> keras.Model:
    image = keras.Input((resolution, resolution, 3), name=model.inputs[0].name)
    try:
        return keras.models.clone_model(model, input_tensors=image)
    except Exception as error:  # a layer of the user's may raise anything
        first_line = str(error).strip().splitlines()[0]
        raise InputError(
            f"{model.name}@{resolution} cannot be rebuilt: {first_line} Its graph fits "
            f"{native_resolution(model)} pixels only."
        ) from error
