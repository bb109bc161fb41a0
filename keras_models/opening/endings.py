"""What a value of a model ends in: its output followed back to what made it."""

from collections.abc import Mapping

import keras

from keras_models.graphs.calls import Call, Calls

# What leaves the order and the meaning of scores as they are, at inference.
_PASSED = frozenset(
    [
        "ActivityRegularization",
        "AlphaDropout",
        "Cast",
        "Copy",
        "Dropout",
        "ExpandDims",
        "Flatten",
        "GaussianDropout",
        "GaussianNoise",
        "Identity",
        "Masking",
        "Ravel",
        "Reshape",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "Squeeze",
        "StopGradient",
        "Transpose",
        "Permute",
    ]
)
# Scores stay logits through these, where all that enters is.
_LINEAR = frozenset(
    [
        "Add",
        "Average",
        "AveragePooling2D",
        "BatchNormalization",
        "Concatenate",
        "Divide",
        "GlobalAveragePooling2D",
        "Mean",
        "Multiply",
        "Negative",
        "Rescaling",
        "Subtract",
        "TrueDivide",
    ]
)


def made_by(calls: Calls, output: int) -> dict[str, Call]:
    """Activations that a value ends in, each with a call that applies it."""
    makers: dict[str, Call] = {}
    _follow(calls, output, makers, set())
    return makers


def _follow(calls: Calls, number: int, makers: dict[str, Call], seen: set[int]) -> None:
    call = calls.made(number)
    if call is None or number in seen:
        return
    seen.add(number)
    word = _activation(call)
    if word == "passed":
        for source in call.inputs:
            _follow(calls, source, makers, seen)
    else:
        makers.setdefault(word, call)


def _activation(call: Call) -> str:
    if call.kind in _PASSED or call.kind in _LINEAR:
        return "passed"
    if call.kind in ("Softmax", "LogSoftmax", "Sigmoid", "HardSigmoid"):
        return {"LogSoftmax": "log_softmax", "HardSigmoid": "hard_sigmoid"}.get(
            call.kind, call.kind.lower()
        )
    activation = getattr(call.operation, "activation", None)
    if activation in (None, keras.activations.linear):
        if call.kind == "Activation":
            return "passed"
        return "linear" if _weighs(call) else call.kind
    return str(getattr(activation, "__name__", type(activation).__name__))


def _weighs(call: Call) -> bool:
    """Whether it is a layer of weights, whose plain outputs are logits."""
    return bool(getattr(call.operation, "weights", None)) or call.kind in (
        "MatMul",
        "Einsum",
        "Dot",
    )


def named(words: Mapping[str, Call]) -> str:
    """Activations and their layers, for a message."""
    if not words:
        return "the pictures themselves"
    return " and ".join(
        f"{word} (layer {call.operation.name})" for word, call in words.items()
    )
