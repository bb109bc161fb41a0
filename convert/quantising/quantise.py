"""A float32 file -> one by another recipe, by litert-quantizer or TensorFlow."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert import tflite_graph
from convert.quantising.corrections import Rounded, corrected
from convert.quantising.ranges import Seen
from convert.quantising.recipes import Recipe
from datasets.errors import InputError
from keras_models.framework import silent

QUANTISERS = ("litert", "tensorflow")
# What makes scores of the last dense layer's outputs.
_SCORING = (
    "ADD", "CONCATENATION", "LOGISTIC", "MUL", "RESHAPE", "SOFTMAX", "SUB",
)  # fmt: skip
_PACKAGE = {"litert": "litert-quantizer", "tensorflow": "tensorflow"}


@dataclass(frozen=True, eq=False, kw_only=True)
class FloatRung:
    """What quantisation starts from: one rung."""

    content: bytes  # the float32 file
    signature: str
    images: NDArray[np.float32] | None  # (n, R, R, 3) as the file takes them
    seen: Seen | None  # of these images
    rounding: Rounded | None = None  # of weights to int8; None: to the nearest step
    pixels: tuple[float, float] | None = None  # what the file takes of black, of white


def quantiser_version(quantiser: str) -> str:
    """Such as "litert-quantizer 0.11.0".

    Raises:
        InputError: it is not installed.
    """
    package = _PACKAGE[quantiser]
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        raise InputError(
            "quantiser",
            quantiser,
            "",
            "Install it, or use "
            f"`quantiser={QUANTISERS[1 - QUANTISERS.index(quantiser)]}`.",
            fault=f"{package} is not installed",
        ) from None


def with_litert(
    rung: FloatRung, recipe: Recipe, raised: frozenset[str] = frozenset()
) -> bytes:
    """By litert-quantizer, which needs no TensorFlow; weights are corrected first.

    Args:
        raised: names of outputs whose operations have float activations all the same.
    """
    content = rung.content
    if recipe.weights == "float32":
        return content
    if rung.seen:
        seen, rounding = rung.seen, rung.rounding
        content = corrected(content, seen, recipe.weights, rounding, raised)
    from litert_quantizer import quantizer

    work: Any = quantizer.Quantizer(bytearray(content))
    _configure(work, recipe)
    if recipe.static and recipe.input_output == "float32":
        _leave_last_in_float(work, content)
        if recipe.activations == "int16":
            _leave_first_in_float(work, content)
    if raised:
        _raise(work, content, raised)
    ranges = _ranges(rung.seen) if recipe.static and rung.seen else None
    if ranges is not None and recipe.input_output == "int8" and rung.pixels:
        _widen(ranges[tflite_graph.IMAGE], rung.pixels)
    with silent(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numpy, where dead channels overflow
        result = work.quantize(ranges, enable_progress_report=False)
    return tflite_graph.named(bytes(result.quantized_model), rung.signature)


def _configure(work: Any, recipe: Recipe) -> None:
    from litert_quantizer import qtyping
    from litert_quantizer.quantizer import AlgorithmName

    operators = qtyping.TFLOperationName
    every = (".*", operators.ALL_SUPPORTED)
    if recipe.weights == "float16":
        work.add_weight_only_config(
            *every, 16, algorithm_key=AlgorithmName.FLOAT_CASTING
        )
        # few weights, most of the error: five sixths of its variance in mobilenet_v2,
        # for 0.13 MB more of 7.1
        work.update_quantization_recipe(
            ".*",
            operators.DEPTHWISE_CONV_2D,
            algorithm_key=AlgorithmName.NO_QUANTIZE,
        )
    elif recipe.dynamic:
        work.add_dynamic_config(*every, 8)
        # XNNPACK has no dynamic depthwise kernel: leaving those layers to it in float32
        # keeps the graph in one piece, 3.6 times faster for mobilenet_v2@224
        work.add_weight_only_config(".*", operators.DEPTHWISE_CONV_2D, 8)
    else:
        work.add_static_config(*every, 16 if recipe.activations == "int16" else 8, 8)
    if recipe.static and recipe.input_output == "float32":
        # the softmax too stays in float32: scores in steps of 1/256 are often equal
        for operator in (operators.INPUT, operators.OUTPUT, operators.SOFTMAX):
            work.update_quantization_recipe(
                ".*", operator, algorithm_key=AlgorithmName.NO_QUANTIZE
            )


def _leave_last_in_float(work: Any, content: bytes) -> None:
    """The dense layer in front of the scores keeps int8 weights, and gives float32.

    Steps as wide as a range of 50 asks for make the largest scores equal: a third of
    the error of mobilenet_v2@160. What makes scores of it stays in float32 too: in
    steps of 1/256 they are often equal, and 1 - p of one unit has no int16 kernel.
    """
    from litert_quantizer import qtyping
    from litert_quantizer.quantizer import AlgorithmName

    model = tflite_graph.read(content)
    tail, last = _scoring(model)
    for operator in tail:
        work.update_quantization_recipe(
            _exactly(model, operator),
            qtyping.TFLOperationName(tflite_graph.operator_name(model, operator)),
            algorithm_key=AlgorithmName.NO_QUANTIZE,
        )
    if last is not None:
        dense = qtyping.TFLOperationName.FULLY_CONNECTED
        work.add_dynamic_config(_exactly(model, last), dense, 8)


def float_outputs(content: bytes) -> frozenset[str]:
    """Names of outputs that a static recipe with float scores leaves in float32."""
    model = tflite_graph.read(content)
    tail, last = _scoring(model)
    graph = model.subgraphs[0]
    kept = [*tail, *([] if last is None else [last])]
    kept += [
        operator
        for operator in graph.operators
        if tflite_graph.operator_name(model, operator) == "SOFTMAX"
    ]
    return frozenset(tflite_graph.tensor_name(graph, one.outputs[0]) for one in kept)


def _raise(work: Any, content: bytes, raised: frozenset[str]) -> None:
    """Activations in float32, which layers of int8 weights quantise as they come.

    A depthwise layer's weights stay float32 too, for XNNPACK has no dynamic kernel of
    it, and they are few: 0.26 of the error became 0.22 in mobilenet_v2@96.
    """
    from litert_quantizer import qtyping
    from litert_quantizer.quantizer import AlgorithmName

    model = tflite_graph.read(content)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        if tflite_graph.tensor_name(graph, operator.outputs[0]) not in raised:
            continue
        name = tflite_graph.operator_name(model, operator)
        if name in ("CONV_2D", "FULLY_CONNECTED"):
            kind = qtyping.TFLOperationName(name)
            work.add_dynamic_config(_exactly(model, operator), kind, 8)
        elif name in qtyping.TFLOperationName.__members__:
            work.update_quantization_recipe(
                _exactly(model, operator),
                qtyping.TFLOperationName(name),
                algorithm_key=AlgorithmName.NO_QUANTIZE,
            )


def _leave_first_in_float(work: Any, content: bytes) -> None:
    """Arithmetic on pixels, such as a model's own Rescaling: int16 has no kernel of it.

    Its sums want scales that are close to each other, those of 0..255 and 1 are not.
    """
    from litert_quantizer import qtyping
    from litert_quantizer.quantizer import AlgorithmName

    model = tflite_graph.read(content)
    graph = model.subgraphs[0]
    tensor = int(graph.inputs[0])
    while True:
        readers = [one for one in graph.operators if tensor in list(one.inputs)]
        if len(readers) != 1:
            return
        name = tflite_graph.operator_name(model, readers[0])
        if name not in ("ADD", "MUL", "SUB", "DIV"):
            return
        work.update_quantization_recipe(
            _exactly(model, readers[0]),
            qtyping.TFLOperationName(name),
            algorithm_key=AlgorithmName.NO_QUANTIZE,
        )
        tensor = int(readers[0].outputs[0])


def _exactly(model: Any, operator: Any) -> str:
    name = tflite_graph.tensor_name(model.subgraphs[0], operator.outputs[0])
    return f"^{re.escape(name)};?$"


def _scoring(model: Any) -> tuple[list[Any], Any]:
    """(operators behind the dense layer that the scores are made of, that layer).

    ([], None): the scores are made otherwise.
    """
    graph = model.subgraphs[0]
    made = {int(one.outputs[0]): one for one in graph.operators}
    tail: dict[int, Any] = {}
    ahead, last = [int(graph.outputs[0])], None
    while ahead:
        tensor = ahead.pop()
        if (operator := made.get(tensor)) is None or tensor in tail:
            continue  # a constant
        name = tflite_graph.operator_name(model, operator)
        if name == "FULLY_CONNECTED" and last in (None, operator):
            last = operator
        elif name in _SCORING:
            tail[tensor] = operator
            ahead += [int(one) for one in operator.inputs if one >= 0]
        else:
            return [], None
    return list(tail.values()), last


def _ranges(seen: Seen) -> dict[str, dict[str, NDArray[np.float32]]]:
    """As `seen` has them, for all images together.

    litert-quantizer's own calibration keeps a moving average of them, which cuts off
    what few images reach: 46 % top-1 agreement instead of 85 % for mobilenet_v2@96.
    """
    return {
        name: {
            "min": np.full((1, 1, 1, 1), seen.low[name], np.float32),
            "max": np.full((1, 1, 1, 1), seen.high[name], np.float32),
        }
        for name in seen.low
    }


def _widen(found: dict[str, NDArray[np.float32]], pixels: tuple[float, float]) -> None:
    """An input of integers holds every pixel, whatever calibration images had."""
    found["min"] = np.minimum(found["min"], np.float32(pixels[0]))
    found["max"] = np.maximum(found["max"], np.float32(pixels[1]))


def with_tensorflow(rung: FloatRung, recipe: Recipe, model: keras.Model) -> bytes:
    """By TensorFlow's converter, from the Keras model that the float file was made of.

    Args:
        model: with a fixed batch of 1, taking what the file takes.
    """
    import tensorflow as tf

    converter: Any = tf.lite.TFLiteConverter.from_keras_model(model)
    if recipe.weights != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if recipe.weights == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if recipe.static:
        converter.representative_dataset = lambda: _one_by_one(rung)
        converter.target_spec.supported_ops = [_kernels(tf, recipe)]
    if recipe.input_output == "int8":
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    with silent(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # statistics of shapes, unasked
        content = bytes(converter.convert())
    return tflite_graph.named(content, rung.signature)


def _kernels(tf: Any, recipe: Recipe) -> Any:
    if recipe.activations == "int16":
        sets = tf.lite.OpsSet
        return sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    return tf.lite.OpsSet.TFLITE_BUILTINS_INT8


def _one_by_one(rung: FloatRung) -> Iterator[list[NDArray[np.float32]]]:
    for image in rung.images if rung.images is not None else ():
        yield [image[None]]
