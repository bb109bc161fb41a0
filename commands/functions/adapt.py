"""Batch norm tuned for lower resolutions, without labels: the function `adapt`."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from commands.functions.arguments import called, fitted_images, images_of, source_of
from commands.functions.results import Adapted
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing
from reports.adapt_table import adapt_table
from reports.run_folder import add_tables

if TYPE_CHECKING:
    import keras

    from keras_models.adapted import Outcome
    from keras_models.adapting.adapt import Lesson


def adapt(
    model: "keras.Model | str | Path",
    dataset: str,
    resolutions: Sequence[int],
    run: str | Path = "runs/adapt",
    *,
    split: str | None = None,
    crop: float | None = 0.875,
    limit: int | None = None,
    weights: str | None = None,
    normalisation: str | None = None,
    class_names: str | Path | None = None,
    name: str | None = None,
    tensors: str = "norms",
    passes: int = 24,
    seed: int = 0,
) -> Adapted:
    """Batch norm tuned for lower resolutions without labels; declines where it hurts.

    Args:
        resolutions: below the native one, each adapted by itself.
        tensors: offsets, norms (scales too) or norms+head.
        passes: over the pictures.
        name: what the rungs are called; else as the model is.
    Returns:
        One outcome a resolution, and the `models` as they are now.
    Raises:
        InputError: too few pictures, a resolution that is not below the native one.

    Example:
        >>> import reswise, tempfile
        >>> done = reswise.adapt("small_resnet", "glyphs", [48], tempfile.mkdtemp(),
        ...                      weights="glyphs", limit=40, passes=1)
        >>> [outcome.resolution for outcome in done.outcomes]
        [48]
    """
    images = images_of(dataset, split, limit)
    source = source_of(model, weights, normalisation, name)
    images = fitted_images(images, source, model, weights, class_names)
    if not resolutions or max(resolutions) >= source.native:
        raise InputError(
            "resolutions", list(resolutions),
            f"pixels below the native resolution, {source.native}",
        )  # fmt: skip
    from keras_models.adapted import write_record
    from keras_models.adapting.adapt import AdaptSettings, free_variables
    from keras_models.adapting.lessons import lessons
    from keras_models.framework import versions

    settings = AdaptSettings(passes=passes, tensors=tensors, seed=seed)
    free_variables(source.model, tensors)  # none: said before long work
    preprocessing = Preprocessing(crop)
    learnt = lessons(source, images, list(resolutions), preprocessing, settings)
    models = {resolution: source.at(resolution) for resolution in resolutions}
    outcomes = []
    for resolution, lower in models.items():
        lesson, convention = learnt[resolution], source.normalisation
        outcomes.append(_adapted(lower, convention, lesson, settings, Path(run)))
    facts: dict[str, object] = {
        "command": called("adapt"),
        "model": source.name,
        "weights": source.weights,
        "native": source.native,
        "dataset": images.name,
        "split": images.split,
        "fingerprint": images.fingerprint,
        "preprocessing": preprocessing.describe(),
        "settings": asdict(settings),
        "versions": versions(),
    }
    write_record(Path(run), source.weights_sha256, facts, outcomes)
    title = f"{source.name} ({source.weights}) adapted on {images.name} {images.split}"
    title += ", without labels"
    table = adapt_table(title, source.native, outcomes, called("adapt"))
    add_tables(Path(run), "adapt", [table], [table.title])
    return Adapted(
        rows=(),
        tables=(table,),
        run=Path(run),
        outcomes=tuple(outcomes),
        models=models,
    )


def _adapted(
    model: "keras.Model",
    normalisation: str,
    lesson: "tuple[Lesson, Lesson]",
    settings: object,
    run: Path,
) -> "Outcome":
    """One resolution by itself; its tensors are kept where it is accepted."""
    from keras_models.adapted import write_tensors
    from keras_models.adapting.adapt import AdaptSettings, adapt_together

    assert isinstance(settings, AdaptSettings)
    before = model.get_weights()
    (outcome,) = adapt_together([model], normalisation, [lesson], settings)
    if outcome.accepted:
        write_tensors(run, outcome.resolution, before, model.get_weights())
    return outcome
