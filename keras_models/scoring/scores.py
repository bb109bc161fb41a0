"""The score store: each rung runs over the images once; all else is arithmetic on it.

    runs/<run>/datasets/<fingerprint>/  dataset.json  labels.npy  unreadable.json
    runs/<run>/scores/<key>/            meta.json     00000.npy  00001.npy ...

A shard holds the scores of SHARD consecutive images, float32 (images, classes); the
row of a picture that could not be read is NaN. Which those are says unreadable.json
alone: any other row with a NaN or an infinity is an answer that the network failed to
give, and is refused, or counted as wrong, never left out. All rungs of a data set so
hold the same images. `key` is a hash of meta.json: other
weights, another crop or another file make another key, so nothing stale is served.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.errors import DataError, InputError, ModelError
from datasets.files import whole_file, write_text
from datasets.user_arrays import read_array
from datasets.user_files import UserFile
from keras_models.scoring.score_records import RungMeta, StoredRung
from keras_models.scoring.stored_files import (
    read_dataset,
    read_labels,
    read_meta,
    read_shard,
    read_unreadable,
)

_NAMED = 5  # ids that a line names


@dataclass(frozen=True)
class ScoreStore:
    """Reads and writes the scores of one run folder."""

    run: Path

    def folder(self, meta: RungMeta) -> Path:
        return self.run / "scores" / meta.key

    def has_shard(self, meta: RungMeta, shard: int) -> bool:
        return self._shard(meta, shard).exists()

    def shard(self, meta: RungMeta, shard: int) -> NDArray[np.float32]:
        """(images, classes) of one shard."""
        return read_shard(self._shard(meta, shard), meta, shard)

    def missing(self, meta: RungMeta) -> list[int]:
        """Numbers of the shards that are still to be computed, ascending."""
        return [
            shard for shard in range(meta.shards) if not self.has_shard(meta, shard)
        ]

    def write_shard(
        self, meta: RungMeta, shard: int, scores: NDArray[np.float32]
    ) -> None:
        """Keeps one shard, whole or not at all; meta.json lies there before it."""
        path = self.folder(meta) / "meta.json"
        if not path.exists():
            write_text(path, json.dumps(asdict(meta), indent=1, sort_keys=True) + "\n")
        with whole_file(self._shard(meta, shard)) as file:
            np.save(file, scores.astype(np.float32, copy=False))

    def write_dataset(
        self,
        fingerprint: str,
        name: str,
        split: str,
        ids: tuple[str, ...],
        labels: NDArray[np.int64],
        class_names: tuple[str, ...],
        read: tuple[str, ...] = (),
    ) -> None:
        """Keeps ids and labels once per data set, in its fixed order.

        Args:
            read: what was decided in reading it, for tables to say.
        """
        folder = self._dataset(fingerprint)
        if (folder / "dataset.json").exists():
            return
        with whole_file(folder / "labels.npy") as file:
            np.save(file, labels)
        facts = {"name": name, "split": split, "ids": ids, "class_names": class_names}
        facts |= {"read": read} if read else {}
        write_text(folder / "dataset.json", json.dumps(facts) + "\n")

    def write_unreadable(self, fingerprint: str, unreadable: dict[int, str]) -> None:
        """Adds reasons by index to what is known of a data set's bad pictures."""
        known = self.unreadable(fingerprint) | unreadable
        text = json.dumps({str(index): known[index] for index in sorted(known)})
        write_text(self._dataset(fingerprint) / "unreadable.json", text + "\n")

    def unreadable(self, fingerprint: str) -> dict[int, str]:
        """Reason by index of the pictures that could not be read so far."""
        path = self._dataset(fingerprint) / "unreadable.json"
        return read_unreadable(path) if path.exists() else {}

    def kept(
        self, kind: str, of: object, made: Callable[[], NDArray[Any]]
    ) -> NDArray[Any]:
        """An array of these images that is computed once, such as thumbnails' features.

        Args:
            kind: its folder in the run; of: all that it depends on, as JSON takes it.
            made: computes it where it is not there.
        """
        name = f"{kind}-{hashlib.sha256(json.dumps(of).encode()).hexdigest()[:20]}.npy"
        path = self.run / kind / name
        if not path.exists():
            with whole_file(path) as file:
                np.save(file, made())
        return read_array(UserFile(path, do="Delete it."), "fiub")

    def metas(self) -> list[RungMeta]:
        """What is stored, complete or not, in the order of rung and key."""
        metas = []
        for path in sorted((self.run / "scores").glob("*/meta.json")):
            meta = read_meta(path)
            if meta is not None:
                metas.append(meta)
        return sorted(metas, key=lambda meta: (meta.model, meta.resolution, meta.key))

    def load(self, meta: RungMeta, nonfinite: str = "refuse") -> StoredRung:
        """The scores of a finished rung.

        Args:
            nonfinite: what to do with scores that are NaN or infinite, of NONFINITE.
        Raises:
            InputError: shards are missing or are not what meta.json says, or scores are
                not finite and are not to count as wrong answers, or should count so
                where the image has no label.
        """
        if missing := self.missing(meta):
            raise InputError.of(
                self.folder(meta),
                f"{len(missing)} of {meta.shards} shards of {meta.rung} are missing",
                "a finished sweep",
                "Run the same `reswise drop` again: it goes on where it stopped.",
            )
        shards = [self.shard(meta, shard) for shard in range(meta.shards)]
        return self._readable(meta, np.concatenate(shards), nonfinite)

    def _readable(
        self, meta: RungMeta, scores: NDArray[np.float32], nonfinite: str
    ) -> StoredRung:
        folder = self._dataset(meta.fingerprint)
        facts = read_dataset(folder / "dataset.json", meta)
        labels = read_labels(folder / "labels.npy", meta)
        kept = np.ones(meta.images, np.bool_)
        bad_rows = self.unreadable(meta.fingerprint)
        if bad_rows and not 0 <= min(bad_rows) <= max(bad_rows) < meta.images:
            raise InputError.of(
                folder / "unreadable.json",
                f"names images beyond the {meta.images} that there are",
                "",
                "Delete this run folder and sweep again.",
            )
        kept[list(bad_rows)] = False
        ids = tuple(
            name for name, keep in zip(facts.ids, kept.tolist(), strict=True) if keep
        )
        labels, scores = labels[kept], scores[kept]
        bad = np.flatnonzero(~np.isfinite(scores).all(axis=1))
        if bad.size and nonfinite != "wrong":
            raise _not_finite(meta, ids, bad)
        if (labels[bad] < 0).any():
            raise _neither(meta, int((labels[bad] < 0).sum()))
        scores[bad] = _wrong(labels[bad], meta.classes)
        return StoredRung(
            meta=meta,
            ids=ids,
            labels=labels,
            scores=scores,
            class_names=facts.class_names,
            nonfinite=int(bad.size),
            read=facts.read,
        )

    def _shard(self, meta: RungMeta, shard: int) -> Path:
        return self.folder(meta) / f"{shard:05d}.npy"

    def _dataset(self, fingerprint: str) -> Path:
        return self.run / "datasets" / fingerprint[:20]


def _not_finite(
    meta: RungMeta, ids: tuple[str, ...], bad: NDArray[np.intp]
) -> ModelError:
    named = ", ".join(ids[index] for index in bad[:_NAMED])
    more = f" and {bad.size - _NAMED} more" if bad.size > _NAMED else ""
    return ModelError.of(
        meta.rung,
        f"the scores of {bad.size} of {len(ids)} images are not finite (NaN or "
        f"infinite): {named}{more}. The network gives no answer there, most likely "
        "since it overflows at that resolution",
        "",
        "Leave the rung out, or count them as wrong answers with `nonfinite=wrong` "
        "(drop, select, thresholds, plan).",
    )


def _neither(meta: RungMeta, images: int) -> DataError:
    return DataError.of(
        meta.rung,
        f"{images} images have neither finite scores nor a label; `nonfinite=wrong` "
        "needs their labels: a class put in place of an answer could agree with "
        "another rung's by chance",
        "",
        "Label them, or leave the rung or the pictures out.",
    )


def _wrong(labels: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """(n, classes) scores of no answer: unsure, and wrong whatever is made of them."""
    scores = np.full((labels.size, classes), 1 / max(classes - 1, 1), np.float32)
    scores[np.arange(labels.size), labels] = 0
    return scores
