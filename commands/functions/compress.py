"""Compression without training, beside resolution: the function `compress`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from commands import compress_files, compress_flags
from commands.functions.arguments import called, fitted_images, source_of
from commands.functions.results import Compressed
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing

if TYPE_CHECKING:
    import keras


def compress(
    model: "keras.Model | str | Path",
    dataset: str,
    run: str | Path = "runs/compress",
    *,
    techniques: str | None = None,
    resolutions: Sequence[int] | None = None,
    max_drop: float = 1.0,
    confidence: float = 0.95,
    search_part: float = 0.3,
    seed: int = 0,
    split: str | None = None,
    crop: float | None = 0.875,
    limit: int | None = None,
    calibration_images: int | None = None,
    weights: str | None = None,
    normalisation: str | None = None,
    class_names: str | Path | None = None,
    name: str | None = None,
) -> Compressed:
    """Variants of a network, measured, and the cheapest whose drop is certified.

    Args:
        model: a built Keras model, a name of the catalogue, or a model file.
        dataset: labelled images; a part of them calibrates and judges nothing.
        techniques: as `reswise compress --techniques`; None: a grid over all.
        resolutions: of the technique resolution and of cascades.
        max_drop: points of accuracy, the largest true drop.
        search_part: of the judged images, those that certify nothing.
    Returns:
        `cheapest` by "bytes", "MACs" and "latency", empty where nothing cheaper than
        the parent is certified; `keras_file` of a variant; a table of all.
    Raises:
        InputError: what cannot be opened or read, images without labels, too few.

    Example:
        >>> import reswise, tempfile
        >>> found = reswise.compress("small_resnet", "glyphs", tempfile.mkdtemp(),
        ...                          techniques="magnitude:0.3", weights="glyphs",
        ...                          limit=60, calibration_images=20)
        >>> found.cheapest["bytes"]  # zeros are stored: such a file is no smaller
        ''
    """
    from convert.compressing.job import compress as done
    from convert.compressing.variant import Setting
    from convert.quantising.calibration import judged_and_calibration
    from selection.plans.several import Limits

    if limit is not None and limit < 1:
        raise InputError("limit", limit, "1 picture or more")
    source = source_of(model, weights, normalisation, name)
    judged, calibration = judged_and_calibration(
        dataset, split, count=calibration_images, seed=seed
    )
    judged = judged if limit is None else judged.limited(limit)
    setting = Setting(
        source=source,
        preprocessing=Preprocessing(crop),
        judged=fitted_images(judged, source, model, weights, class_names),
        calibration=calibration,
        run=Path(run),
    )
    rungs = list(resolutions or compress_flags.resolutions_of(None, source))
    wanted = compress_flags.grid(techniques, rungs, source.model)
    limits = Limits(float(max_drop), float(confidence), search_part, seed)
    outcome = done(setting, wanted.compressions, wanted.cascade, limits)
    given = str(model) if isinstance(model, str | Path) else "FILE"
    parent = ["--model", given, *(["--weights", weights] if weights else [])]
    data = ["--dataset", dataset, *(["--split", split] if split else [])]
    command = called("compress")
    tables, rows, _ = compress_files.write(
        outcome, setting, wanted.notes, parent, data, command
    )
    return Compressed(
        rows=tuple(rows), tables=tuple(tables), run=Path(run), outcome=outcome
    )
