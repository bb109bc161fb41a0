"""A model, or a plan -> a bundle of .tflite files that an app or a phone runs.

For scripts, `to_bundle`. Opening a bundle loads neither TensorFlow nor Keras.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

    from convert.converting import Result


def to_bundle(
    models: "Sequence[keras.Model | str]",
    dataset: str,
    run: str | Path,
    *,
    resolutions: Sequence[int] | None = None,
    plan: str | Path | None = None,
    recipe: str = "float32",
    split: str | None = None,
    crop: float | None = 0.875,
    limit: int | None = None,
    normalisation: str | None = None,
    separate: bool = False,
) -> "Result":
    """Converts models at several resolutions, or a plan, and checks every rung.

    Args:
        models: built Keras models, names of the catalogue or model files, each once.
        dataset: images that judge, and apart from them images that calibrate, as
            `reswise convert --dataset`.
        run: the bundle goes to a subfolder; finished files are found again there.
        resolutions, plan: one of them: pixels, or the path of a plan.json.
        recipe, split, crop, limit, normalisation, separate: as the flags of
            `reswise convert`.
    Returns:
        The bundle, and how each rung compares with its float parent; `failures` names
        the checks that it does not pass.
    Raises:
        datasets.errors.InputError: what cannot be opened, read or converted.
    """
    from convert.converting import Options, convert
    from convert.quantising.calibration import judged_and_calibration
    from convert.quantising.recipes import parse_recipes
    from convert.wanted import wanted_from_flags, wanted_from_plan
    from datasets.errors import InputError
    from datasets.preprocessing import Preprocessing
    from keras_models.loading import ModelChoice, from_model, load

    sources = [
        load(ModelChoice(model=model, normalisation=normalisation))
        if isinstance(model, str)
        else from_model(model, normalisation)
        for model in models
    ]
    preprocessing = Preprocessing(crop)
    if plan is not None and resolutions is None:
        wanted = wanted_from_plan(Path(plan), sources, preprocessing)
    elif resolutions is not None and plan is None:
        wanted = wanted_from_flags(sources, resolutions, preprocessing, None)
    else:
        raise InputError("resolutions", resolutions, "either these or `plan`")
    judged, calibration = judged_and_calibration(dataset, split)
    judged = judged if limit is None else judged.limited(limit)
    names = judged.class_names
    labels = names if len(names) == sources[0].classes else None
    (parsed,) = parse_recipes(recipe)
    options = Options(
        run=Path(run),
        recipes=(parsed,),
        quantiser="litert",
        separate=separate,
        min_agreement=None,
        max_unreadable=0,
        command="convert.to_bundle",
    )
    return next(convert(wanted, judged, calibration, labels, options))
