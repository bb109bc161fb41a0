"""The figure is drawn for any rows, the same each time."""

from pathlib import Path

import matplotlib.image
import numpy as np

from reports.figures import draw_accuracy
from reports.rows import Row


def _rows() -> list[Row]:
    return [
        Row(
            model="m",
            weights="w",
            dataset="d",
            crop=crop,
            resolution=resolution,
            images=9,
            top1=resolution / 100,
            top5=1.0,
            top1_low=resolution / 100,
            top1_high=1.0,
        )
        for crop in ("0.875", "squash")
        for resolution in (96, 32, 64)
    ]


def test_draws_svg_and_png_that_hold_something(tmp_path: Path) -> None:
    svg, png = draw_accuracy(_rows(), tmp_path)
    assert "resolution, pixels" in svg.read_text() or "<path" in svg.read_text()
    pixels = np.asarray(matplotlib.image.imread(png))
    assert pixels.shape[1] == 1008
    assert pixels[..., :3].std() > 0.05


def test_native_resolution_is_red(tmp_path: Path) -> None:
    svg, _ = draw_accuracy(_rows(), tmp_path)
    assert "#d62728" in svg.read_text()


def test_the_same_rows_give_the_same_file(tmp_path: Path) -> None:
    first = draw_accuracy(_rows(), tmp_path / "a")[1].read_bytes()
    assert draw_accuracy(_rows(), tmp_path / "b")[1].read_bytes() == first
