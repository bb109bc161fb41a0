"""Parity: scores compared by hand, and the checks that fail."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convert.parity import Parity, parity
from convert.quantising.recipes import RECIPES
from convert.tflite_graph import Opened
from convert.to_tflite import FloatFiles
from keras_models.scoring.score_records import RungMeta, StoredRung
from tests.convert.small import SIDE, network, pretrained

META = RungMeta(
    rung="small@32",
    model="small",
    weights="mine.keras",
    weights_sha256="",
    resolution=SIDE,
    classes=5,
    recipe="float32",
    engine="keras",
    normalisation="tf",
    preprocessing={},
    dataset="x",
    split="all",
    fingerprint="",
    images=4,
    macs=0,
    parameters=0,
    size_bytes=0,
    uncounted=(),
)
PARENT = np.array(
    [[0.6, 0.4, 0, 0, 0], [0.1, 0.9, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0.4, 0.6, 0]],
    np.float32,
)
OWN = np.array(
    [[0.6, 0.4, 0, 0, 0], [0.3, 0.7, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0.7, 0.3, 0]],
    np.float32,
)
LABELS = np.array([0, 1, 2, 3])
MACS = 16 * 16 * 8 * (27 + 9 + 16) + 16 * 5  # of `network`, by hand


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("parity") / "part.tflite"
    file.write_bytes(FloatFiles(pretrained(network())).at(SIDE))
    return file


def _parity(
    path: Path, recipe: str, least: float | None = None, meta: RungMeta = META
) -> Parity:
    meta = replace(meta, macs=meta.macs or MACS)
    parent, own = (
        StoredRung(
            meta=meta,
            ids=("a", "b", "c", "d"),
            labels=LABELS,
            scores=scores,
            class_names=tuple("abcde"),
        )
        for scores in (PARENT, OWN)
    )
    return parity(parent, own, Opened(path.read_bytes()), RECIPES[recipe], least)


def test_figures_are_those_worked_by_hand(path: Path) -> None:
    found = _parity(path, "full_int8", 0.75)
    assert found.agreement == 0.75
    assert found.largest_difference == pytest.approx(0.3)
    assert found.mean_difference == pytest.approx((0.2 + 0.2 + 0.3 + 0.3) / 20)
    assert (found.top1, found.parent_top1) == (0.75, 1.0)
    assert found.drop.points == 25.0
    assert found.top1_low == pytest.approx(0.3006, abs=1e-4)  # Wilson, 3 of 4
    assert found.parent_high == 1.0
    assert found.macs == found.graph_macs == MACS
    assert [kind for kind, _, _ in found.operator_macs] == [
        "CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "FULLY_CONNECTED",
    ]  # fmt: skip
    assert found.size_bytes == path.stat().st_size
    assert found.failures == ()


def test_too_little_agreement_fails(path: Path) -> None:
    (line,) = _parity(path, "full_int8").failures
    assert line == "agrees on 75.0 % of top-1; expected at least 80 %"


def test_float32_must_be_exact(path: Path) -> None:
    (line,) = _parity(path, "float32", 0.5).failures
    assert "differs by 0.3" in line


def test_other_macs_than_keras_fail(path: Path) -> None:
    (line,) = _parity(path, "full_int8", 0.5, replace(META, macs=MACS + 1)).failures
    assert line.startswith(f"{MACS:,} MACs in the file against {MACS + 1:,}")


def test_random_weights_are_not_held_to_agreement(path: Path) -> None:
    meta = replace(META, weights="random")
    assert _parity(path, "full_int8", meta=meta).failures == ()
    assert _parity(path, "full_int8", 0.8, meta).failures


def test_a_parent_that_guesses_is_said(path: Path) -> None:
    """All four right of four classes is more than a guess, one of four is not."""
    assert not _parity(path, "float16").hollow
    labels = np.array([0, 0, 0, 0])
    parent, own = (
        StoredRung(
            meta=META,
            ids=("a", "b", "c", "d"),
            labels=labels,
            scores=scores,
            class_names=tuple("abcde"),
        )
        for scores in (PARENT, OWN)
    )
    found = parity(parent, own, Opened(path.read_bytes()), RECIPES["float16"], None)
    assert "1 of 4 images right (25.0 %), guessing gives 100.0 %" in found.hollow
