"""A run folder accumulates: models and splits stay, what is repeated is replaced."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commands import drop, echo
from datasets.errors import InputError
from keras_models.scoring.score_records import RungMeta, StoredRung
from keras_models.scoring.scores import ScoreStore
from reports.first_sentence import answer
from reports.gathered import gather
from reports.page import render
from reports.rows import Row, read_rows
from reports.run_folder import add_rows, add_tables, row_key
from reports.table import Table, read_tables

SIDES = (96, 80, 64, 48, 32)
CROP = {"crop": "1.0", "interpolation": "bilinear", "antialias": True}


def _rungs(run: Path, model: str, split: str, images: int = 40) -> list[StoredRung]:
    """Stored scores of a made-up sweep: a smaller resolution is right less often."""
    store = ScoreStore(run)
    labels = np.arange(images) % 4
    ids = tuple(f"{split}/{index}.png" for index in range(images))
    fingerprint = f"{split}{images}".ljust(64, "f")
    store.write_dataset(fingerprint, "folder:x", split, ids, labels, tuple("abcd"))
    found = []
    for resolution in SIDES:
        meta = RungMeta(
            rung=f"{model}@{resolution}",
            model=model,
            weights="w",
            weights_sha256="w" * 64,
            resolution=resolution,
            classes=4,
            recipe="float32",
            engine="keras 3",
            normalisation="tf",
            preprocessing=CROP,
            dataset="folder:x",
            split=split,
            fingerprint=fingerprint,
            images=images,
            macs=resolution * resolution,
            parameters=5,
            size_bytes=20,
            uncounted=(),
        )
        scores = np.full((images, 4), 0.1, np.float32)
        wrong = np.arange(images) % 10 >= resolution // 10
        scores[np.arange(images), np.where(wrong, (labels + 1) % 4, labels)] = 0.7
        store.write_shard(meta, 0, scores)
        found.append(store.load(meta))
    return found


class _Args:
    def __init__(self, run: Path) -> None:
        self.run = run
        self.wide = False


def _sweep(run: Path, model: str, split: str, images: int = 40) -> list[Row]:
    return drop.write_results(_Args(run), _rungs(run, model, split, images))  # type: ignore[arg-type]


@pytest.fixture
def swept(tmp_path: Path) -> Path:
    run = tmp_path / "run"
    for model in ("one", "two"):
        for split in ("validation", "test"):
            _sweep(run, model, split)
    return run


def test_two_models_and_two_splits_stay(swept: Path) -> None:
    """20 rows, four tables, four figures, one page that shows all."""
    rows = read_rows(swept / "rows.csv")
    assert len(rows) == len({row_key(row) for row in rows}) == 20
    tables = read_tables(swept / "drop.tables.json")
    kinds = {(m, s) for m in ("one", "two") for s in ("validation", "test")}
    titles = [f"{model} (w) on folder:x {split}, 40 images" for model, split in kinds]
    assert {table.title for table in tables} == set(titles)
    assert all(len(table.rows) == 5 for table in tables)
    text = (swept / "drop.md").read_text()
    assert all(f"**{title}**" in text for title in titles)
    for kind in ("svg", "png"):
        figures = {path.name for path in swept.glob(f"accuracy*.{kind}")}
        assert len(figures) == 4
        assert f"accuracy.{kind}" not in figures  # whose would it be?
    found = gather([swept])
    assert len(found.rungs) == 20
    page = render(found, "reswise report run")
    for title in titles:
        assert title in page
    assert answer(found)


def test_one_sweep_has_the_plain_names(tmp_path: Path) -> None:
    _sweep(tmp_path, "one", "test")
    assert {path.name for path in tmp_path.glob("accuracy*")} == {
        "accuracy.svg", "accuracy.png",
    }  # fmt: skip


def test_a_repeated_sweep_changes_nothing(swept: Path) -> None:
    kinds = (".csv", ".md", ".json", ".png")  # ids in an SVG are drawn anew
    files = [path for path in swept.iterdir() if path.suffix in kinds]
    before = {path: path.read_bytes() for path in files}
    _sweep(swept, "one", "test")
    assert {path: path.read_bytes() for path in files} == before


def test_fewer_images_replace_rows_table_and_figure(swept: Path) -> None:
    """The key has no number of images: 24 of them now, and none of 40 are left."""
    _sweep(swept, "one", "test", 24)
    rows = read_rows(swept / "rows.csv")
    assert len(rows) == 20
    own = [row for row in rows if (row.model, row.split) == ("one", "test")]
    assert [row.images for row in own] == [24] * 5
    titles = [table.title for table in read_tables(swept / "drop.tables.json")]
    assert sum(title.startswith("one (w) on folder:x test") for title in titles) == 1
    assert len(titles) == 4
    assert len(list(swept.glob("accuracy*.svg"))) == 4
    gather([swept])  # both limits' scores lie there


def test_rows_of_other_verbs_stay_apart(tmp_path: Path) -> None:
    swept = Row(model="m", resolution=32, recipe="float32", selector="fixed",
                ladder="m@32", drop_points=1.0, top1=0.5)  # fmt: skip
    file = replace(swept, drop_points=None, top1=0.4)
    benched = replace(file, latency_p50_us=5.0, device="Phone (A), VALID")
    other = replace(benched, device="Phone (B), VALID")
    for row in (swept, file, benched, other):
        add_rows(tmp_path, [row])
    again = replace(benched, device="Phone (A), INVALID", latency_p50_us=6.0)
    assert add_rows(tmp_path, [again]) == [swept, file, again, other]


def test_a_foreign_rows_csv_is_refused_and_left(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="columns a,b"):
        add_rows(tmp_path, [Row(model="m")])
    assert (tmp_path / "rows.csv").read_text() == "a,b\n1,2\n"


def test_tables_of_before_have_no_keys(tmp_path: Path) -> None:
    """Their titles stand in."""
    old = Table(title="Old", columns=("a",), rows=(("1",),), words=1, kind="drop")
    add_tables(tmp_path, "select", [old], ["key"])
    path = tmp_path / "select.tables.json"
    facts = json.loads(path.read_text())
    del facts[0]["key"]
    path.write_text(json.dumps(facts))
    new = Table(title="New", columns=("a",), rows=(("2",),), words=1, kind="drop")
    add_tables(tmp_path, "select", [new], ["other"])
    assert [table.title for table in read_tables(path)] == ["Old", "New"]
    add_tables(tmp_path, "select", [replace(old, rows=(("3",),))], ["Old"])
    assert [table.rows for table in read_tables(path)] == [(("3",),), (("2",),)]


def test_a_network_that_guesses_is_said_in_the_first_line(tmp_path: Path) -> None:
    rungs = _rungs(tmp_path, "one", "test")
    guesses = np.full((40, 4), 0.2, np.float32)
    guesses[:, 0] = 0.4
    hollow = [replace(rung, scores=guesses) for rung in rungs]
    drop.write_results(_Args(tmp_path), hollow)  # type: ignore[arg-type]
    first = (tmp_path / "drop.md").read_text().splitlines()[0]
    assert "HOLLOW: one@96 itself is not better than chance: 10 of 40" in first
    assert "guessing gives 25.0 %" in first


def test_the_command_line_is_kept(swept: Path) -> None:
    assert all(
        row.command == echo.command_line() for row in read_rows(swept / "rows.csv")
    )
