"""Bundles of one unit, of logits and of an open size run as the interpreter does."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reswise import run
from tests.convert.tiny_tflite import DENSE, Maker, classifier, convolutional, ends_in

LOGISTIC = 14


def _pictures(folder: Path, classes: int) -> Path:
    random = np.random.default_rng(0)
    for label in range(classes):
        (folder / f"class{label}").mkdir(parents=True)
        for place in range(4):
            colour = random.uniform(0, 255, 3) * np.ones((40, 40, 3))
            noisy = np.clip(colour + random.normal(0, 15, colour.shape), 0, 255)
            path = folder / f"class{label}" / f"{place}.png"
            Image.fromarray(noisy.astype(np.uint8)).save(path)
    return folder


@pytest.mark.parametrize(
    ("maker", "classes", "more"),
    [
        (ends_in(classifier((16,)), LOGISTIC), 2, []),
        (ends_in(classifier((16,)), DENSE), 2, []),
        (ends_in(classifier((16,)), DENSE, 5), 5, []),
        (convolutional(None), 5, ["--resolution", "20"]),
        (classifier((16,), dtype="uint8"), 5, []),
    ],
    ids=["sigmoid", "logit", "logits", "open size", "uint8"],
)
def test_import_verify_and_bench_on_this_machine(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    maker: Maker,
    classes: int,
    more: list[str],
) -> None:
    (tmp_path / "mobilenet.tflite").write_bytes(maker.packed())
    (tmp_path / "labels.txt").write_text("".join(f"{i} c{i}\n" for i in range(classes)))
    pictures = _pictures(tmp_path / "pictures", classes)
    bundle = tmp_path / "b" / "mobilenet"
    arguments = [str(tmp_path / "mobilenet.tflite"), "--run", str(tmp_path / "b")]
    arguments += ["--labels", str(tmp_path / "labels.txt"), *more]
    assert run(["bundle", "import", *arguments]) == 0
    assert run(["bundle", "verify", str(bundle)]) == 0
    assert ": sound: " in capsys.readouterr().out
    bench = ["bench", "--host", "--bundle", str(bundle), "--min-count", "8"]
    bench += ["--min-seconds", "0", "--dataset", f"folder:{pictures}"]
    run([*bench, "--probe-every", "0", "--run", str(tmp_path / "bench")])
    said = capsys.readouterr().out
    count = 4 * classes
    assert "Decisions equal to the selector's replay" in said
    assert f"{count} of {count} images" in said
