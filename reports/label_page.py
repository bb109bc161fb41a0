"""One HTML page that asks which of two answers is right, and says what is certified.

Nothing is fetched: the pictures lie in it, small, and the test lies in it as a table,
for each plan and number of wins the most losses that pass (`bound.most_lost`).
"""

import base64
import io
import json
from collections.abc import Callable, Sequence
from importlib.resources import files

import numpy as np

from datasets.decode import Unreadable, decode_image
from selection.arrays import Json
from selection.plans.bound import most_lost
from selection.plans.family import Family
from selection.plans.known import Known
from selection.plans.label_file import Question

_SIDE = 448  # pixels of a picture's longer side
_QUALITY = 85


def label_page(
    family: Family,
    known: Known,
    asked: Sequence[Question],
    names: Sequence[str],
    read: Callable[[str], bytes],
) -> str:
    """The page as text.

    Args:
        asked: in the order of the page.
        names: of the classes.
        read: image id -> the encoded file.
    """
    data: Json = {
        "family": family.sha256,
        "max_drop_points": family.max_drop_points,
        "confidence": family.confidence,
        "plans": [_plan(family, place) for place in range(len(family.selectors))],
        "known": _known(known),
        "questions": [_question(family, one, names, read) for one in asked],
    }
    page = files("reports").joinpath("templates/label.html").read_text("utf-8")
    text = json.dumps(data).replace("<", "\\u003c")
    return page.replace("@DATA@", text)


def _plan(family: Family, index: int) -> Json:
    differ = np.flatnonzero(family.answers[index] != family.reference_answers)
    order = differ[np.argsort(-family.hopes[index][differ], kind="stable")]
    table = most_lost(len(family.ids), len(differ), family.limit, family.confidence)
    return {
        "saved": family.saved_percent(index),
        "differ": [
            [
                int(row),
                int(family.reference_answers[row]),
                int(family.answers[index, row]),
            ]
            for row in order
        ],
        "most_lost": list(table),
    }


def _known(known: Known) -> list[list[object]]:
    rows = set(np.flatnonzero(known.labels >= 0).tolist()) | set(known.ruled_out)
    return [
        [row, int(known.labels[row]), sorted(known.ruled_out.get(row, ()))]
        for row in sorted(rows)
    ]


def _question(
    family: Family,
    question: Question,
    names: Sequence[str],
    read: Callable[[str], bytes],
) -> Json:
    return {
        "row": question.row,
        "id": family.ids[question.row],
        "first": question.first,
        "second": question.second,
        "first_name": names[question.first],
        "second_name": names[question.second],
        "src": _picture(family.ids[question.row], read),
    }


def _picture(name: str, read: Callable[[str], bytes]) -> str:
    """As a data URI; empty where it cannot be read: the page shows its name."""
    try:
        image = decode_image(read(name))[0]
    except (OSError, Unreadable):
        return ""
    image.thumbnail((_SIDE, _SIDE))
    held = io.BytesIO()
    image.save(held, "JPEG", quality=_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode()
