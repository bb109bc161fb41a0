"""A trained model at another resolution: same tensors, no training."""

import re
from collections.abc import Callable

import keras
import numpy as np

from datasets.errors import InputError, ModelError
from keras_models import graph
from keras_models.catalogue import CATALOGUE, build
from keras_models.graphs import proof
from keras_models.graphs.copying import copied
from keras_models.graphs.derived_state import renew_derived_state
from keras_models.graphs.fitting import Fitting, UnfitError
from keras_models.graphs.reapplying import graph_of, has_graph

Builder = Callable[[int], keras.Model]
_TRIED = 3  # resolutions on either side, before an error names one that works


def rebuild(
    model: keras.Model, resolution: int, builder: Builder | None = None
) -> keras.Model:
    """The same network for a square input of `resolution` pixels, weights copied.

    An architecture of the catalogue is built anew, since padding may depend on the
    resolution; any other graph is copied, models inside it too, with the padding that
    its family has there, after a check that nothing else in it depends on the size.

    Args:
        model: functional or sequential, channels last.
        builder: resolution -> the architecture with any weights; None recognises
            catalogue models, by their graph.
    Returns:
        A model of its own with input (None, resolution, resolution, channels).
    Raises:
        InputError: it cannot be rebuilt; says why, and the nearest that can. Or its
            scores are not those of the model's own layers at that resolution.
    """
    builder = builder or recognise(model)
    rebuilt = unproven(model, resolution, builder)
    images, rung = proof.pictures(resolution), f"{model.name}@{resolution}"
    if builder is not None:
        proof.check_built(rung, rebuilt, model, images)
        return rebuilt
    taken = images[..., : model.inputs[0].shape[-1]]
    proof.check_copy(rung, rebuilt, model, taken)
    return rebuilt


def unproven(
    model: keras.Model, resolution: int, builder: Builder | None
) -> keras.Model:
    """What `rebuild` makes, before it is held against the model's own layers.

    Args:
        builder: of the model's architecture; None copies its graph.
    """
    native = native_resolution(model)
    if builder is None:
        rebuilt = _copied(model, native, resolution)
    else:
        rebuilt = builder(resolution)
    transfer(model, rebuilt)
    return rebuilt


def transfer(source: keras.Model, target: keras.Model) -> None:
    """Copies all tensors, compares them one by one, renews what layers make of them.

    Raises:
        InputError: number, shape or value of a tensor differs; names the first.
    """
    values = source.get_weights()
    if why := _misfit(source, target):
        raise ModelError.of(
            source.name,
            f"{len(values)} tensors do not fit the {len(target.weights)} of the "
            f"graph at {target.inputs[0].shape[1]} pixels (first: {why})",
            "",
            f"Its graph fits {source.inputs[0].shape[1]} pixels only.",
        )
    target.set_weights(values)
    for variable, value in zip(target.weights, values, strict=True):
        if not np.array_equal(np.asarray(variable), value, equal_nan=True):
            raise ModelError.of(source.name, f"tensor {variable.path} did not transfer")
    renew_derived_state(target)


def _misfit(source: keras.Model, target: keras.Model) -> str | None:
    pairs = zip(source.weights, target.weights, strict=False)
    for here, there in pairs:
        if tuple(here.shape) != tuple(there.shape):
            return (
                f"{here.path} {tuple(here.shape)} against {there.path} "
                f"{tuple(there.shape)}"
            )
    return None if len(source.weights) == len(target.weights) else "their number"


def native_resolution(model: keras.Model) -> int:
    """The side of a model's square input, in pixels.

    Raises:
        InputError: not one square RGB input of a fixed size, channels last.
    """
    if not has_graph(model):
        raise ModelError.of(
            model.name,
            f"a {type(model).__name__} without a graph that can be followed",
            "",
            "Build it with keras.Input((R, R, 3)) and keras.Model(input, output), "
            "and save it again.",
        )
    shapes = [tuple(tensor.shape) for tensor in graph_of(model).inputs]
    if len(shapes) == 1 and len(shapes[0]) == 4:
        _, height, width, channels = shapes[0]
        if height is not None and height == width and channels in (1, 3):
            return int(height)
    raise ModelError.of(
        model.name,
        f"input of shape {shapes}",
        "one (None, R, R, 3) with a fixed R",
        "Build it with keras.Input((R, R, 3)) and save it again.",
    )


def recognise(model: keras.Model) -> Builder | None:
    """The catalogue's builder of a model that has exactly a catalogue graph."""
    plain = re.sub(r"[^a-z0-9]", "", model.name.lower())
    for name in CATALOGUE:
        if not plain.startswith(name.replace("_", "")):
            continue
        alpha = _alpha(model.name) if name == "mobilenet_v2" else 1.0
        classes = int(model.outputs[0].shape[-1])

        def builder(
            resolution: int,
            name: str = name,
            alpha: float = alpha,
            classes: int = classes,
        ) -> keras.Model:
            return build(name, resolution, classes, alpha)

        try:
            built = builder(native_resolution(model))
        except InputError:  # a resolution that this one cannot take
            continue
        if graph.signature(built) == graph.signature(model):
            return builder
    return None


def _alpha(name: str) -> float:
    """The width in a name of keras.applications: mobilenetv2_0.35_96 is one of 0.35."""
    width = re.search(r"_(\d\.\d\d?)(?!\d)", name)
    return float(width.group(1)) if width else 1.0


def _copied(model: keras.Model, native: int, resolution: int) -> keras.Model:
    fitting = Fitting(model)
    try:
        rebuilt: keras.Model = _copy(model, fitting, resolution)
    except UnfitError as error:
        works = _working(model, fitting, native, resolution)
        raise ModelError.of(
            f"{model.name}@{resolution}",
            f"cannot be rebuilt: {error}",
            "",
            _instead(works, native),
        ) from error
    return rebuilt


def _copy(model: keras.Model, fitting: Fitting, resolution: int) -> keras.Model:
    operations = fitting.operations(resolution)
    try:
        rebuilt: keras.Model = copied(model, resolution, operations)
    except Exception as error:  # a layer of the user's may raise anything
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UnfitError(first_line) from error
    if why := _misfit(model, rebuilt):
        raise UnfitError(f"tensors have another shape there ({why})")
    return rebuilt


def _working(
    model: keras.Model, fitting: Fitting, native: int, resolution: int
) -> list[int]:
    """The nearest resolutions on either side that were found to work, ascending."""
    below = (nearest for nearest in range(min(resolution, native) - 1, 0, -1))
    above = (nearest for nearest in range(resolution + 1, native + 1))
    working = []
    for resolutions in (below, above):
        fitting_ones = (nearest for nearest in resolutions if fitting.fits(nearest))
        for _, nearest in zip(range(_TRIED), fitting_ones, strict=False):
            try:
                _copy(model, fitting, nearest)
            except UnfitError:
                continue
            working.append(nearest)
            break
    return sorted(working)


def _instead(works: list[int], native: int) -> str:
    if not works or works == [native]:
        return f"Its graph fits {native} pixels only."
    if len(works) == 1:
        return f"The nearest that works is {works[0]}."
    return f"The nearest that work are {works[0]} and {works[1]}."
