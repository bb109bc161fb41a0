"""A model of half precision as a float32 copy: what is measured and converted."""

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError
from keras_models.calls import calls
from keras_models.derived_state import renew_derived_state

_FLOAT32 = "float32"
# Largest difference of a score that a precision explains, over some layers.
_EXPLAINED = {"float16": 0.05, "bfloat16": 0.2, "float64": 1e-3}


def as_float32(model: keras.Model) -> tuple[keras.Model, tuple[str, ...]]:
    """(the model, or its copy in float32; what the reader of a table must know).

    Raises:
        InputError: quantised weights, or layers that cannot be copied.
    """
    policies = {
        policy.name: policy
        for policy in map(_policy, _layers(model))
        if policy is not None and not _is_float32(policy)
    }
    for name in policies:
        if "int8" in name or "int4" in name or "float8" in name:
            raise InputError(
                f"{model.name}: its layers are quantised ({name}). Give the float "
                "model, as it was before model.quantize(); `reswise convert` makes "
                "the int8 file of it."
            )
    declared = {str(tensor.dtype) for tensor in model.inputs} & set(_EXPLAINED)
    if not policies and not declared:
        return model, ()
    named = ", ".join(policies) or f"{', '.join(declared)} input"
    copy = _copy(model)
    return copy, (f"float32 copy of a {named} model",)


def _copy(model: keras.Model) -> keras.Model:
    config = _as_float32(keras.saving.serialize_keras_object(model))
    try:
        copy = keras.saving.deserialize_keras_object(config, safe_mode=False)
        copy.set_weights([np.asarray(value, np.float32) for value in _tensors(model)])
    except Exception as error:  # a layer of the user's may raise anything
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"{model.name}: cannot be copied to float32 ({first_line}). Save it after "
            "keras.config.set_dtype_policy('float32')."
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


def _layers(model: keras.Model) -> list[object]:
    return [call.operation for call in calls(model).calls]


def _policy(operation: object) -> keras.DTypePolicy | None:
    return getattr(operation, "dtype_policy", None)


def _is_float32(policy: keras.DTypePolicy) -> bool:
    names = (policy.compute_dtype, policy.variable_dtype)
    return all(name == _FLOAT32 or "int" in name for name in names)
