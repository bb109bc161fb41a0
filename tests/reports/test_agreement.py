"""Rungs over images without labels: agreement with the native one, and no accuracy."""

from pathlib import Path

import pytest

from datasets.errors import InputError
from keras_models.scoring.stored_scores import load_rungs
from reports.agreement import agreement_table
from reports.drop import drop_rows
from reports.gathered import _rungs
from tests.selection.store import store
from tests.selection.synthetic import scored as table


def test_agreement_stands_in_place_of_accuracy(tmp_path: Path) -> None:
    data = table(images=50, rungs=2)
    store(tmp_path, data.unlabelled())
    rungs = list(load_rungs(tmp_path).values())
    shown = agreement_table(rungs, "reswise drop")
    alike = int((data.answers[:, 0] == data.answers[:, 1]).sum())
    cells = {row[1]: row[4].partition(" (")[0] for row in shown.rows}
    assert cells == {"32": f"{2 * alike:.2f}", "64": "100.00"}
    assert "agreement" in shown.title
    assert "50 of 50 images have no label" in shown.notes[0]
    with pytest.raises(InputError, match="have no label"):
        drop_rows(rungs, "reswise drop")


def test_the_page_draws_no_accuracy_without_labels(tmp_path: Path) -> None:
    store(tmp_path / "some", table(images=50, rungs=2).unlabelled())
    assert list(_rungs([tmp_path / "some"])) == []
