"""Real JPEGs to measure on, in class folders; test glyphs where there are none."""

import csv
import os
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLASSES = 1000


def photographs() -> Path | None:
    """The folder of real photographs and weights, or None."""
    beside = ROOT.parent / "shared" / "data"
    folder = Path(os.environ.get("RESWISE_TEST_DATA", beside))
    return folder if folder.is_dir() else None


def class_folders(target: Path, count: int) -> str:
    """Fills target/<class>/ with `count` JPEGs; returns what they are."""
    source = photographs()
    for name in range(CLASSES):
        (target / f"{name:04d}").mkdir(parents=True)
    if source is None:
        return _glyphs(target, count)
    rows = list(csv.DictReader((source / "photographs" / "labels.csv").open()))
    for index in range(count):
        row = rows[index % len(rows)]
        copy = target / f"{int(row['class_index']):04d}" / f"{index:05d}.jpg"
        shutil.copy(source / "photographs" / row["file"], copy)
    return f"{count} JPEGs of 299x299 ({len(rows)} photographs, copied)"


def _glyphs(target: Path, count: int) -> str:
    from datasets.catalogue import open_dataset

    dataset = open_dataset("glyphs", "test")
    for index in range(count):
        encoded = dataset.read(index % len(dataset))
        (target / f"{index % CLASSES:04d}" / f"{index:05d}.jpg").write_bytes(encoded)
    return f"{count} JPEGs of 96x96 (glyphs: no photographs here)"
