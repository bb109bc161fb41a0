"""What is read is said before long work, and alone with one sheet of pictures."""

import csv
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import reswise
from commands import summary
from datasets.catalogue import open_dataset
from reports.rows import read_rows

COLOURS = {"blue": (30, 30, 220), "green": (30, 220, 30), "red": (220, 30, 30)}


def _pictures(root: Path) -> Path:
    """Two pictures of each colour, in folders whose order is not the model's."""
    for name, colour in COLOURS.items():
        (root / name).mkdir(parents=True)
        for number in range(2):
            size = (20 + number, 16)  # so that no two files are the same
            Image.new("RGB", size, colour).save(root / name / f"{number}.png")
    (root / "red" / "Thumbs.db").write_bytes(b"x")
    return root


def _model(path: Path) -> Path:
    """Class 0 is red, 1 green, 2 blue."""
    pixels = keras.Input((24, 24, 3))
    inner = keras.layers.Rescaling(1 / 255.0)(pixels)
    inner = keras.layers.Conv2D(3, 1, name="c")(inner)
    inner = keras.layers.GlobalAveragePooling2D()(inner)
    scores = keras.layers.Dense(3, activation="softmax", name="d")(inner)
    model = keras.Model(pixels, scores, name="colour")
    model.get_layer("c").set_weights([np.eye(3, dtype="f")[None, None], np.zeros(3)])
    model.get_layer("d").set_weights([np.eye(3, dtype="f") * 8, np.zeros(3)])
    model.save(path)
    return path


def test_inspect_shows_a_wrong_order_and_drop_is_right_with_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = f"folder:{_pictures(tmp_path / 'photos')}"
    model = str(_model(tmp_path / "colour.keras"))
    names = tmp_path / "names.txt"
    names.write_text("Red\nGreen\nBlue\n")
    run = str(tmp_path / "run")
    inspect = ["datasets", "inspect", spec, "--model", model, "--run", run]
    assert reswise.run(inspect) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) <= 5  # four lines, and the file's name
    assert said[0].endswith("photos, split all; 3 classes of 2 to 2 each")
    assert "colour: 3 classes (0 blue, 1 green, 2 red); classes by place" in said[1]
    assert "24 pixels; normalisation none" in said[2]
    assert "passed over: Thumbs.db 1" in said[3]
    with Image.open(tmp_path / "run" / "contact_sheet.png") as sheet:
        seen = set(map(tuple, np.asarray(sheet.convert("RGB")).reshape(-1, 3).tolist()))
    assert set(COLOURS.values()) <= seen
    for more, top1 in (([], 1 / 3), (["--class-names", str(names)], 1.0)):
        drop = ["drop", "--model", model, "--dataset", spec, "--resolutions", "16"]
        assert reswise.run([*drop, "--run", run, *more]) == 0
        rows = read_rows(tmp_path / "run" / "rows.csv")
        assert [row.top1 for row in rows] == [pytest.approx(top1)] * 2
    text = (tmp_path / "run" / "drop.md").read_text()
    assert "The images, as read: passed over: Thumbs.db 1; classes by name" in text
    assert "0 Red, 1 Green, 2 Blue" in capsys.readouterr().out


def test_inspect_without_a_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = _pictures(tmp_path / "photos")
    (root / "red" / "2.png").write_bytes(b"")
    run = ["--run", str(tmp_path / "run"), "--columns", "3"]
    assert reswise.run(["datasets", "inspect", f"folder:{root}", *run]) == 0
    said = capsys.readouterr().out
    assert "3 classes of 2 to 3 each" in said
    assert "unreadable: red/2.png (empty file)" in said
    assert reswise.run(["datasets", "inspect", "folder:/nowhere", *run]) == 2


def test_copies_in_two_classes_are_said(tmp_path: Path) -> None:
    """The same picture under two classes cannot be right in both."""
    root = _pictures(tmp_path)
    (root / "green" / "9.png").write_bytes((root / "red" / "1.png").read_bytes())
    lines = summary.lines(open_dataset(f"folder:{root}"), "", "")
    assert len(lines) == 4
    assert (
        "1 pictures lie in two classes, such as green/9.png and red/1.png" in lines[3]
    )


def test_no_line_without_need(tmp_path: Path) -> None:
    """Three lines where nothing was passed over, of a table too."""
    root = _pictures(tmp_path)
    with (root / "t.csv").open("w", newline="") as file:
        rows = [("file", "class_index"), ("red/0.png", 0), ("blue/1.png", 2)]
        csv.writer(file).writerows(rows)
    lines = summary.lines(open_dataset(f"csv:{root / 't.csv'}"), "net", "x")
    assert lines[0].endswith("2 classes of 1 to 1 each, 1 classes without any")
    assert len(lines) == 3
