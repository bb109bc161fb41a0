"""Keras -> the float32 .tflite of each rung, with named ends and a fixed batch of 1.

One conversion serves every resolution whose graph is the same: LiteRT works out the
shapes of all tensors at another size, and they are written into a copy, which gives the
same bits as a conversion of its own in a tenth of the time (WORKSPACE.md). Either way
the file is held against Keras before it is used.
"""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert import tflite_graph
from convert.image_input import entrance, taking_rgb
from convert.running import Runner
from datasets.errors import ModelError
from keras_models.framework import silent
from keras_models.normalisation import normalise
from keras_models.pretrained import ConvertsAs, Pretrained
from keras_models.scoring.engines import AGREEMENT, float_flatbuffer

_CHECKED = 2  # made-up pictures
_PATCH = 8  # pixels of one colour: noise of single pixels would average out


def signature_name(resolution: int) -> str:
    """How a file calls the rung: resolution_160."""
    return f"resolution_{resolution}"


class FloatFiles:
    """The float32 files of one model."""

    def __init__(self, source: Pretrained) -> None:
        self._source = source
        self._converted: list[tuple[ConvertsAs, bytes]] = []

    def know(self, resolution: int, content: bytes) -> None:
        """A file that `at` gave before, in another run."""
        same = self._source.converts_as(resolution, self._source.at(resolution))
        self._converted.append((same, content))

    def at(self, resolution: int) -> bytes:
        """The file of one rung.

        Raises:
            InputError: its scores are not Keras's.
        """
        model = self._source.at(resolution)
        wanted = self._source.converts_as(resolution, model)
        for known, content in self._converted:
            if known == wanted:
                resized = at_resolution(content, resolution)
                if resized and self._serves(resized, model):
                    return resized
        content = self._convert(model)
        self._converted.append((wanted, content))
        return content

    def _serves(self, content: bytes, model: keras.Model) -> bool:
        """Whether a file of another resolution runs here, and as Keras does."""
        try:
            return self._difference(content, model) <= AGREEMENT
        except (RuntimeError, ValueError):  # sizes that its conversion made constants
            return False

    def _convert(self, model: keras.Model) -> bytes:
        resolution = int(model.inputs[0].shape[1])
        with taking_rgb(model, self._source.normalisation) as fixed:
            content = float_flatbuffer(fixed)
        content = tflite_graph.named(content, signature_name(resolution))
        difference = self._difference(content, model)
        if not difference <= AGREEMENT:
            raise ModelError.of(
                f"{self._source.name}@{resolution}",
                f"scores of the float32 .tflite differ by {difference:.2g} from "
                "Keras's",
                f"at most {AGREEMENT:g}",
                "This model's graph does not convert faithfully.",
            )
        return content

    def _difference(self, content: bytes, model: keras.Model) -> float:
        """Largest difference of a score from Keras's; natively, from the user's own."""
        resolution = int(model.inputs[0].shape[1])
        pixels = _made_up(resolution)
        runner = Runner(content, signature_name(resolution))
        taken = entrance(self._source.normalisation).images(pixels)
        own = np.stack([runner.scores(image) for image in taken])
        given = normalise(pixels, self._source.normalisation)
        if self._source.user is not None and resolution == self._source.native:
            parent = self._source.own_scores(given)
        else:
            parent = np.asarray(model(given, training=False), np.float32)
        return float(np.abs(own - parent).max())


def _made_up(resolution: int) -> NDArray[np.float32]:
    generator = np.random.default_rng(0)
    patches = -(-resolution // _PATCH)
    coarse = generator.integers(0, 256, (_CHECKED, patches, patches, 3))
    fine = coarse.repeat(_PATCH, 1).repeat(_PATCH, 2)[:, :resolution, :resolution]
    return np.asarray(fine, np.float32)


def at_resolution(content: bytes, resolution: int) -> bytes | None:
    """A float file at another resolution, or None where its graph fits no other."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    with silent():
        interpreter: Any = Interpreter(
            model_content=content, experimental_op_resolver_type=plain
        )
        index = interpreter.get_input_details()[0]["index"]
        try:
            shape = [1, resolution, resolution, 3]
            interpreter.resize_tensor_input(index, shape, strict=False)
            interpreter.allocate_tensors()
        except (RuntimeError, ValueError):
            return None
    model = tflite_graph.read(content)
    details = {one["index"]: one["shape"] for one in interpreter.get_tensor_details()}
    for place, tensor in enumerate(model.subgraphs[0].tensors):
        tensor.shape = np.asarray(details.get(place, tensor.shape), np.int32)
    tflite_graph.name(model, signature_name(resolution))
    return tflite_graph.write(model)
