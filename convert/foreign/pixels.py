"""How pixels enter a foreign .tflite: as its user, its metadata or its input says.

What is taken, and from where, is a remark of the bundle: a wrong guess shows there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from convert.manifest import Preprocessing, Tensor
from convert.pixel_codes import Triple, misfit, near_own_codes, own_codes
from convert.untrusted.metadata_reader import normalisation_in
from convert.untrusted.tflite_file import Graph, TfliteFile
from datasets.errors import BundleError, InputError, ModelError
from keras_models.normalisation import NORMALISATIONS, of_family

# (channels, mean, deviation) of pixels in 0..255: keras_models.normalisation as data
_CONVENTIONS: dict[str, tuple[str, Triple, Triple]] = {
    "tf": ("RGB", (127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
    "caffe": ("BGR", (103.939, 116.779, 123.68), (1.0, 1.0, 1.0)),
    "torch": (
        "RGB",
        (0.485 * 255, 0.456 * 255, 0.406 * 255),
        (0.229 * 255, 0.224 * 255, 0.225 * 255),
    ),
    "unit": ("RGB", (0.0, 0.0, 0.0), (255.0, 255.0, 255.0)),
    "none": ("RGB", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}
# Source: efficientnet_lite_builder.py of github.com/tensorflow/tpu, MEAN_RGB
_EFFICIENTNET_LITE = ("RGB", (127.0, 127.0, 127.0), (128.0, 128.0, 128.0))
_WHOLE = ("uint8", "int8")
_METADATA = "its metadata"


@dataclass(frozen=True, kw_only=True)
class PixelChoice:
    """What the user says; None: as the file says, else as usual."""

    crop: str = "0.875"
    interpolation: str = "bilinear"
    antialias: bool = True
    normalisation: str | None = None  # a word of keras_models.normalisation
    mean: tuple[float, ...] | None = None  # one number, or one a channel
    deviation: tuple[float, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class _Said:
    """What one source says of the pixels."""

    source: str
    channels: str
    mean: Triple
    deviation: Triple
    of_user: bool = False

    def __str__(self) -> str:
        mean, deviation = (
            ", ".join(f"{number:g}" for number in dict.fromkeys(numbers))
            for numbers in (self.mean, self.deviation)
        )
        return f"{self.channels}, mean {mean}, deviation {deviation}"


def preprocessing_of(
    model: TfliteFile, graph: Graph, name: str, choice: PixelChoice
) -> tuple[Preprocessing, tuple[str, ...]]:
    """Crop and resize as chosen; the normalisation from the first that says it.

    The order: the user, the file's metadata, a quantised input (which takes a picture's
    own codes), the family that the name begins with.

    Returns:
        It, and remarks: what is taken, and from where.
    Raises:
        InputError: nobody says it, numbers that cannot be, or that lose the picture.
    """
    if graph.inputs[0].dtype in _WHOLE:
        said, remarks = _of_codes(model, graph, name, choice)
    else:
        said = _of_reals(model, graph, name, choice)
        remarks = []
    remarks.append(f"Pixels enter as {said}: by {said.source}.")
    preprocessing = Preprocessing(
        crop=choice.crop,
        interpolation=choice.interpolation,
        antialias=choice.antialias,
        channels=said.channels,
        mean=said.mean,
        deviation=said.deviation,
    )
    return preprocessing, tuple(remarks)


def _of_codes(
    model: TfliteFile, graph: Graph, name: str, choice: PixelChoice
) -> tuple[_Said, list[str]]:
    """A picture's own codes, unless another mapping is said and loses nothing."""
    held = graph.inputs[0]
    tensor = Tensor(
        name=held.name,
        dtype=held.dtype,
        shape=held.shape,
        scale=held.scale,
        zero_point=held.zero_point,
    )
    mean, deviation = own_codes(held.dtype, held.scale, held.zero_point)
    less = " less 128" if held.dtype == "int8" else ""
    own = _Said(
        source=f"the picture's own codes{less}, as {held.dtype} inputs take them",
        channels="RGB",
        mean=mean,
        deviation=deviation,
    )
    remarks = []
    for said in _said_of_codes(model, name, choice):
        if why := _unfit(said, tensor, held.scales):
            if said.of_user:
                raise BundleError.of(
                    model.where,
                    f"{said.source}: {said} does not fit its {held.dtype} input: {why}",
                    "",
                    f"Leave it out to put in {own.source}.",
                )
            remarks.append(f"{said.source.capitalize()} says {said}, but {why}.")
        elif said.channels != "RGB" or not _near(said, tensor):
            return said, remarks
        else:
            return own, remarks
    return own, remarks


