"""A rebuild proves itself by its scores, on random pixels, before anything is measured.

At the native resolution they must be those of the user's model's own `predict`. At
another one they must be those of the user's own layers, the very objects, called one
after the other on maps of that size; what `fitting` puts in place of an operation
holds no tensor. An architecture of the catalogue may have another graph there: then
its graph is walked, each of its layers replaced by the user's own of that name.

Tensors that were swapped, state that went stale, an output read amiss: all show here.
"""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError
from keras_models.fitting import Fitting
from keras_models.reapplying import inferred, reapplied
from keras_models.shapes import steps

Floats = NDArray[np.float32]
TOLERANCE = 1e-5  # of a probability; float32 sums in another order
_RELATIVE = 1e-3  # of one smaller than a hundredth
_PATCH = 4  # pixels of one colour


def pictures(resolution: int) -> Floats:
    """Three of whole numbers in 0..255: noise, patches of one colour, a dark one."""
    generator = np.random.default_rng(resolution)
    shape = (resolution, resolution, 3)
    noise, dark = generator.integers(0, 256, shape), generator.integers(0, 12, shape)
    few = -(-resolution // _PATCH)
    patches = generator.integers(0, 256, (few, few, 3)).repeat(_PATCH, 0)
    patches = patches.repeat(_PATCH, 1)[:resolution, :resolution]
    return np.stack([noise, patches, dark]).astype(np.float32)


def check_scores(rung: str, found: Floats, expected: Floats, against: str) -> None:
    """Holds the scores of one rung against those that they must be.

    Args:
        rung: such as mobilenet_v2@160.
        against: what `expected` comes from, for the error.
    Raises:
        InputError: they differ; says by how much, and what to do.
    """
    if found.shape != expected.shape:
        raise InputError(
            f"{rung}: scores of shape {found.shape}, where {against} gives "
            f"{expected.shape}. Nothing was measured; {_ADVICE}"
        )
    if not np.isfinite(expected).all():
        raise InputError(
            f"{rung}: {against} gives scores that are no numbers (NaN or infinite) on "
            "random pixels. Ask for a larger resolution."
        )
    difference = float(np.abs(found - expected).max())
    if not _equal(found, expected):
        raise InputError(
            f"{rung}: its scores differ by up to {difference:.2g} from {against}, on "
            f"random pixels; expected at most {TOLERANCE:g}. Nothing was measured; "
            f"{_ADVICE}"
        )


_ADVICE = (
    "this is a fault of the rebuild, not of your model: please report the file, and "
    "leave this resolution out of --resolutions."
)


def _equal(found: Floats, expected: Floats) -> bool:
    difference = np.abs(found - expected)
    small = np.abs(expected) < 0.01
    near = difference <= TOLERANCE
    alike = difference <= _RELATIVE * np.abs(expected) + 1e-7
    return bool(np.where(small & (np.abs(expected) > 1e-6), near & alike, near).all())


def check_native(
    rung: str,
    model: keras.Model,
    scores: Callable[[Floats], Floats],
    images: Floats,
) -> None:
    """Holds a model at its native resolution against its user's own `predict`.

    Args:
        model: what is to be measured.
        scores: images -> what the user's own model predicts of them.
        images: of `pictures`, normalised.
    Raises:
        InputError: they differ, or an answer is left to chance or to its batch.
    """
    expected = scores(images)
    turned = scores(images[::-1])[::-1]
    if not _equal(turned, expected):
        raise InputError(
            f"{rung}: the model's own predict answers otherwise when the same pictures "
            f"come in another order (by up to {np.abs(turned - expected).max():.2g}): "
            "a layer draws at random, or looks at its whole batch, also outside "
            "training. Call it with training=False, and save the model again."
        )
    own = _predicted(model, images)
    check_scores(rung, own, expected, "the model's own predict")


def check_copy(
    rung: str,
    rebuilt: keras.Model,
    own: keras.Model,
    images: Floats,
    taken: Any,
    to_scores: Callable[[Any], Floats],
) -> None:
    """Holds a copied graph against the layers of the user's model, at its resolution.

    Args:
        images: what the copy takes.
        taken: the same as the user's own model takes it.
        to_scores: what the user's own model gives -> scores.
    Raises:
        InputError: they differ.
    """
    against = "those of the model's own layers at that resolution"
    try:
        steps_there = Fitting(own).at(int(images.shape[1]))
        operations = iter([step.operation for step in steps_there])
        expected = to_scores(_outputs(own, taken, operations))
    except Exception as error:  # a layer of the user's may raise anything
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"{rung}: the model's own layers do not compute at that resolution "
            f"({first_line}), so that nothing can be held against them. Ask for "
            "another resolution."
        ) from error
    check_scores(rung, _predicted(rebuilt, images), expected, against)


def check_built(
    rung: str, rebuilt: keras.Model, model: keras.Model, images: Floats
) -> None:
    """Holds a catalogue graph against itself, computed by the user's own layers.

    Raises:
        InputError: scores differ.
    """
    operations = iter(_with_own_layers(rebuilt, model))
    expected = together(_outputs(rebuilt, images, operations))
    against = "those of the model's own layers at that resolution"
    check_scores(rung, _predicted(rebuilt, images), expected, against)


def _outputs(model: keras.Model, images: Any, operations: Iterator[Any]) -> Any:
    """A graph's outputs, computed by these operations; one alone is no list."""

    def call(node: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        del node
        return inferred(next(operations), args, kwargs)

    given = [keras.ops.convert_to_tensor(one) for one in keras.tree.flatten(images)]
    found = [keras.ops.convert_to_numpy(one) for one in reapplied(model, given, call)]
    return found if len(found) > 1 else found[0]


def together(outputs: Any) -> Floats:
    """Whatever a model gives, as one row a picture."""
    flat = [keras.ops.convert_to_numpy(one) for one in keras.tree.flatten(outputs)]
    rows = [one.reshape(len(one), -1) for one in flat]
    return np.concatenate(rows, axis=1).astype(np.float32)


def _predicted(model: keras.Model, images: Floats) -> Floats:
    return together(model(images, training=False))


def _with_own_layers(rebuilt: keras.Model, model: keras.Model) -> list[Any]:
    """The operations of a graph, those with tensors replaced by another's, by name."""
    there = [step.operation for step in steps(rebuilt)]
    holders = _with_tensors(there)
    own = _with_tensors([step.operation for step in steps(model)])
    if {layer.name for layer in own} == {layer.name for layer in holders}:
        by_name = {layer.name: layer for layer in own}
        pairs = [(layer, by_name[layer.name]) for layer in holders]
    else:
        pairs = list(zip(holders, own, strict=True))
    instead = {id(layer): other for layer, other in pairs}
    return [instead.get(id(operation), operation) for operation in there]


def _with_tensors(operations: list[Any]) -> list[Any]:
    distinct = {id(operation): operation for operation in operations}
    return [one for one in distinct.values() if getattr(one, "weights", None)]
