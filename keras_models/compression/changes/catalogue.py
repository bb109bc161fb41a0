"""The changes of architecture by name; + joins several, in the order applied."""

import keras

from datasets.errors import InputError
from keras_models.compression.changes.contract import Change, Changed
from keras_models.compression.changes.dice import DICE
from keras_models.compression.changes.excitation import Excitation
from keras_models.compression.changes.factorised import FACTORISED
from keras_models.compression.changes.fire import FIRE
from keras_models.compression.changes.gap import GlobalAveragePool
from keras_models.compression.changes.ghost import GHOST
from keras_models.compression.changes.inverted import INVERTED
from keras_models.compression.changes.separable import SEPARABLE
from keras_models.compression.changes.shuffle import SHUFFLE

CHANGES: dict[str, Change] = {
    change.name: change
    for change in (
        GlobalAveragePool(),
        SEPARABLE,
        FIRE,
        FACTORISED,
        GHOST,
        SHUFFLE,
        INVERTED,
        Excitation(),
        DICE,
    )
}


def named(text: str) -> list[Change]:
    """The changes that a word such as `gap+separable` names, in that order.

    Raises:
        InputError: one has no such name.
    """
    words = [word.strip() for word in text.split("+")]
    for word in words:
        if word not in CHANGES:
            raise InputError(
                "change", text, f"one of {', '.join(CHANGES)}, or several joined by +"
            )
    return [CHANGES[word] for word in words]


def changed(model: keras.Model, text: str) -> Changed:
    """A model after one change, or several, of fresh layers.

    Args:
        text: such as separable or gap+separable.
    Raises:
        InputError: no such change, or one that does not apply; says why.

    Example:
        >>> from keras_models.catalogue import build
        >>> found = changed(build("resnet20", 32), "separable")
        >>> found.model.count_params(), len(found.replaced)
        (39146, 18)
    """
    steps = [change.apply for change in named(text)]
    result = steps[0](model)
    for step in steps[1:]:
        result = _after(result, step(result.model))
    return result


def _after(first: Changed, second: Changed) -> Changed:
    """Two changes as one: kept is what both kept."""
    later = dict(second.kept)
    return Changed(
        model=second.model,
        kept=tuple(
            (before, later[between])
            for before, between in first.kept
            if between in later
        ),
        replaced=(*first.replaced, *second.replaced),
        left=(*first.left, *second.left),
    )