def _said_of_codes(
    model: TfliteFile, name: str, choice: PixelChoice
) -> Iterator[_Said]:
    if said := _of_user(choice):
        yield said
        return
    if said := _of_metadata(model):
        yield said
        return
    try:  # a family whose channels are turned has codes that no picture has
        word = of_family(name)
    except InputError:
        return
    if _CONVENTIONS.get(word, ("RGB",))[0] != "RGB":
        yield _of_word(word, f"the family of its name, {name}")


def _near(said: _Said, tensor: Tensor) -> bool:
    return near_own_codes(said.mean, said.deviation, tensor)


def _unfit(said: _Said, tensor: Tensor, scales: int) -> str:
    if scales > 1:
        return f"the input has {scales} scales, one a channel"
    return misfit(said.mean, said.deviation, tensor)


def _of_reals(model: TfliteFile, graph: Graph, name: str, choice: PixelChoice) -> _Said:
    said = _of_user(choice) or _of_metadata(model) or _of_family(graph, name, model)
    if (held := graph.rounded) is not None and held.scales == 1:
        tensor = Tensor(
            name=held.name,
            dtype=held.dtype,
            shape=held.shape,
            scale=held.scale,
            zero_point=held.zero_point,
        )
        if why := misfit(said.mean, said.deviation, tensor):
            raise BundleError.of(
                model.where,
                f"{said.source}: {said} does not fit the file, which first rounds "
                f"its input to {held.dtype} (scale {held.scale:.6g}, zero point "
                f"{held.zero_point}): {why}",
                "",
                "Say `normalisation`, or `mean` and `deviation`.",
            )
    return said


def _of_user(choice: PixelChoice) -> _Said | None:
    if (choice.mean is None) != (choice.deviation is None):
        raise InputError("mean", choice.mean, "it and `deviation` together")
    if choice.mean is not None and choice.deviation is not None:
        mean, deviation = (
            _given(choice.mean, "mean"),
            _given(choice.deviation, "deviation"),
        )
        if not min(deviation) > 0:
            raise InputError("deviation", deviation, "numbers above 0")
        return _Said(
            source="the mean and deviation given",
            channels="RGB",
            mean=mean,
            deviation=deviation,
            of_user=True,
        )
    if choice.normalisation is not None:
        source = f"the normalisation given, {choice.normalisation}"
        return _of_word(choice.normalisation, source, True)
    return None


def _of_metadata(model: TfliteFile) -> _Said | None:
    said = normalisation_in(model.metadata, model.where)
    if said is None:
        return None
    where = f"{model.where}: normalisation in its metadata"
    mean, deviation = _triple(said[0], where), _triple(said[1], where)
    if not min(deviation) > 0:
        raise BundleError.of(where, f"deviation {deviation}", "numbers above 0")
    return _Said(source=_METADATA, channels="RGB", mean=mean, deviation=deviation)


def _of_family(graph: Graph, name: str, model: TfliteFile) -> _Said:
    """By its name alone, so only where the graph does not change pixels itself."""
    if graph.begins_scaling:
        raise BundleError.of(
            model.where,
            "scales or shifts its input before the first convolution, so its pixels "
            "are not those of its family; its metadata does not say how they enter",
            "",
            "Say `normalisation` (none where it takes pixels 0..255), or `mean` and "
            "`deviation`.",
        )
    if "efficientnet" in name.lower() and "lite" in name.lower():
        channels, mean, deviation = _EFFICIENTNET_LITE
        return _Said(
            source="the family of its name, EfficientNet-Lite",
            channels=channels,
            mean=mean,
            deviation=deviation,
        )
    word = of_family(name)
    return _of_word(word, f"the family of its name, {name}: {word}; nothing checks it")


def _of_word(word: str, source: str, of_user: bool = False) -> _Said:
    if word not in _CONVENTIONS:
        raise ModelError("normalisation", word, f"one of {', '.join(NORMALISATIONS)}")
    channels, mean, deviation = _CONVENTIONS[word]
    return _Said(
        source=source,
        channels=channels,
        mean=mean,
        deviation=deviation,
        of_user=of_user,
    )


def _given(numbers: tuple[float, ...], argument: str) -> Triple:
    if len(numbers) not in (1, 3):
        raise InputError(argument, numbers, "one number, or three")
    return _triple(numbers, argument)


def _triple(numbers: tuple[float, ...], where: str) -> Triple:
    if len(numbers) not in (1, 3):
        raise BundleError.of(where, f"{len(numbers)} numbers", "one, or three")
    first, second, third = numbers * 3 if len(numbers) == 1 else numbers
    return first, second, third
