"""What several tests need: where real images and weights lie, if they do."""

import os
from pathlib import Path

import pytest
from PIL import Image

from keras_models.framework import quiet

quiet()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real photographs and weights; tests skip where it is missing."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("RESWISE_TEST_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real images: {folder} is missing (they are not redistributed)")
    return folder


@pytest.fixture(scope="session")
def cifar10(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders of the 1,000 lossless test pictures of CIFAR-10.

    They lie in one picture, 25 rows of 40; labels.txt has a digit for each.
    """
    folder = tmp_path_factory.mktemp("cifar10")
    lines = (shared_data / "cifar10" / "labels.txt").read_text().split()
    labels = dict(zip(lines[::2], lines[1::2], strict=True))["test_00"]
    with Image.open(shared_data / "cifar10" / "test_00.webp") as mosaic:
        for place, label in enumerate(labels):
            left, top = 32 * (place % 40), 32 * (place // 40)
            (folder / label).mkdir(exist_ok=True)
            picture = mosaic.convert("RGB").crop((left, top, left + 32, top + 32))
            picture.save(folder / label / f"{place:03d}.png")
    return folder
