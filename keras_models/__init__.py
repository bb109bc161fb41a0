"""Pixels -> scores: models at other resolutions, what they cost, what they answer.

For scripts, `rebuild` and `sweep`. Importing the package loads no framework.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

    from keras_models.scoring.score_records import StoredRung


def rebuild(model: "keras.Model", resolution: int) -> "keras.Model":
    """The same network for square inputs of `resolution` pixels, weights transferred.

    Args:
        model: functional, channels last, one RGB input, with global pooling.
    Returns:
        A model of its own with input (None, resolution, resolution, 3).
    Raises:
        datasets.errors.InputError: it cannot be rebuilt; says why.
    """
    from keras_models.rebuilding import rebuild as rebuilt

    return rebuilt(model, resolution)


def sweep(
    model: "keras.Model | str | Path",
    dataset: str,
    resolutions: Sequence[int],
    run: str | Path,
    *,
    split: str | None = None,
    crop: float | None = 0.875,
    limit: int | None = None,
    weights: str | None = None,
    normalisation: str | None = None,
    engine: str = "auto",
    native_resolution: int | None = None,
    output_name: str | None = None,
    output_is: str | None = None,
) -> "Mapping[str, StoredRung]":
    """Scores of a model at several resolutions, kept under `run` and found again there.

    `reswise select`, `plan` and `report` go on from the same folder.

    Args:
        model: a built Keras model, a name of the catalogue, or a model file.
        dataset: as `reswise datasets` lists: glyphs, folder:PATH, csv:FILE, tfds:NAME.
        resolutions: pixels; the native resolution is always swept too.
        crop: centre, in parts of the short side; None squashes.
        limit: the first so many images of a fixed shuffle.
        weights, normalisation, engine, native_resolution, output_name, output_is: as
            the flags of `reswise drop`.
    Returns:
        Rung name, such as mobilenet_v2@160, -> its scores (images, classes), labels,
        MACs; the dearest first.
    Raises:
        datasets.errors.InputError: what cannot be opened, built or read.
    """
    from datasets.catalogue import open_dataset
    from datasets.preprocessing import Preprocessing
    from keras_models.loading import ModelChoice, from_model, load
    from keras_models.opening.canonical import Said
    from keras_models.scoring.scores import ScoreStore
    from keras_models.scoring.sweeping import SweepOptions
    from keras_models.scoring.sweeping import sweep as swept

    images = open_dataset(dataset, split, None)
    images = images if limit is None else images.limited(limit)
    if isinstance(model, str | Path):
        choice = ModelChoice(
            model=str(model),
            weights=weights,
            normalisation=normalisation,
            output=output_name,
            scores=output_is,
            native=native_resolution,
        )
        source = load(choice)
    else:
        said = Said(
            normalisation=normalisation,
            output=output_name,
            scores=output_is,
            native=native_resolution,
        )
        source = from_model(model, said=said)
    ladder = sorted({source.native, *resolutions}, reverse=True)
    options = SweepOptions(engine)
    store = ScoreStore(Path(run))
    rungs = swept(source, images, ladder, [Preprocessing(crop)], store, options)
    return {rung.rung: rung for rung in rungs}
