"""In-app benches on the JDK, each kind of bundle benched once for all tests."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.android_app import app_bundles, kinds
from tests.android_app.module import HERE, java

Benched = Callable[[str], tuple[Path, Path]]  # kind -> bundle, device.jsonl


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    return app_bundles.write_pictures(folder, kinds.PICTURES)


@pytest.fixture(scope="session")
def benched(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Benched:
    made: dict[str, tuple[Path, Path]] = {}

    def bench(kind: str) -> tuple[Path, Path]:
        if kind not in made:
            folder = tmp_path_factory.mktemp("benched")
            bundle, lines = folder / "bundle", folder / "device.jsonl"
            kinds.write(kind, bundle, pictures)
            pipe, count = HERE / "litert_pipe.py", str(kinds.PICTURES)
            java("bench", bundle, pictures, lines, sys.executable, pipe, count)
            made[kind] = bundle, lines
        return made[kind]

    return bench
