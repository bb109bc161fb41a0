"""Label files as they lie beside real .tflite files: each right, or refused."""

from pathlib import Path

import pytest

from convert.foreign.labels import Labels, labels_of
from datasets.errors import InputError


def _labels(folder: Path, text: str, classes: int, offset: int | None = None) -> Labels:
    path = folder / "labels.txt"
    path.write_text(text, encoding="utf-8")
    return labels_of(b"", path, classes, offset, "x.tflite")


@pytest.mark.parametrize(
    "text",
    [
        "0 cat\n1 black dog\n",  # Teachable Machine
        "0  cat\n1  black dog\n",  # Coral
        "0: cat\n1: black dog\n",
        "1 black dog\n0 cat\n",  # each name goes to its number
        "1 cat\n2 black dog\n",
        "\ufeffcat\r\nblack dog\r\n",
        "cat\nblack dog\n\n\n",
    ],
)
def test_numbers_and_empty_lines_are_no_names(tmp_path: Path, text: str) -> None:
    assert _labels(tmp_path, text, 2).names == ("cat", "black dog")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("0\n1\n", ("0", "1")),  # digits are the names
        ("1 euro\n2 euro\n", ("1 euro", "2 euro")),
        ("5 cent\n10 cents\n", ("5 cent", "10 cents")),
        ("0 cat\ndog\n", ("0 cat", "dog")),
    ],
)
def test_names_that_begin_with_a_number_stay(
    tmp_path: Path, text: str, names: tuple[str, ...]
) -> None:
    assert _labels(tmp_path, text, 2).names == names


def _lines(count: int, first: str = "tench") -> str:
    return "\n".join([first, *(f"thing {i}" for i in range(1, count))]) + "\n"


@pytest.mark.parametrize(
    ("count", "first", "classes", "names", "offset"),
    [
        (1001, "background", 1001, ("background", "thing 1"), 1),
        (1000, "tench", 1001, ("background", "tench"), 1),
        (1001, "background", 1000, ("thing 1", "thing 2"), 0),
        (1000, "tench", 1000, ("tench", "thing 1"), 0),
        (6, "Background", 5, ("thing 1", "thing 2"), 0),
    ],
)
def test_a_background_is_counted_as_the_model_counts_it(
    tmp_path: Path,
    count: int,
    first: str,
    classes: int,
    names: tuple[str, str],
    offset: int,
) -> None:
    found = _labels(tmp_path, _lines(count, first), classes)
    assert (found.names[:2], found.offset) == (names, offset)
    assert len(found.names) == classes
    assert len(found.remarks) == (count != classes)


def test_a_line_that_is_forgotten_is_no_background(tmp_path: Path) -> None:
    """Every name would be that of the class before."""
    with pytest.raises(InputError, match=r"4 lines for 5 classes; .*`class_offset=1`"):
        _labels(tmp_path, _lines(4), 5)
    told = _labels(tmp_path, _lines(4), 5, 1)
    assert (told.names[:2], told.offset) == (("background", "tench"), 1)


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        (_lines(1000, "background"), 1001),
        (_lines(1002, "background"), 1000),
        (_lines(6), 5),
        (_lines(3), 5),
        ("0 a\n1 b\n2 c\n", 2),
        ("cat\n", 2),
    ],
)
def test_more_or_fewer_are_refused(tmp_path: Path, text: str, classes: int) -> None:
    with pytest.raises(InputError, match=f"lines for {classes:,} classes"):
        _labels(tmp_path, text, classes)
