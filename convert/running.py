"""One signature of a .tflite: real numbers in, real numbers out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.manifest import Tensor
from convert.score_kinds import LOGITS, ONE_LOGIT, PROBABILITIES
from keras_models.framework import silent

Float32s = NDArray[np.float32]


class Runner:
    """Runs a signature image by image; quantises and back where its ends are integers.

    Args:
        content: of the file.
        signature: its name, such as resolution_160.
    """

    def __init__(self, content: bytes, signature: str, threads: int = 2) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with silent():  # LiteRT names its delegate on standard error
            self._interpreter: Any = Interpreter(
                model_content=content, num_threads=threads
            )
            self._run: Any = self._interpreter.get_signature_runner(signature)
            self.input = _only(self._run.get_input_details())
            self.output = _only(self._run.get_output_details())
            self.scores(np.zeros(self.input.shape[1:], np.float32))  # names it here

    def scores(self, image: Float32s) -> Float32s:
        """(R, R, 3) as the file takes it -> (classes,)."""
        stored = quantised(image[None], self.input)
        answer = self._run(**{self.input.name: stored})[self.output.name]
        return dequantised(np.asarray(answer)[0], self.output)


def quantised(reals: Float32s, tensor: Tensor) -> NDArray[Any]:
    """Real values as a tensor stores them: halves to even, clipped to its range."""
    if tensor.scale == 0:
        return np.asarray(reals, tensor.dtype)
    limits = np.iinfo(tensor.dtype)
    steps = np.rint(reals / np.float32(tensor.scale)) + tensor.zero_point
    return np.asarray(np.clip(steps, limits.min, limits.max), tensor.dtype)


def dequantised(stored: NDArray[Any], tensor: Tensor) -> Float32s:
    """Stored values as real ones."""
    if tensor.scale == 0:
        return stored.astype(np.float32)
    steps = stored.astype(np.float32) - np.float32(tensor.zero_point)
    return np.asarray(steps * np.float32(tensor.scale), np.float32)


def probabilities(outputs: Float32s, kind: str) -> Float32s:
    """(n, outputs) as dequantised -> (n, classes); one unit is two classes."""
    if kind == PROBABILITIES:
        return outputs
    wide = outputs.astype(np.float64)
    if kind == LOGITS:
        raised = np.exp(wide - wide.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)
    if kind == ONE_LOGIT:
        with np.errstate(
            over="ignore"
        ):  # of an infinity: 1 / inf is the 0 it should be
            wide = 1 / (1 + np.exp(-wide))
    second = np.clip(wide, 0, 1)
    return np.asarray(np.concatenate([1 - second, second], axis=1), np.float32)


def tensor(name: str, details: Any) -> Tensor:
    """A tensor of the manifest, from what LiteRT says of one."""
    scale, zero_point = details["quantization"]
    return Tensor(
        name=name,
        dtype=np.dtype(details["dtype"]).name,
        shape=tuple(int(resolution) for resolution in details["shape"]),
        scale=float(scale),
        zero_point=int(zero_point),
    )


def _only(details: dict[str, Any]) -> Tensor:
    (name, facts), *_ = details.items()
    return tensor(name, facts)
