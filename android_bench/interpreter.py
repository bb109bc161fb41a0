"""Scores of a bundle's rungs by LiteRT's Python interpreter, on this machine."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from android_bench.inputs import LOOK_FILE, Inputs, tensor_file
from android_bench.tensors import Float32s, Stored
from convert.manifest import Look, Manifest, Rung
from convert.running import dequantised, probabilities
from datasets.errors import BundleError
from datasets.progress import progress
from keras_models.framework import silent


def rung_scores(bundle: Path, rung: Rung, inputs: Inputs) -> Float32s:
    """(n, classes) of the packed images, dequantised and read as the runner does."""
    images = inputs.read(tensor_file(rung))
    outputs = _outputs(bundle, rung, images, f"{rung.rung} on this machine, images")
    return probabilities(outputs, rung.scores)


def look_chances(bundle: Path, manifest: Manifest, inputs: Inputs) -> Float32s:
    """(n, rungs of the ladder) of the packed thumbnails.

    Raises:
        InputError: the bundle has no learned selector as a .tflite.
    """
    if manifest.look is None:
        raise BundleError.of(
            "the bundle's selector",
            "learned, and the bundle holds no .tflite of it",
            "",
            "Convert it again.",
        )
    thumbnails = inputs.read(LOOK_FILE)
    return _outputs(bundle, manifest.look, thumbnails, "looks on this machine, images")


def _outputs(bundle: Path, net: Rung | Look, images: Stored, what: str) -> Float32s:
    shape = net.input.shape
    with silent():  # LiteRT names its delegate on standard error when it first runs
        run = _signature(bundle / net.file, net)
        run(images[0].reshape(shape))
    rows: Iterable[Stored] = progress(images, len(images), what)
    return np.stack(
        [dequantised(run(image.reshape(shape)), net.output) for image in rows]
    )


def _signature(path: Path, net: Rung | Look) -> Any:
    """image -> (outputs,) as stored."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path))
    if not interpreter.get_signature_list():
        return _only_graph(interpreter)
    runner = interpreter.get_signature_runner(net.signature or None)
    (given,) = runner.get_input_details()
    return lambda image: next(iter(runner(**{given: image}).values())).reshape(-1)


def _only_graph(interpreter: Any) -> Any:
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]["index"]
    answer = interpreter.get_output_details()[0]["index"]

    def run(image: Stored) -> Stored:
        interpreter.set_tensor(given, image)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(answer)).reshape(-1)

    return run
