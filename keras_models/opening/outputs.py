"""What a model's outputs say: probabilities, logits, log-probabilities, one unit.

The output is followed back through nested models, Dropout, casts and reshapes to what
made it, and random pictures are asked whether it is so: rows that sum to 1 are
probabilities, whatever made them.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError, ModelError
from keras_models.graphs.calls import Call, Calls
from keras_models.opening.endings import made_by, named

Float32s = NDArray[np.float32]

PROBABILITIES, LOGITS = "probabilities", "logits"
LOG_PROBABILITIES = "log-probabilities"
READINGS = (PROBABILITIES, LOGITS, LOG_PROBABILITIES)

_SUM_TOLERANCE = 2e-3  # of a row of probabilities: float16 casts inside
_SQUASHED = ("sigmoid", "hard_sigmoid")


@dataclass(frozen=True)
class Reading:
    """How raw outputs become scores, as layers and as numpy."""

    word: str  # one of READINGS
    classes: int
    one_unit: bool
    remark: str | None  # what the reader of a table must know

    def appended(
        self, raw: keras.KerasTensor, taken: Collection[str]
    ) -> keras.KerasTensor:
        """Layers from the raw output to (None, classes) probabilities.

        Args:
            taken: names that the model's own operations have.
        """

        def free(name: str) -> str:
            while name in taken:
                name += "_"
            return name

        width = 1 if self.one_unit else self.classes
        if tuple(raw.shape[1:]) != (width,):
            raw = keras.layers.Reshape((width,), dtype="float32", name=free("row"))(raw)
        if self.one_unit:
            return _pair(raw, self.word, free)
        if self.word == LOGITS:
            return keras.layers.Softmax(dtype="float32", name=free("scores"))(raw)
        if self.word == LOG_PROBABILITIES:
            named = free("scores")
            return keras.layers.Activation("exponential", dtype="float32", name=named)(
                raw
            )
        return raw

    def scores(self, raw: NDArray[np.floating]) -> Float32s:
        """The same in numpy: (n, ...) raw outputs -> (n, classes)."""
        rows = np.asarray(raw, np.float64).reshape(len(raw), -1)
        if self.one_unit:
            chance = _sigmoid(rows) if self.word == LOGITS else rows
            rows = np.concatenate([1 - chance, chance], axis=1)
        elif self.word == LOGITS:
            rows = np.exp(rows - rows.max(axis=1, keepdims=True))
            rows /= rows.sum(axis=1, keepdims=True)
        elif self.word == LOG_PROBABILITIES:
            rows = np.exp(rows)
        return rows.astype(np.float32)


def chosen(model: keras.Model, wanted: str | None) -> int:
    """The number of the output that holds the scores.

    Args:
        wanted: --output-name: a name, or a number from 0; None: there is but one.
    Raises:
        InputError: several, and none was chosen; no such output.
    """
    names = _names(model)
    if wanted is None and len(names) == 1:
        return 0
    if wanted in names:
        return names.index(wanted)
    if wanted is not None and wanted.isdecimal() and int(wanted) < len(names):
        return int(wanted)
    shapes = [tuple(tensor.shape) for tensor in model.outputs]
    listed = ", ".join(
        f"{name} {shape}" for name, shape in zip(names, shapes, strict=True)
    )
    if wanted is None:
        raise ModelError.of(
            model.name,
            f"{len(names)} outputs ({listed})",
            "the scores of one label an image",
            "Say which holds them: `output_name=NAME`.",
        )
    raise ModelError("output_name", wanted, f"one of {model.name}: {listed}")


def read(
    name: str,
    calls: Calls,
    output: int,
    shape: tuple[int | None, ...],
    raw: NDArray[np.floating],
    wanted: str | None,
) -> Reading:
    """What an output of a model is.

    Args:
        output: number of its value in `calls`.
        shape: of the output, the batch first.
        raw: outputs of random pictures, the first and the last of which are equal.
        wanted: --output-is; None: as is found here.
    Raises:
        InputError: it is no score of one label an image, or cannot be told.
    """
    width = _width(name, shape)
    rows = np.asarray(raw, np.float64).reshape(len(raw), -1)
    _check_numbers(name, rows)
    words = made_by(calls, output)
    if width == 1:
        return _one_unit(name, words, rows, wanted)
    word = _several(name, width, words, rows, wanted)
    remark = {
        PROBABILITIES: None,
        LOGITS: "scores: softmax of the model's logits",
        LOG_PROBABILITIES: "scores: exponential of the model's log-probabilities",
    }[word]
    return Reading(word, width, False, remark)


def _one_unit(
    name: str, words: Mapping[str, Call], rows: NDArray[np.float64], wanted: str | None
) -> Reading:
    if set(words) == {"softmax"}:
        raise ModelError.of(
            name,
            f"{named(words)} of one unit is always 1",
            "sigmoid or a logit there, or softmax of two units",
        )
    word = wanted
    if word is None and words and set(words) <= set(_SQUASHED):
        word = PROBABILITIES
    if word is None and set(words) == {"linear"}:
        word = LOGITS
    if word not in (PROBABILITIES, LOGITS):
        raise _untold(name, f"one unit that ends in {named(words)}")
    if word == PROBABILITIES and (rows.min() < 0 or rows.max() > 1):
        raise ModelError.of(
            name,
            f"one unit read as a chance gives {rows.min():.3g} to {rows.max():.3g} "
            "on random pictures",
            "0..1",
            "It may be a logit: `output_is=logits`.",
        )
    kind = "logit" if word == LOGITS else "sigmoid unit"
    chance = "sigmoid of it" if word == LOGITS else "it"
    return Reading(
        word,
        2,
        True,
        f"scores: one {kind} read as two classes, (1 - p, p); p, the chance of class "
        f"1, is {chance}",
    )


def _several(
    name: str,
    width: int,
    words: Mapping[str, Call],
    rows: NDArray[np.float64],
    wanted: str | None,
) -> str:
    sums_to_one = _sums_to_one(rows)
    if wanted is not None:
        if wanted == LOGITS and sums_to_one and set(words) == {"softmax"}:
            fault = f"{name} ends in {named(words)}; its scores sum to 1 already"
            raise ModelError("output_is", wanted, "", "Leave it out.", fault)
        if wanted != LOGITS and not _sums_to_one(_probabilities(rows, wanted)):
            fault = f"those of {name} do not sum to 1 on random pictures"
            raise ModelError("output_is", wanted, "logits, or left out", fault=fault)
        return wanted
    if sums_to_one:
        return PROBABILITIES
    if _sums_to_one(_probabilities(rows, LOG_PROBABILITIES)):
        return LOG_PROBABILITIES
    if set(words) == {"linear"}:
        return LOGITS
    if set(words) & set(_SQUASHED):
        raise ModelError.of(
            name,
            f"its last layer ends in sigmoid over {width} classes ({named(words)}): "
            "several labels an image",
            "softmax or logits of one label per image",
        )
    if set(words) == {"softmax"}:
        raise ModelError.of(
            name,
            f"{named(words)}, but scores do not sum to 1 over the {width} classes of "
            "an image on random pictures",
            "softmax over the last axis, and nothing after it that changes the sum",
        )
    raise _untold(name, f"{width} units that end in {named(words)}")


def _untold(name: str, what: str) -> InputError:
    return ModelError.of(
        name,
        what,
        "softmax, sigmoid or logits",
        "Whether they are scores cannot be told: say it, `output_is=probabilities` "
        "or `output_is=logits`.",
    )


def _probabilities(rows: NDArray[np.float64], word: str) -> NDArray[np.float64]:
    if word == LOG_PROBABILITIES:
        return np.exp(np.minimum(rows, 50.0))
    return rows


def _sums_to_one(rows: NDArray[np.float64]) -> bool:
    far = np.abs(rows.sum(axis=1) - 1).max()
    return bool(rows.min() >= -1e-6 and far <= _SUM_TOLERANCE)


def _check_numbers(name: str, rows: NDArray[np.float64]) -> None:
    if not np.isfinite(rows).all():
        raise ModelError.of(
            name,
            "scores of random pictures are not finite numbers",
            "",
            "The weights may be damaged, or `normalisation` not what the model takes.",
        )
    apart = np.abs(rows[0] - rows[-1]).max()
    if apart > 1e-3 * max(1.0, float(np.abs(rows).max())):
        raise ModelError.of(
            name,
            f"one picture twice in a batch gives scores that differ by {apart:.2g}: "
            "something in it is random, or reads the other pictures of the batch, "
            "at inference too",
            "a model that answers a picture alike every time",
        )


def _width(name: str, shape: tuple[int | None, ...]) -> int:
    sizes = [size for size in shape[1:] if size != 1]
    if None in sizes or len(sizes) > 1:
        raise ModelError.of(
            name, f"output of shape {shape}", "one (None, classes): one label an image"
        )
    return int(sizes[0] or 0) if sizes else 1


def _names(model: keras.Model) -> list[str]:
    """What its outputs are called: keys of a dict, or the layers that make them."""
    struct = getattr(model, "_outputs_struct", None)
    if isinstance(struct, dict) and len(struct) == len(model.outputs):
        by_tensor = {id(tensor): key for key, tensor in struct.items()}
        return [str(by_tensor[id(tensor)]) for tensor in model.outputs]
    return [str(name) for name in getattr(model, "output_names", ["output"])]


def _pair(
    raw: keras.KerasTensor, word: str, free: Callable[[str], str]
) -> keras.KerasTensor:
    """(None, 1) -> (None, 2): chances of class 0 and 1."""
    chance = raw
    if word == LOGITS:
        sigmoid = free("chance_of_1")
        chance = keras.layers.Activation("sigmoid", dtype="float32", name=sigmoid)(raw)
    rest = keras.layers.Rescaling(-1.0, 1.0, dtype="float32", name=free("chance_of_0"))
    other = rest(chance)
    join = keras.layers.Concatenate(dtype="float32", name=free("scores"))
    return join([other, chance])


def _sigmoid(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.clip(rows, -500, 500)))


Scorer = Callable[[NDArray[np.floating]], Float32s]
