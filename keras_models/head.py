"""The last dense layer of a classifier, found by following its scores back.

Whatever stands between that layer and the scores, and however deep it lies in nested
models: the only layer with weights that the scores lead back to first is the head, and
what feeds it are the features. Whether scores are a softmax of it is not read off the
graph but tried: scores computed from features and head must be the model's own.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from datasets.errors import InputError, ModelError
from keras_models.head_fit import Head
from keras_models.normalisation import normalise

_AGREE = 1e-4  # of a score, own against the model's
_TRIED = 4  # made-up pictures


@dataclass(frozen=True)
class Split:
    """A classifier as what comes before its last dense layer, and that layer."""

    features: keras.Model  # images -> (n, d)
    layer: keras.layers.Layer  # shared with the whole model

    @property
    def head(self) -> Head:
        """Its values now."""
        kernel = np.asarray(self.layer.kernel, np.float32)
        bias = self.layer.bias
        return Head(
            kernel.reshape(-1, kernel.shape[-1]),  # of a 1x1 convolution too
            None if bias is None else np.asarray(bias, np.float32),
        )

    def places(self, model: keras.Model) -> tuple[int, ...]:
        """Of its kernel, and bias if it has one, in the model's `get_weights`."""
        own = [v for v in (self.layer.kernel, self.layer.bias) if v is not None]
        known = [id(variable) for variable in model.weights]
        return tuple(known.index(id(variable)) for variable in own)


def split(model: keras.Model, normalisation: str = "none") -> Split:
    """Parts a classifier before its last dense layer.

    Args:
        normalisation: how pixels enter, for the pictures that it is tried on.
    Raises:
        InputError: the scores do not come from one dense layer by a softmax.
    """
    layer, features = _followed(model)
    depth = int(layer.kernel.shape[-2])
    flat = keras.layers.Reshape((depth,))(features) if len(features.shape) > 2 else None
    inner = keras.Model(model.inputs[0], features if flat is None else flat)
    parted = Split(inner, layer)
    _try(model, parted, normalisation)
    return parted


def _followed(model: keras.Model) -> tuple[Any, Any]:
    """(the layer, the tensor that feeds it, computed from the model's own input)."""
    node = _last_with_weights(model)
    layer, fed = node.operation, node.arguments.keras_tensors
    if len(fed) == 1 and isinstance(layer, keras.Model):
        inner, features = _followed(layer)
        return inner, keras.Model(layer.inputs[0], features)(fed[0], training=False)
    if len(fed) != 1 or not _is_dense(layer, fed[0]):
        raise _refusal(model, f"{layer.name} ({type(layer).__name__}) comes last")
    return layer, fed[0]


def _last_with_weights(model: keras.Model) -> Any:
    tensors, seen, nodes = list(model.outputs), set[int](), []
    while tensors:
        operation, index, _ = tensors.pop()._keras_history
        node = operation._inbound_nodes[index]
        if id(node) in seen:
            continue
        seen.add(id(node))
        if getattr(operation, "weights", None):
            nodes.append(node)
        else:
            tensors += node.arguments.keras_tensors
    if len(nodes) != 1:
        names = ", ".join(sorted(node.operation.name for node in nodes)) or "none"
        raise _refusal(model, f"the scores come from these layers: {names}")
    return nodes[0]


def _is_dense(layer: Any, fed: Any) -> bool:
    if isinstance(layer, keras.layers.Dense):
        return True
    pointwise = isinstance(layer, keras.layers.Conv2D) and layer.kernel_size == (1, 1)
    return pointwise and tuple(fed.shape[1:-1]) == (1, 1)


def _refusal(model: keras.Model, why: str) -> InputError:
    return ModelError.of(
        model.name,
        f"no last dense layer to fit: {why}",
        "scores that are a softmax (or one sigmoid) of one Dense layer",
        "`tensors=norms` tunes batch norm instead.",
    )


def _try(model: keras.Model, parted: Split, normalisation: str) -> None:
    resolution = int(model.inputs[0].shape[1])
    pixels = np.random.default_rng(0).integers(
        0, 256, (_TRIED, resolution, resolution, 3)
    )
    images = normalise(pixels.astype(np.uint8), normalisation)
    features = np.asarray(parted.features(images, training=False))
    if features.ndim != 2 or features.shape[1] != parted.head.kernel.shape[0]:
        raise _refusal(model, f"{parted.layer.name} gets {features.shape[1:]}")
    own = np.exp(parted.head.log_scores(features))
    scores = np.asarray(model(images, training=False))
    if own.shape != scores.shape or not np.abs(own - scores).max() <= _AGREE:
        raise _refusal(
            model, f"the scores are not the softmax of {parted.layer.name} alone"
        )
