"""Networks by name, by file, and at other resolutions: `model` and `rebuild`."""

from pathlib import Path
from typing import TYPE_CHECKING

from commands.functions.arguments import source_of

if TYPE_CHECKING:
    import keras


def model(
    name: str | Path, weights: str | None = None, normalisation: str | None = None
) -> "keras.Model":
    """A Keras model of the catalogue, or of a file, as every function here takes it.

    Args:
        name: as `reswise models` lists, or the path of a .keras file.
        weights: imagenet, glyphs, cifar10, random, or a file.
    Raises:
        InputError: no such model, or weights that do not fit it.

    Example:
        >>> import reswise
        >>> reswise.model("small_resnet", "glyphs").input_shape
        (None, 96, 96, 3)
    """
    return source_of(name, weights, normalisation).model


def rebuild(model: "keras.Model", resolution: int) -> "keras.Model":
    """The same network for square inputs of `resolution` pixels, weights transferred.

    Args:
        model: functional, channels last, one RGB input, with global pooling.
    Raises:
        InputError: it cannot be rebuilt; says why.

    Example:
        >>> import reswise
        >>> native = reswise.model("small_resnet", "glyphs")
        >>> reswise.rebuild(native, 48).input_shape
        (None, 48, 48, 3)
    """
    from keras_models.rebuilding import rebuild as rebuilt

    return rebuilt(model, resolution)
