"""What a run folder keeps of a rung: all that its scores depend on, and the scores."""

import hashlib
import json
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

NONFINITE = ("refuse", "wrong")

SHARD = 128  # images; about 6 s of ResNet50@224 on two cores are lost by a kill -9

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class RungMeta:
    """All that a rung's scores depend on. Written as meta.json; hashed to the key."""

    rung: str  # mobilenet_v2@160
    model: str
    weights: str  # what the user asked for: imagenet, glyphs, a file's name
    weights_sha256: str
    resolution: int
    classes: int
    recipe: str
    engine: str  # with its version: it computed the scores
    normalisation: str
    preprocessing: dict[str, object]
    dataset: str
    split: str
    fingerprint: str  # of the data set, limited as asked
    images: int
    macs: int
    parameters: int
    size_bytes: int
    uncounted: tuple[str, ...]  # layers that macs leaves out
    format: int = FORMAT
    remarks: tuple[str, ...] = ()  # for the reader; scores do not depend on them

    @property
    def key(self) -> str:
        """The first 20 hexadecimal digits of meta.json's SHA-256, without remarks."""
        facts = asdict(self)
        del facts["remarks"]
        text = json.dumps(facts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    @property
    def shards(self) -> int:
        return -(-self.images // SHARD)


@dataclass(frozen=True, kw_only=True)
class StoredRung:
    """The scores of one rung over one data set, the unreadable pictures left out."""

    meta: RungMeta
    ids: tuple[str, ...]
    labels: NDArray[np.int64]  # (n,)
    scores: NDArray[np.float32]  # (n, classes), probabilities
    class_names: tuple[str, ...]
    nonfinite: int = 0  # images whose scores were not finite: they count as wrong
    read: tuple[str, ...] = ()  # what was decided in reading the images

    @property
    def rung(self) -> str:
        return self.meta.rung

    @property
    def model(self) -> str:
        return self.meta.model

    @property
    def crop(self) -> str:
        return str(self.meta.preprocessing["crop"])

    @property
    def resolution(self) -> int:
        return self.meta.resolution

    @property
    def macs(self) -> int:
        return self.meta.macs

    @property
    def fingerprint(self) -> str:
        return self.meta.fingerprint
