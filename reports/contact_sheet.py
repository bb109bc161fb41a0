"""Some pictures of each class side by side under the class's name, as one PNG.

A wrong mapping of names to classes, pictures turned the wrong way or a folder of
another kind are seen there in a second.
"""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from datasets.dataset import Dataset
from datasets.decode import Unreadable, decode_image
from datasets.errors import InputError
from datasets.files import whole_file
from datasets.shuffle import shuffled

_SIDE, _GAP, _LINE = 72, 4, 16  # pixels: of a picture, between them, of a name
_MOST_CLASSES = 60  # on one sheet; those with pictures, the first by number


def write_sheet(dataset: Dataset, path: Path, columns: int = 8) -> list[str]:
    """Draws the sheet; a line on each picture that is unreadable, and on classes left.

    Args:
        columns: pictures a class at most, the first of the fixed shuffle.
    Raises:
        InputError: columns are out of range.
    """
    if not 1 <= columns <= 50:
        raise InputError("columns", columns, "1 to 50 pictures a class")
    order = shuffled(dataset.ids)
    labels = dataset.labels[order]
    classes = sorted(set(labels.tolist()))
    shown = classes[:_MOST_CLASSES]
    height = len(shown) * (_SIDE + _LINE + _GAP) + _GAP
    sheet = Image.new("RGB", (columns * (_SIDE + _GAP) + _GAP, height), "white")
    said = []
    for row, label in enumerate(shown):
        own = order[labels == label]
        count = int(own.size)
        text = f"{label} {dataset.class_names[label]} ({count})"
        top = row * (_SIDE + _LINE + _GAP) + _GAP
        said += _draw(sheet, top, text, dataset, np.sort(own[:columns]).tolist())
    with whole_file(path) as file:
        drawn = io.BytesIO()
        sheet.save(drawn, "PNG")
        file.write(drawn.getvalue())
    if len(classes) > len(shown):
        said.append(f"{len(classes) - len(shown)} further classes are not on the sheet")
    return said


def _draw(
    sheet: Image.Image, top: int, text: str, dataset: Dataset, indices: Sequence[int]
) -> list[str]:
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(11)
    shown = text.encode("utf-8", "replace").decode()
    pen.text((_GAP, top), shown, fill="black", font=font)
    said = []
    for column, index in enumerate(indices):
        left = column * (_SIDE + _GAP) + _GAP
        try:
            picture, _ = decode_image(dataset.read(index))
        except (OSError, Unreadable) as error:
            _cross_out(pen, left, top + _LINE)
            name = dataset.ids[index].encode("utf-8", "backslashreplace").decode()
            reason = error.strerror if isinstance(error, OSError) else str(error)
            said.append(f"of those drawn unreadable: {name} ({reason})")
            continue
        picture.thumbnail((_SIDE, _SIDE))
        sheet.paste(picture, (left, top + _LINE))
    return said


def _cross_out(pen: ImageDraw.ImageDraw, left: int, top: int) -> None:
    """A cross for a picture that cannot be read: any colour may be a picture."""
    right, bottom = left + _SIDE - 1, top + _SIDE - 1
    pen.rectangle((left, top, right, bottom), "white", outline="black")
    pen.line((left, top, right, bottom), "black", 2)
    pen.line((left, bottom, right, top), "black", 2)
