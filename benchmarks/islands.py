"""Agreement against latency while layers of full_int8 are raised to float activations.

The front that mixed_int8 walks on: steps in its own order, beside dynamic_int8.
The judged photographs are not those that rank and calibrate.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pictures import photographs
from keras_models.framework import quiet

RESOLUTIONS = (128, 96)
POINTS = 8  # of the front, beside full_int8
_FACTS = "full_int8 with operations raised to float activations"


def main() -> None:
    """Prints the front of each resolution."""
    quiet()
    folder = photographs()
    if folder is None:
        print("islands: no photographs (RESWISE_TEST_DATA); nothing is measured.")
        return
    with tempfile.TemporaryDirectory() as name:
        for resolution in RESOLUTIONS:
            _front(Path(name), folder, resolution)


def _front(work: Path, folder: Path, resolution: int) -> None:
    from convert.latency_beside import beside

    source, judged, dynamic = _made(work, folder, resolution)
    files = dict(_raised(source))
    plain = files[0]
    first = _answers(source.content, source.signature, judged)
    print(f"mobilenet_v2@{resolution}: {_FACTS}, {len(judged)} photographs judged")
    print(f"  {'raised':>12}{'agreement %':>13}{'latency, times':>16}")
    for name, content in [*files.items(), ("dynamic_int8", dynamic)]:
        agreement = 100 * (_answers(content, source.signature, judged) == first).mean()
        times = beside(content, plain).ratio
        print(f"  {name:>12}{agreement:13.2f}{times:16.2f}", flush=True)


def _made(work: Path, folder: Path, resolution: int) -> tuple[Any, Any, bytes]:
    """(what quantisation starts from, judged images, the dynamic_int8 file)."""
    from convert.image_input import entrance
    from convert.quantising.calibration import Calibration, judged_and_calibration
    from convert.quantising.recipes import RECIPES
    from convert.rung_files import RungFiles
    from convert.wanted import WantedRung
    from datasets.preprocessing import Preprocessing
    from keras_models.loading import ModelChoice, load

    weights = folder / "weights" / "mobilenet_v2_imagenet.weights.h5"
    model = load(ModelChoice(model="mobilenet_v2", weights=str(weights)))
    table = f"csv:{folder / 'photographs' / 'labels.csv'}"
    judged, calibration = judged_and_calibration(table)
    preprocessing = Preprocessing(1.0)
    base = WantedRung(model, model.native, preprocessing)
    rung = WantedRung(model, resolution, preprocessing)
    made = RungFiles(
        folder=work, base=base, quantiser="litert", calibration=calibration
    )
    dynamic = RECIPES["dynamic_int8"]
    made.make(rung, [dynamic])
    taken = entrance(model.normalisation)
    images = Calibration(judged, 0).images(resolution, preprocessing, taken)
    return made.float_rung_of(rung), images, made.path(rung, dynamic).read_bytes()


def _raised(source: Any) -> Iterator[tuple[int, bytes]]:
    """(operations raised, file): none, then ever more of the recipe's steps."""
    from convert.quantising.islands import ranked
    from convert.quantising.quantise import float_outputs, with_litert
    from convert.quantising.raising import network
    from convert.quantising.recipes import RECIPES

    net = network(source.content, float_outputs(source.content))
    steps = ranked(net, source)
    for count in sorted({len(steps) * part // POINTS for part in range(POINTS + 1)}):
        raised = frozenset(net.names[one] for step in steps[:count] for one in step)
        yield len(raised), with_litert(source, RECIPES["mixed_int8"], raised)


def _answers(content: bytes, signature: str, images: Any) -> Any:
    from convert.running import Runner

    runner = Runner(content, signature)
    return np.array([runner.scores(image).argmax() for image in images])
