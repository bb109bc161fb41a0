"""What a model's classes are called, where it left a record: weights that we trained.

A .keras file has no names of its classes. `reswise train` writes them beside the
weights, and packaged weights may have such a record; for others --class-names is there.
"""

from pathlib import Path

from datasets.errors import InputError
from datasets.user_files import UserFile
from keras_models.packaged import packaged_weights

_GLYPHS = "glyphs"


def recorded_names(
    model: str, weights: str | None, alpha: float = 1.0
) -> tuple[str, ...]:
    """The names in the model's order; empty where nothing recorded them.

    Args:
        model, weights, alpha: as the flags of the same names.
    """
    if weights == _GLYPHS:
        from datasets.glyphs_drawing import SYMBOLS

        return tuple(SYMBOLS)
    path = Path(weights or model)
    if not path.suffix and weights:
        try:
            path = packaged_weights(model, weights, alpha).path
        except InputError:  # imagenet, random
            return ()
    return _names_in(path.with_suffix(".json")) if path.suffix else ()


def _names_in(record: Path) -> tuple[str, ...]:
    try:
        facts = UserFile(record).object()
    except InputError:
        return ()
    names = facts.get("class_names")
    return tuple(map(str, names)) if isinstance(names, list) else ()
