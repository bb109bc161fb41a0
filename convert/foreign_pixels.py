"""How pixels enter a foreign .tflite: as its user, its metadata or its input says."""

from dataclasses import dataclass

from convert.manifest import Preprocessing
from convert.untrusted.metadata_reader import normalisation_in
from convert.untrusted.tflite_file import GraphTensor, TfliteFile
from datasets.errors import InputError
from keras_models.normalisation import NORMALISATIONS, of_family

Triple = tuple[float, float, float]

# (channels, mean, deviation) of pixels in 0..255: keras_models.normalisation as data
_CONVENTIONS: dict[str, tuple[str, Triple, Triple]] = {
    "tf": ("RGB", (127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
    "caffe": ("BGR", (103.939, 116.779, 123.68), (1.0, 1.0, 1.0)),
    "torch": (
        "RGB",
        (0.485 * 255, 0.456 * 255, 0.406 * 255),
        (0.229 * 255, 0.224 * 255, 0.225 * 255),
    ),
    "none": ("RGB", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}
# Source: efficientnet_lite_builder.py of github.com/tensorflow/tpu, MEAN_RGB
_EFFICIENTNET_LITE = ("RGB", (127.0, 127.0, 127.0), (128.0, 128.0, 128.0))


@dataclass(frozen=True)
class PixelChoice:
    """What the user says; None: as the file says, else as usual."""

    crop: str = "0.875"
    interpolation: str = "bilinear"
    antialias: bool = True
    normalisation: str | None = None  # a word of keras_models.normalisation
    mean: tuple[float, ...] | None = None  # one number, or one a channel
    deviation: tuple[float, ...] | None = None


def preprocessing_of(
    model: TfliteFile, held: GraphTensor, name: str, choice: PixelChoice
) -> Preprocessing:
    """Crop and resize as chosen; the normalisation from the first that says it.

    The order: the user, the file's metadata, a quantised input (which takes pixels as
    they are stored), the family that its name begins with.

    Raises:
        InputError: nobody says it, or numbers that cannot be.
    """
    channels, mean, deviation = _normalisation(model, held, name, choice)
    if min(deviation) <= 0:
        raise InputError(f"deviation {deviation}: expected numbers above 0.")
    return Preprocessing(
        choice.crop, choice.interpolation, choice.antialias, channels, mean, deviation
    )


def _normalisation(
    model: TfliteFile, held: GraphTensor, name: str, choice: PixelChoice
) -> tuple[str, Triple, Triple]:
    if (choice.mean is None) != (choice.deviation is None):
        raise InputError("--mean and --deviation belong together; expected both.")
    if choice.mean is not None and choice.deviation is not None:
        deviation = _triple(choice.deviation, "--deviation")
        return "RGB", _triple(choice.mean, "--mean"), deviation
    if choice.normalisation is not None:
        return _convention(choice.normalisation)
    said = normalisation_in(model.metadata, model.where)
    if said is not None:
        where = f"{model.where}: normalisation in its metadata"
        return "RGB", _triple(said[0], where), _triple(said[1], where)
    if held.scale:
        return _as_stored(held)
    if "efficientnet" in name.lower() and "lite" in name.lower():
        return _EFFICIENTNET_LITE
    return _convention(of_family(name))


def _as_stored(held: GraphTensor) -> tuple[str, Triple, Triple]:
    """Pixel 0 is the lowest number stored, 255 the highest, as is usual."""
    mean = float(held.zero_point + (128 if held.dtype == "int8" else 0))
    return "RGB", (mean,) * 3, (1 / held.scale,) * 3


def _convention(word: str) -> tuple[str, Triple, Triple]:
    if word not in _CONVENTIONS:
        raise InputError(
            f"--normalisation {word}: expected one of {', '.join(NORMALISATIONS)}."
        )
    return _CONVENTIONS[word]


def _triple(numbers: tuple[float, ...], where: str) -> Triple:
    if len(numbers) not in (1, 3):
        raise InputError(f"{where}: {len(numbers)} numbers; expected one, or three.")
    first, second, third = numbers * 3 if len(numbers) == 1 else numbers
    return first, second, third
