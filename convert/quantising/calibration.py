"""Images that set ranges and correct biases; never those that parity is judged on."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.image_input import Entrance
from datasets.batches import pictures
from datasets.catalogue import open_dataset
from datasets.dataset import Dataset
from datasets.errors import DataError, InputError
from datasets.preprocessing import Preprocessing
from selection.split import parted

SPLIT = "calibration"  # taken where a data set has one of this name
USUAL = 100  # images; more move the ranges little


@dataclass(frozen=True)
class Calibration:
    """The images, and what is recorded of them."""

    dataset: Dataset
    seed: int

    @cached_property
    def facts(self) -> dict[str, object]:
        """As `measured.calibration` of the manifest."""
        return {
            "dataset": self.dataset.name,
            "split": self.dataset.split,
            "images": len(self.dataset),
            "seed": self.seed,
            "fingerprint": self.dataset.fingerprint,
        }

    def first(self, count: int) -> "Calibration":
        """Fewer of the same images."""
        few = list(range(min(count, len(self.dataset))))
        return Calibration(self.dataset.take(few), self.seed)

    def images(
        self, resolution: int, preprocessing: Preprocessing, taken: Entrance
    ) -> NDArray[np.float32]:
        """(n, R, R, 3) as a file takes them; unreadable pictures are left out.

        Raises:
            InputError: none can be read.
        """
        batches = pictures(self.dataset, [resolution], [preprocessing])
        pixels = [batch.pixels[preprocessing, resolution] for batch in batches]
        images = taken.images(np.concatenate(pixels))
        if not len(images):
            raise DataError.of(
                self.dataset.name,
                f"none of {len(self.dataset)} calibration images can be read",
                "pictures",
            )
        return images


def judged_and_calibration(
    name: str,
    split: str | None = None,
    calibration_split: str | None = None,
    count: int | None = None,
    seed: int = 0,
    folder: Path | None = None,
) -> tuple[Dataset, Calibration]:
    """The images that judge, and those that calibrate: a split of their own, or a part.

    Args:
        name, split: as `--dataset` and `--split`; folder: where TFDS keeps its data.
        calibration_split: None takes the split `calibration` where there is one, else
            a part of `split`.
    Raises:
        InputError: no such data set or split, too few images, images in both.
    """
    whole = open_dataset(name, split, folder)
    own = None
    if calibration_split or whole.split.split("[")[0] != SPLIT:
        try:
            own = open_dataset(name, calibration_split or SPLIT, folder)
        except InputError:
            if calibration_split:
                raise
    if own is None:
        calibration, judged = calibration_apart(whole, count, seed)
        return judged, calibration
    calibration = calibration_of(own, count, seed)
    check_apart(calibration, whole)
    return whole, calibration


def calibration_apart(
    whole: Dataset, count: int | None, seed: int
) -> tuple[Calibration, Dataset]:
    """(`count` images of a data set to calibrate, the others to judge).

    Args:
        count: None takes the usual number, or half of a small data set.
    Raises:
        InputError: too few images.
    """
    wanted = min(USUAL, len(whole) // 2) if count is None else count
    if not 0 < wanted < len(whole):
        raise DataError(
            "calibration_images",
            wanted,
            f"1 to {max(len(whole) - 1, 1)}, or `calibration_split`",
            fault=(
                f"{whole.name} {whole.split} has {len(whole)}, and others must be "
                "left to judge"
            ),
        )
    chosen, rest = parted(whole.ids, (wanted + 0.5) / len(whole), seed)
    part = f"{whole.split}, {wanted} of {len(whole)} by seed {seed}"
    others = f"{whole.split}, {len(rest)} of {len(whole)}, all but seed {seed}'s"
    return Calibration(whole.take(chosen, part), seed), whole.take(rest, others)


def calibration_of(split: Dataset, count: int | None, seed: int) -> Calibration:
    """Some images of a split that holds nothing else.

    Raises:
        InputError: it has fewer.
    """
    wanted = min(USUAL, len(split)) if count is None else count
    if not 0 < wanted <= len(split):
        raise DataError(
            "calibration_images",
            wanted,
            f"1 to {len(split)}",
            fault=f"{split.name} {split.split} has {len(split)}",
        )
    if wanted == len(split):
        return Calibration(split, seed)
    chosen, _ = parted(split.ids, (wanted + 0.5) / len(split), seed)
    part = f"{split.split}, {wanted} of {len(split)} by seed {seed}"
    return Calibration(split.take(chosen, part), seed)


def check_apart(calibration: Calibration, judged: Dataset) -> None:
    """No image both calibrates and judges.

    Raises:
        InputError: some do.
    """
    if shared := set(calibration.dataset.ids) & set(judged.ids):
        raise DataError(
            "calibration_split",
            "",
            "other images",
            fault=(
                f"{len(shared)} images of {calibration.dataset.split} are in "
                f"{judged.split} too"
            ),
        )
