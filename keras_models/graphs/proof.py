"""A rebuild proves itself by its scores, on random pixels, before anything is measured.

At the native resolution they must be those of the user's model's own `predict`. At
another one they must be those of the user's own layers, the very objects, called one
after the other on maps of that size; what `fitting` puts in place of an operation
holds no tensor. An architecture of the catalogue may have another graph there: then
its graph is walked, each of its layers replaced by the user's own of that name.

Scores near 0 and 1 hide much, so what each layer gives is compared too. Tensors that
were swapped, state that went stale, an output read amiss: all show here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import ModelError
from keras_models.graphs.fitting import Fitting
from keras_models.graphs.reapplying import inferred, reapplied
from keras_models.graphs.shapes import steps

Float32s = NDArray[np.float32]
TOLERANCE = 1e-5  # of a probability; float32 sums in another order
_RELATIVE = 1e-3  # of one smaller than a hundredth
_OF_LARGEST = 1e-4  # of the largest value that a layer gives
_SAMPLE = 4096  # values that are kept of what a layer gives, at least
_PATCH = 4  # pixels of one colour
_AGAINST = "those of the model's own layers at that resolution"


def pictures(resolution: int) -> Float32s:
    """Three of whole numbers in 0..255: noise, patches of one colour, a dark one."""
    generator = np.random.default_rng(resolution)
    shape = (resolution, resolution, 3)
    noise, dark = generator.integers(0, 256, shape), generator.integers(0, 12, shape)
    few = -(-resolution // _PATCH)
    patches = generator.integers(0, 256, (few, few, 3)).repeat(_PATCH, 0)
    patches = patches.repeat(_PATCH, 1)[:resolution, :resolution]
    return np.stack([noise, patches, dark]).astype(np.float32)


def check_scores(rung: str, scores: Float32s, expected: Float32s, against: str) -> None:
    """Holds the scores of one rung against those that they must be.

    Args:
        rung: such as mobilenet_v2@160.
        against: what `expected` comes from, for the error.
    Raises:
        InputError: they differ; says by how much, and what to do.
    """
    if scores.shape != expected.shape:
        raise ModelError.of(
            rung,
            f"scores of shape {scores.shape}, where {against} gives {expected.shape}",
            "",
            f"Nothing was measured; {_ADVICE}",
        )
    if not np.isfinite(expected).all():
        raise ModelError.of(
            rung,
            f"{against} gives scores that are no numbers (NaN or infinite) on random "
            "pixels",
            "",
            "Ask for a larger resolution.",
        )
    difference = float(np.abs(scores - expected).max())
    if not _equal(scores, expected):
        raise ModelError.of(
            rung,
            f"its scores differ by up to {difference:.2g} from {against}, on random "
            "pixels",
            f"at most {TOLERANCE:g}",
            f"Nothing was measured; {_ADVICE}",
        )


_ADVICE = (
    "leave this resolution out. If a layer of your own keeps what it computed from its "
    "weights, give it a method finalize_state() that computes it anew; if there is "
    "none, this is a fault of ours: please report the model."
)


def _equal(scores: Float32s, expected: Float32s) -> bool:
    difference = np.abs(scores - expected)
    small = np.abs(expected) < 0.01
    near = difference <= TOLERANCE
    alike = difference <= _RELATIVE * np.abs(expected) + 1e-7
    return bool(np.where(small & (np.abs(expected) > 1e-6), near & alike, near).all())


def check_native(
    rung: str,
    model: keras.Model,
    scores: Callable[[Float32s], Float32s],
    images: Float32s,
) -> None:
    """Holds a model at its native resolution against its user's own `predict`.

    Args:
        model: what is to be measured.
        scores: images -> what the user's own model predicts of them.
        images: of `pictures`, normalised.
    Raises:
        InputError: they differ, or an answer is left to chance or to its batch.
    """
    operations = [step.operation for step in steps(model)]
    there = run(model, images, operations)
    turned = run(model, images[::-1], operations).turned
    if (layer := first_difference(there, turned)) is not None:
        raise ModelError.of(
            rung,
            f"layer {layer} answers otherwise when the same pictures come in another "
            "order: it draws at random, or looks at its whole batch, also outside "
            "training",
            "",
            "Call it with training=False, and save the model again.",
        )
    check_scores(rung, there.scores, scores(images), "the model's own predict")


def check_copy(
    rung: str, rebuilt: keras.Model, model: keras.Model, images: Float32s
) -> None:
    """Holds a copied graph against the layers that it was copied from.

    Args:
        model: of the user's own layers, at whatever resolution.
        images: at the copy's resolution.
    Raises:
        InputError: what a layer or the model gives differs.
    """
    _check_run(rung, rebuilt, images, _own_at(rung, model, images))


def check_own(
    rung: str,
    rebuilt: keras.Model,
    own: keras.Model,
    images: Float32s,
    taken: Any,
    to_scores: Callable[[Any], Float32s],
) -> None:
    """Holds a copy's scores against the model as its user built it.

    Args:
        images: what the copy takes.
        taken: the same as the user's own model takes it.
        to_scores: what the user's own model gives -> scores.
    Raises:
        InputError: they differ.
    """
    expected = to_scores(_own_at(rung, own, taken).outputs)
    check_scores(rung, together(rebuilt(images, training=False)), expected, _AGAINST)


def check_built(
    rung: str, rebuilt: keras.Model, model: keras.Model, images: Float32s
) -> None:
    """Holds a catalogue graph against itself, computed by the user's own layers.

    Raises:
        InputError: what a layer or the model gives differs.
    """
    expected = run(rebuilt, images, _with_own_layers(rebuilt, model))
    _check_run(rung, rebuilt, images, expected)


@dataclass(frozen=True)
class Run:
    """What pictures gave on their way through a graph."""

    outputs: Any  # one alone is no list
    layers: tuple[str, ...]
    samples: tuple[Float32s, ...]  # (n, some values) of what each layer gave

    @property
    def scores(self) -> Float32s:
        return together(self.outputs)

    @property
    def turned(self) -> "Run":
        """With the pictures the other way round."""
        return Run(self.outputs, self.layers, tuple(one[::-1] for one in self.samples))


def run(model: keras.Model, images: Any, operations: Sequence[Any]) -> Run:
    """Runs pictures through a graph, computed by these operations, never in training.

    Args:
        images: (n, R, R, channels), or what else the model takes.
        operations: one for each step of the graph.
    """
    turn, layers, samples = iter(operations), [], []

    def call(node: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        del node
        operation = next(turn)
        result = inferred(operation, args, kwargs)
        layers.append(str(operation.name))
        samples.append(_sample(keras.tree.flatten(result)[0]))
        return result

    given = [keras.ops.convert_to_tensor(one) for one in keras.tree.flatten(images)]
    outputs = [keras.ops.convert_to_numpy(one) for one in reapplied(model, given, call)]
    alone = outputs if len(outputs) > 1 else outputs[0]
    return Run(alone, tuple(layers), tuple(samples))


def first_difference(rebuilt: Run, expected: Run) -> str | None:
    """The first layer that gives something else, or None."""
    pairs = zip(rebuilt.samples, expected.samples, expected.layers, strict=True)
    for here, there, layer in pairs:
        if here.shape != there.shape:
            return layer
        finite = there[np.isfinite(there)]
        most = _OF_LARGEST * float(np.abs(finite).max(initial=0.0))
        if not np.allclose(here, there, rtol=0, atol=most, equal_nan=True):
            return layer
    return None


def together(outputs: Any) -> Float32s:
    """Whatever a model gives, as one row a picture."""
    flat = [keras.ops.convert_to_numpy(one) for one in keras.tree.flatten(outputs)]
    rows = [one.reshape(len(one), -1) for one in flat]
    return np.concatenate(rows, axis=1).astype(np.float32)


def _sample(tensor: Any) -> Float32s:
    values = np.asarray(keras.ops.convert_to_numpy(tensor), np.float32)
    rows = values.reshape(len(values) if values.ndim else 1, -1)
    return rows[:, :: max(1, rows.shape[1] // _SAMPLE)].copy()


def _own_at(rung: str, own: keras.Model, taken: Any) -> Run:
    """The user's own layers on maps of the pictures' size."""
    resolution = int(keras.tree.flatten(taken)[0].shape[1])
    try:
        fitted = Fitting(own).at(resolution)
        return run(own, taken, [step.operation for step in fitted])
    except Exception as error:  # a layer of the user's may raise anything
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError.of(
            rung,
            "the model's own layers do not compute at that resolution "
            f"({first_line}), so that nothing can be held against them",
            "",
            "Ask for another resolution.",
        ) from error


def _check_run(
    rung: str, rebuilt: keras.Model, images: Float32s, expected: Run
) -> None:
    actual = run(rebuilt, images, [step.operation for step in steps(rebuilt)])
    check_scores(rung, actual.scores, expected.scores, _AGAINST)
    if (layer := first_difference(actual, expected)) is not None:
        raise ModelError.of(
            rung,
            f"layer {layer} does not give what the model's own layer gives at that "
            "resolution, on random pixels",
            "",
            f"Nothing was measured; {_ADVICE}",
        )


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
