"""Scales, options and shapes of a .tflite that do not go together: a line for each."""

from collections.abc import Callable

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from convert.untrusted.tflite_file import read_tflite
from datasets.errors import InputError
from tests.convert.tiny_tflite import (
    INT8,
    Maker,
    _code,
    _operation,
    _tensor,
    classifier,
    convolutional,
)

Change = Callable[[Maker], object]
CONVOLUTION = 0  # its place among the operations of `convolutional`
MAP = 7  # the tensor that it gives


def _options(**facts: int) -> Change:
    def change(maker: Maker) -> None:
        options = maker.model.subgraphs[0].operators[CONVOLUTION].builtinOptions
        for name, value in facts.items():
            setattr(options, name, value)

    return change


def _shape(tensor: int, *shape: int) -> Change:
    def change(maker: Maker) -> None:
        held = maker.model.subgraphs[0].tensors[tensor]
        held.shape, held.buffer = np.array(shape, np.int32), 0

    return change


def _bare(maker: Maker) -> None:
    operation = maker.model.subgraphs[0].operators[CONVOLUTION]
    operation.builtinOptions, operation.builtinOptionsType = None, 0


def _alone(maker: Maker) -> None:
    maker.model.subgraphs[0].operators[CONVOLUTION].inputs = [0]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (_options(strideH=0), "CONV_2D has a stride of 0 x 2"),
        (_options(strideW=-1), "CONV_2D has a stride of 2 x -1"),
        (_options(dilationWFactor=0), "CONV_2D has a dilation of 1 x 0"),
        (_options(strideW=2**31 - 1), "CONV_2D has a stride of 2 x 2147483647"),
        (_options(padding=7), "CONV_2D has a padding of the unknown kind 7"),
        (_options(padding=1), "has an output of shape (1, 4, 4, 4); expected (1, 3, 3"),
        (_shape(MAP, 1, 9, 4, 4), "(1, 9, 4, 4); expected (1, 4, 4, 4)"),
        (_shape(8, 4, 3, 3, 2), "an input of shape (1, 8, 8, 3) for a kernel of"),
        (_shape(8, 4, 3, 3), "for a kernel of (4, 3, 3)"),
        (_shape(8, 4, 3, 3, 0), "for a kernel of (4, 3, 3, 0)"),
        (_shape(9, 40), "CONV_2D has a bias of shape (40,) for 4 channels"),
        (_shape(6, 1, 50), "SOFTMAX has an output of shape (1, 50); expected (1, 5)"),
        (_shape(2, 1, 7), "FULLY_CONNECTED has an input of shape (1, 7) for weights"),
        (_bare, "CONV_2D has options of the kind 0; expected 1"),
        (_alone, "CONV_2D has 1 inputs, 1 outputs; expected 2 to 3, and 1"),
    ],
)
def test_options_and_shapes_that_do_not_fit(change: Change, line: str) -> None:
    maker = convolutional(8)
    read_tflite(maker.packed(), "x.tflite")
    change(maker)
    with pytest.raises(InputError) as refusal:
        read_tflite(maker.packed(), "x.tflite")
    assert line in str(refusal.value)


NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("scales", "zeros", "axis", "line"),
    [
        ([NAN], [0], 0, "the scale nan"),
        ([INFINITE], [0], 0, "the scale inf"),
        ([-0.02], [0], 0, "the scale -0.02"),
        ([1e-40], [0], 0, "the scale 9.99995e-41"),
        ([0.02], [200], 0, "the zero point 200, outside its type's -128..127"),
        ([0.02], [-(2**40)], 0, "the zero point -1099511627776"),
        ([0.02], [0, 0], 0, "1 scales and 2 zero points"),
        ([0.02] * 4, [0] * 4, 0, "4 scales for 5 channels"),
        ([0.02] * 5, [0] * 5, 2, "a scale for each channel of its dimension 2, of 2"),
        ([0.02] * 5, [0] * 5, -1, "of its dimension -1"),
        ([0.02] * 3, [0] * 3, 1, "3 scales of weights for 5 channels"),
        ([2.0**50], [0], 0, "FULLY_CONNECTED has a multiplier of"),
        ([0.5], [0], 0, "a bias of scale 0.00015625 where input and weights give"),
    ],
)
def test_weights_quantised_as_nothing_can_be(
    scales: list[float], zeros: list[int], axis: int, line: str
) -> None:
    maker = classifier((8,), dtype="int8")
    read_tflite(maker.packed(), "x.tflite")
    quantised = maker.model.subgraphs[0].tensors[3].quantization
    quantised.scale, quantised.zeroPoint = scales, zeros
    quantised.quantizedDimension = axis
    with pytest.raises(InputError) as refusal:
        read_tflite(maker.packed(), "x.tflite")
    assert line in str(refusal.value)


def _added(scale: float, shape: tuple[int, ...] = (1, 5)) -> bytes:
    """The dense layer's output added to itself, at this scale."""
    maker = classifier((8,), dtype="int8")
    graph = maker.model.subgraphs[0]
    maker.model.operatorCodes.append(_code(0))
    graph.tensors.append(_tensor("twice", INT8, shape, 0, (scale, 0)))
    twice = _operation(3, [5, 5], 7, 11, schema.AddOptionsT())
    graph.operators.insert(2, twice)
    graph.operators[3].inputs = [7]
    return maker.packed()


def test_a_sum_has_room_for_its_terms() -> None:
    """LiteRT ends the process where the multiplier of a sum is not below 1."""
    read_tflite(_added(0.2), "x")
    with pytest.raises(InputError, match="operation ADD has a multiplier of 19"):
        read_tflite(_added(1e-8), "x")
    with pytest.raises(InputError, match="ADD has an output of shape"):
        read_tflite(_added(0.2, (5, 5)), "x")


def test_a_channel_of_zeros_may_have_the_scale_0() -> None:
    maker = classifier((8,), dtype="int8")
    tensors = maker.model.subgraphs[0].tensors
    tensors[3].quantization.scale = [0.02, 0.0, 0.02, 0.02, 0.02]
    tensors[3].quantization.zeroPoint = [0] * 5
    tensors[4].quantization = None
    read_tflite(maker.packed(), "x")
    tensors[2].quantization.scale = [0.0]  # of what is computed
    with pytest.raises(InputError, match="the scale 0"):
        read_tflite(maker.packed(), "x")


def test_what_a_file_leaves_open_is_for_the_runtime() -> None:
    read_tflite(convolutional(None).packed(), "x")
