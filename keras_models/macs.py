"""Multiply-accumulates of one image: layer class -> one small formula, in a table.

Convention: those of convolutions and dense layers, each feature map at its true
integer size; a multiply-add counts 1. Bias, batch normalisation, pooling, activations
and other element-wise work count 0, as in the published tables. 1 MAC = 2 FLOPs.
Source: Howard et al. 2017, arXiv:1704.04861; Johnson, fvcore's flop count.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import keras

from keras_models import formulas
from keras_models.graphs.fitting import Fitting
from keras_models.graphs.shapes import Shape, Step, inside, standard, steps


@dataclass(frozen=True)
class MacsCount:
    """What one image costs, and what could not be counted."""

    macs: int
    by_layer: tuple[tuple[str, int], ...]  # (layer, its MACs), in graph order
    uncounted: tuple[str, ...]  # "name (Class)" of layers without a formula


def layer_macs(layer: keras.Layer, source: Shape) -> int:
    """The multiply-accumulates of one layer over one image.

    Args:
        source: (N, ...) shape of its input; N is ignored.
    Raises:
        ValueError: no formula for the layer's class.
    """
    name = type(layer).__name__
    if name not in formulas.LAYERS:
        raise ValueError(
            f"no formula for {name} ({layer.name}); expected one of "
            f"{', '.join(formulas.LAYERS)}. Add one to keras_models/formulas.py."
        )
    return formulas.LAYERS[name](layer, source, layer.compute_output_shape(source))


def count_macs(model: keras.Model, resolution: int | None = None) -> MacsCount:
    """Counts a functional or sequential model, models inside it included.

    A layer of the user's counts as what its `call` calls; one that cannot be followed
    is named, never 0 in silence.

    Args:
        resolution: of the input; None takes the one it was built for. Another one is
            only right where the graph does not depend on it (catalogue: period).
    """
    by_layer: list[tuple[str, int]] = []
    uncounted: list[str] = []
    for step in _steps(model, resolution):
        macs, unknown = _step_macs(step)
        if macs or formulas.charged(step):
            by_layer.append((step.name, macs))
        uncounted += [f"{step.name} ({step.kind})"] if unknown else []
    return MacsCount(
        sum(macs for _, macs in by_layer), tuple(by_layer), tuple(uncounted)
    )


def layer_shapes(
    model: keras.Model, resolution: int | None = None
) -> Iterator[tuple[keras.Layer, Shape, Shape]]:
    """(layer, input shape, output shape) of every call of a layer, in graph order."""
    for step in _steps(model, resolution):
        yield step.operation, step.source, step.target


def _steps(model: keras.Model, resolution: int | None) -> list[Step]:
    return steps(model) if resolution is None else Fitting(model).at(resolution)


def _step_macs(step: Step) -> tuple[int, bool]:
    """(multiply-accumulates, whether something in it could not be counted)."""
    formula = formulas.of(step)
    if formula is not None:
        sized = not any(None in shape[1:] for shape in (*step.sources, step.target))
        return (formula(step), False) if sized else (0, True)
    if formulas.free(step):
        return 0, False
    if standard(step.operation) and not isinstance(step.operation, keras.Layer):
        return 0, True
    opened = inside(step)
    return _sum(opened) if opened is not None else (0, True)


def _sum(opened: Iterable[Step]) -> tuple[int, bool]:
    counted = [_step_macs(step) for step in opened]
    return sum(macs for macs, _ in counted), any(unknown for _, unknown in counted)
