"""A model at several resolutions over the images once: the function `sweep`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from commands.functions.arguments import called, fitted_images, images_of, source_of
from commands.functions.results import Sweep
from datasets.preprocessing import Preprocessing
from reports.agreement import agreement_table, agreements
from reports.drop import drop_rows
from reports.run_folder import add_sweep, add_tables

if TYPE_CHECKING:
    import keras


def sweep(
    model: "keras.Model | str | Path",
    dataset: str,
    resolutions: Sequence[int],
    run: str | Path = "runs/sweep",
    *,
    split: str | None = None,
    crop: float | None = 0.875,
    limit: int | None = None,
    weights: str | None = None,
    normalisation: str | None = None,
    class_names: str | Path | None = None,
    name: str | None = None,
    engine: str = "auto",
) -> Sweep:
    """Scores of a model at several resolutions, kept under `run` and found again there.

    Args:
        model: a built Keras model, a name of the catalogue, or a model file.
        dataset: as `reswise datasets` lists: glyphs, folder:PATH, csv:FILE, tfds:NAME.
        resolutions: pixels; the native resolution is always swept too.
        crop: centre, in parts of the short side; None squashes.
        limit: the first so many images of a fixed shuffle.
        weights, normalisation, engine: as the flags of `reswise drop`.
        class_names: a file of one name a line, in the model's order.
        name: what the rungs are called; else as the model, functional_1@96 perhaps.
    Returns:
        A mapping: rung name, such as mobilenet_v2@160, -> its scores (images,
        classes), labels and MACs, the dearest first; with a table of drops, or of
        agreement with the native resolution where an image has no label.
    Raises:
        InputError: what cannot be opened, built or read.

    Example:
        >>> import reswise, tempfile
        >>> rungs = reswise.sweep("small_resnet", "glyphs", [48], tempfile.mkdtemp(),
        ...                       weights="glyphs", limit=50)
        >>> list(rungs)
        ['small_resnet@96', 'small_resnet@48']
        >>> rungs["small_resnet@48"].scores.shape
        (50, 36)
    """
    from keras_models.scoring.scores import ScoreStore
    from keras_models.scoring.sweeping import SweepOptions
    from keras_models.scoring.sweeping import sweep as swept

    images = images_of(dataset, split, limit, unlabelled=True)
    source = source_of(model, weights, normalisation, name)
    images = fitted_images(images, source, model, weights, class_names)
    ladder = sorted({source.native, *resolutions}, reverse=True)
    store, how = ScoreStore(Path(run)), SweepOptions(engine)
    rungs = swept(source, images, ladder, [Preprocessing(crop)], store, how)
    by_name = {rung.rung: rung for rung in rungs}
    if any((rung.labels < 0).any() for rung in rungs):
        table = agreement_table(rungs, called("sweep"))
        add_tables(Path(run), "drop", [table], [table.title])
        return Sweep(
            rows=(),
            tables=(table,),
            run=Path(run),
            rungs=by_name,
            agreements=tuple(agreements(rungs)),
        )
    rows = drop_rows(rungs, called("sweep"))
    table, _ = add_sweep(Path(run), rungs, rows)
    return Sweep(rows=tuple(rows), tables=(table,), run=Path(run), rungs=by_name)
