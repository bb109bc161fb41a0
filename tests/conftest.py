"""What several tests need: where real images and weights lie, if they do."""

import os
from pathlib import Path

import pytest

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
