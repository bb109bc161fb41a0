"""Models, or a plan, as a bundle of .tflite files: the function `convert`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from commands.functions.arguments import called, fitted_images, source_of
from commands.functions.results import Bundled
from datasets.class_order import ModelClasses, fitted
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing
from reports.parity_table import parity_rows, parity_table
from reports.run_folder import add_rows
from reports.table import write_tables

if TYPE_CHECKING:
    import keras


def convert(
    models: "Sequence[keras.Model | str | Path]",
    dataset: str,
    run: str | Path = "runs/convert",
    *,
    resolutions: Sequence[int] | None = None,
    plan: str | Path | None = None,
    recipe: str = "float32",
    split: str | None = None,
    crop: float | None = 0.875,
    limit: int | None = None,
    weights: str | None = None,
    normalisation: str | None = None,
    class_names: str | Path | None = None,
    names: Sequence[str] | None = None,
    separate_files: bool = False,
) -> Bundled:
    """A bundle of .tflite files of models at several resolutions, or of a plan.

    Args:
        models: built, by name or by file, each once.
        dataset: images that judge, and apart from them images that calibrate.
        resolutions, plan: one of them: pixels, or the path of a plan.json.
        recipe: such as float32, float16, full_int8.
        names: as many as models: what their rungs are called.
    Returns:
        The bundle's `folder`, how each rung compares with its float parent, and the
        `failures`, checks that it does not pass.
    Raises:
        InputError: what cannot be opened, read or converted.

    Example:
        >>> import reswise, tempfile
        >>> made = reswise.convert(["small_resnet"], "glyphs", tempfile.mkdtemp(),
        ...                        resolutions=[48], weights="glyphs", limit=20)
        >>> made.failures
        []
    """
    if (resolutions is None) == (plan is None):
        raise InputError("resolutions", resolutions, "either these or `plan`")
    from convert.converting import Options
    from convert.converting import convert as converted
    from convert.quantising.calibration import judged_and_calibration
    from convert.quantising.recipes import parse_recipes
    from convert.wanted import wanted_from_flags, wanted_from_plan

    given: list[str | None] = [*names] if names is not None else [None] * len(models)
    if len(given) != len(models):
        raise InputError("names", len(given), f"{len(models)}, one a model")
    sources = [
        source_of(model, weights, normalisation, name)
        for model, name in zip(models, given, strict=True)
    ]
    preprocessing = Preprocessing(crop)
    wanted = (
        wanted_from_flags(sources, list(resolutions), preprocessing, None)
        if resolutions is not None
        else wanted_from_plan(Path(str(plan)), sources, preprocessing)
    )
    judged, calibration = judged_and_calibration(dataset, split)
    judged = judged if limit is None else judged.limited(limit)
    opened, first = judged, models[0]
    judged = fitted_images(opened, sources[0], first, weights, class_names)
    of_data = judged.class_names
    labels = of_data if len(of_data) == sources[0].classes else None
    known = ModelClasses(model=sources[0].name, count=sources[0].classes)
    judged = fitted(judged, known)
    (parsed,) = parse_recipes(recipe)
    command = called("convert")
    options = Options(
        run=Path(run),
        recipes=(parsed,),
        quantiser="litert",
        separate=separate_files,
        min_agreement=None,
        max_unreadable=0,
        command=command,
    )
    made = next(converted(wanted, judged, calibration, labels, options))
    table = parity_table(made, not separate_files)
    rows = parity_rows(made, wanted, judged, command)
    write_tables(made.bundle.folder, "parity", [table], command=command)
    add_rows(Path(run), rows)
    return Bundled(rows=tuple(rows), tables=(table,), run=Path(run), conversion=made)
