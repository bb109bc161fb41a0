"""A model of half precision as a float32 copy: what is measured and converted."""

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import ModelError
from keras_models.graphs.calls import calls
from keras_models.graphs.derived_state import renew_derived_state

_FLOAT32 = "float32"
# Largest difference of a score that a precision explains, over many layers.
_EXPLAINED = {"bfloat16": 0.2, "float16": 0.05, "float64": 1e-3}


def as_float32(model: keras.Model) -> keras.Model:
    """The model itself where it computes in float32, else its copy that does.

    Raises:
        InputError: quantised weights, or layers that cannot be copied.
    """
    for name in _policies(model):
        if any(word in name for word in ("int8", "int4", "float8")):
            raise ModelError.of(
                model.name,
                f"its layers are quantised ({name})",
                "",
                "Give the float model, as it was before model.quantize(); `reswise "
                "convert` makes the int8 file of it.",
            )
    return _copy(model) if _other(model) else model


def precision_remark(model: keras.Model, difference: float) -> str:
    """What the reader of a table must know of a copy.

    Args:
        difference: largest of a score, copy against model, on random pictures.
    Raises:
        InputError: more than the model's precision explains.
    """
    named = " and ".join(_other(model))
    most = max(most for name, most in _EXPLAINED.items() if name in named)
    if not difference <= most:
        raise ModelError.of(
            model.name,
            f"its float32 copy gives scores that differ by {difference:.2g}; {named} "
            f"explains {most:g}",
            "",
            "Save it after keras.config.set_dtype_policy('float32') and building it "
            "anew.",
        )
    return (
        f"float32 copy of a {named} model (scores differ by at most {difference:.1g} "
        "on random pictures)"
    )


def _policies(model: keras.Model) -> list[str]:
    """Names of the precisions of its layers, each once."""
    operations = [call.operation for call in calls(model).calls]
    policies = [getattr(operation, "dtype_policy", None) for operation in operations]
    return list(dict.fromkeys(policy.name for policy in policies if policy))


def _other(model: keras.Model) -> list[str]:
    """What in it is no float32: policies, and the types of inputs."""
    declared = [str(tensor.dtype) for tensor in model.inputs]
    named = [*_policies(model), *declared]
    return list(
        dict.fromkeys(name for name in named if any(one in name for one in _EXPLAINED))
    )


def _copy(model: keras.Model) -> keras.Model:
    config = _as_float32(keras.saving.serialize_keras_object(model))
    try:
        copy = keras.saving.deserialize_keras_object(config, safe_mode=False)
        copy.set_weights([np.asarray(value, np.float32) for value in _tensors(model)])
    except Exception as error:  # a layer of the user's may raise anything
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError.of(
            model.name,
            f"cannot be copied to float32 ({first_line})",
            "",
            "Save it after keras.config.set_dtype_policy('float32').",
        ) from error
    renew_derived_state(copy)
    return copy


def _tensors(model: keras.Model) -> list[NDArray[np.float32]]:
    return [
        np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(value, _FLOAT32)))
        for value in model.weights
    ]


def _as_float32(value: object) -> object:
    """A configuration with every float precision replaced; numbers of a Cast too."""
    if isinstance(value, dict):
        if value.get("class_name") in ("DTypePolicy", "Policy"):
            return _FLOAT32
        return {key: _as_float32(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_as_float32(item) for item in value)
    return _FLOAT32 if value in ("float16", "bfloat16", "float64") else value
