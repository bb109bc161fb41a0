"""ResNet-20 and -56 of the data folder, on the 1,000 lossless CIFAR-10 test pictures.

The figures are those that came with the weights; the folder's README has them.
"""

from pathlib import Path

import pytest

from datasets.catalogue import open_dataset
from datasets.preprocessing import Preprocessing
from keras_models.loading import ModelChoice, load
from keras_models.scoring.scores import ScoreStore
from keras_models.scoring.sweeping import SweepOptions, sweep

# At lower resolutions they were measured without antialiasing (`--no-antialias`); with
# it the smallest ones differ by up to 1.3 points.
SAMPLED = Preprocessing(1.0, antialias=False)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("cifar10_resnet20", {32: 91.5, 28: 90.5, 24: 87.8, 20: 79.9, 16: 65.0}),
        ("cifar10_resnet56", {32: 92.6}),
    ],
)
def test_accuracy_is_the_recorded_one(
    file: str,
    expected: dict[int, float],
    shared_data: Path,
    cifar10: Path,
    tmp_path: Path,
) -> None:
    source = load(ModelChoice(model=str(shared_data / "weights" / f"{file}.keras")))
    dataset = open_dataset(f"folder:{cifar10}", None, None)
    store = ScoreStore(tmp_path)
    rungs = sweep(source, dataset, list(expected), [SAMPLED], store, SweepOptions())
    for rung in rungs:
        top1 = 100 * (rung.scores.argmax(axis=1) == rung.labels).mean()
        within = 0.3 if rung.resolution == 32 else 1.0
        assert abs(top1 - expected[rung.resolution]) <= within, rung.rung
