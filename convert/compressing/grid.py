"""Every variant of a grid: made, converted, scored, timed; each kept, none twice.

    RUN/compressed/<name>_<key>.keras   the networks
    RUN/parts/                          their .tflite files (convert/rung_files.py)
    RUN/scores/                         what those answered (keras_models/scoring)
    RUN/variants/<key>.json             what was measured of a variant

The keys are hashes of all that a variant depends on, so a grid that was killed goes on
with the variant at which it stopped, and one that is repeated reads everything.
"""

import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from convert.compressing.making import keras_file, made
from convert.compressing.variant import QUANTISER, Setting, Variant
from convert.compressing.zeros import zeros_in
from convert.latency_beside import beside
from convert.parity import file_scores
from convert.quantising.recipes import RECIPES
from convert.rung_files import RungFiles, read_part
from convert.tflite_graph import Opened
from convert.wanted import WantedRung
from datasets.errors import InputError, ModelError
from datasets.progress import progress
from keras_models.compression.recipes import FLOAT, PARENT, RESOLUTION, Compression
from keras_models.framework import give_back_memory
from keras_models.scoring.rung_metas import engine_name, meta_of
from keras_models.scoring.score_records import RungMeta, StoredRung
from keras_models.scoring.scores import ScoreStore

_FLOAT = RECIPES[FLOAT]
_ZIP_LEVEL = 6


@dataclass(frozen=True)
class Refused:
    """A variant that cannot be, and why."""

    text: str
    why: str


@dataclass(frozen=True)
class Grid:
    """The variants of one setting."""

    setting: Setting

    def measured(self, wanted: Sequence[Compression]) -> Iterator[Variant | Refused]:
        """The parent first, then each variant in order, from the folder where it is."""
        every = list(dict.fromkeys((PARENT, *wanted)))
        what = f"{self.setting.source.name}, variants"
        for compression in progress(every, len(every), what):
            try:
                yield self.variant(compression)
            except InputError as error:
                if compression == PARENT:
                    raise
                yield Refused(compression.text, str(error))

    def variant(self, compression: Compression) -> Variant:
        """One variant, measured now or before.

        Raises:
            InputError: it cannot be made, converted or run.
        """
        path = self.setting.run / "variants" / f"{self.setting.key(compression)}.json"
        if path.exists():
            variant = Variant.read(path)
            if self._meta(variant) is not None:
                return variant
        variant = self._measure(compression)
        variant.write(path)
        give_back_memory()
        return variant

    def scores(self, variant: Variant) -> StoredRung:
        """What a measured variant answered."""
        meta = self._meta(variant)
        if meta is None:
            raise InputError.of(
                self._store.run,
                f"has no scores of {variant.text}",
                "those of a measured variant",
                "Run again.",
            )
        return self._store.load(meta, "wrong")

    def tflite(self, compression: Compression) -> Path:
        """Where the .tflite file of a variant lies; it is made where it does not.

        Raises:
            InputError: it cannot be made or converted.
        """
        parts, rung = self._parts(compression)
        recipe = RECIPES[compression.recipe]
        parts.make(rung, tuple(dict.fromkeys((_FLOAT, recipe))))
        return parts.path(rung, recipe)

    @cached_property
    def _store(self) -> ScoreStore:
        return ScoreStore(self.setting.run)

    @cached_property
    def _parent(self) -> bytes:
        return read_part(self.tflite(PARENT))

    def _meta(self, variant: Variant) -> RungMeta | None:
        """Of its scores, where all of them are there."""
        for meta in self._store.metas():
            if meta.key == variant.scores_key and not self._store.missing(meta):
                return meta
        return None

    def _parts(self, compression: Compression) -> tuple[RungFiles, WantedRung]:
        source = made(self.setting, compression)
        resolution = compression.resolution or source.native
        rung = WantedRung(source, resolution, self.setting.preprocessing)
        folder = self.setting.run / "parts"
        # as `convert` makes it for this rung alone, so that it ships what is judged
        return RungFiles(
            folder=folder,
            base=rung,
            quantiser=QUANTISER,
            calibration=self.setting.calibration,
        ), rung

    def _measure(self, compression: Compression) -> Variant:
        started = time.monotonic()
        parts, rung = self._parts(compression)
        recipe, source = RECIPES[compression.recipe], rung.source
        parts.make(rung, tuple(dict.fromkeys((_FLOAT, recipe))))
        path = parts.path(rung, recipe)
        judged, pixels = self.setting.judged, self.setting.preprocessing
        model = source.at(rung.resolution)
        engine = engine_name("litert")
        meta = meta_of(source, judged, model, rung.resolution, pixels, engine)
        content = read_part(path)
        own = file_scores(self._store, judged, rung, recipe, Opened(content), meta)
        counted = zeros_in(content)
        if counted.macs != meta.macs and not meta.uncounted:
            raise ModelError.of(
                rung.rung,
                f"has {counted.macs:,} MACs in its .tflite against {meta.macs:,} in "
                "Keras",
                "the same network in both",
            )
        timed = beside(content, self._parent)
        own_parent = compression == PARENT  # beside itself: what differs is noise
        kept = keras_file(self.setting, compression)
        return Variant(
            text=compression.text,
            group=group_of(compression),
            rung=rung.rung,
            resolution=rung.resolution,
            recipe=recipe.name,
            keras_file=str(kept.relative_to(self.setting.run)) if kept else "",
            macs=meta.macs,
            parameters=meta.parameters,
            nonzero=meta.parameters - counted.zeros,
            paper_macs=counted.macs - counted.idle_macs,
            size_bytes=len(content),
            zipped_bytes=len(zlib.compress(content, _ZIP_LEVEL)),
            latency_us=timed.own_us,
            parent_us=timed.other_us,
            relative_latency=1.0 if own_parent else timed.ratio,
            relative_low=1.0 if own_parent else timed.ratio_low,
            relative_high=1.0 if own_parent else timed.ratio_high,
            scores_key=own.meta.key,
            seconds=time.monotonic() - started,
        )


def group_of(compression: Compression) -> str:
    """What a variant is, strengths left out; the untouched network is the parent."""
    if compression == PARENT:
        return "parent"
    parts = [RESOLUTION] if compression.resolution is not None else []
    parts += [step.technique for step in compression.steps]
    if compression.recipe != FLOAT or not parts:
        parts.append(compression.recipe)
    return "+".join(parts)
