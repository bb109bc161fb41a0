"""Pictures to look at: what each rung of a ladder settles, and where rungs disagree."""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from datasets.batches import pictures
from datasets.catalogue import open_dataset
from datasets.errors import DataError
from datasets.preprocessing import Preprocessing, parse_crop
from keras_models.scoring.score_records import RungMeta, StoredRung
from selection.arrays import Bools, Ints

SIDE = 96  # pixels of a picture on the page
EACH = 6
_QUALITY = 80


@dataclass(frozen=True)
class Example:
    """One picture with what is known of it."""

    uri: str  # data: JPEG
    label: str
    told: str  # what the rungs answered


@dataclass(frozen=True)
class Group:
    """Some pictures of a kind; `share` of all images are of it."""

    title: str
    share: float
    examples: tuple[Example, ...]


def groups(rungs: Sequence[StoredRung], ends: Ints | None) -> list[Group]:
    """Pictures per rung that a plan ends at, and per agreement of the rungs.

    Args:
        rungs: a ladder over the same images, in ascending cost.
        ends: (n,) place of the rung at which the plan stops; None: no plan.
    Raises:
        InputError: the data set is not where it was.
    """
    right = np.stack([one.scores.argmax(axis=1) == one.labels for one in rungs], axis=1)
    kinds = list(_kinds(rungs, right, ends))
    chosen = [np.flatnonzero(mask)[:EACH] for _, mask in kinds]
    wanted = sorted({int(row) for rows in chosen for row in rows})
    drawn = _drawn(rungs[0], wanted)
    return [
        Group(
            title,
            float(mask.mean()),
            tuple(_example(rungs, int(row), drawn) for row in rows if row in drawn),
        )
        for (title, mask), rows in zip(kinds, chosen, strict=True)
        if rows.size
    ]


def _kinds(
    rungs: Sequence[StoredRung], right: Bools, ends: Ints | None
) -> Iterator[tuple[str, Bools]]:
    small, large = rungs[0].rung, rungs[-1].rung
    if ends is not None:
        for place, rung in enumerate(rungs):
            yield f"The plan ends at {rung.rung}", np.asarray(ends == place)
    yield "Easy: every rung is right", np.asarray(right.all(axis=1))
    yield "Hard: every rung is wrong", np.asarray(~right.any(axis=1))
    yield f"Only {large} is right", right[:, -1] & ~right[:, :-1].any(axis=1)
    yield f"{small} is right and {large} is wrong", right[:, 0] & ~right[:, -1]


def _example(rungs: Sequence[StoredRung], row: int, drawn: dict[int, str]) -> Example:
    first = rungs[0]
    told = "; ".join(
        f"{rung.rung}: {_name(rung, int(rung.scores[row].argmax()))} "
        f"{100 * float(rung.scores[row].max()):.0f} %"
        for rung in rungs
    )
    return Example(drawn[row], _name(first, int(first.labels[row])), told)


def _name(rung: StoredRung, class_index: int) -> str:
    names = rung.class_names
    if class_index >= len(names) or all(name.isdecimal() for name in names):
        return f"class {class_index}"
    return names[class_index]


def _drawn(rung: StoredRung, rows: list[int]) -> dict[int, str]:
    """Row -> data URI of the picture as the rung's crop sees it."""
    meta = rung.meta
    dataset = open_dataset(meta.dataset, _whole_split(meta), None)
    places = {name: place for place, name in enumerate(dataset.ids)}
    missing = [rung.ids[row] for row in rows if rung.ids[row] not in places]
    if missing:
        raise DataError.of(
            meta.dataset,
            f"no picture {missing[0]!r} there now",
            "the data set that was swept",
        )
    preprocessing = Preprocessing(parse_crop(str(meta.preprocessing["crop"])))
    indices = [places[rung.ids[row]] for row in rows]
    uris: dict[int, str] = {}
    for batch in pictures(dataset, [SIDE], [preprocessing], indices=indices):
        for index, pixels in zip(
            batch.indices, batch.pixels[preprocessing, SIDE], strict=True
        ):
            uris[rows[indices.index(int(index))]] = _uri(pixels)
    return uris


def _whole_split(meta: RungMeta) -> str:
    return meta.split.split("[")[0]  # a limited split keeps its ids


def _uri(pixels: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels.round().astype(np.uint8)).save(
        file, "JPEG", quality=_QUALITY
    )
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
