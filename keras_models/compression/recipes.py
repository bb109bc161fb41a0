"""A compression as text. Parts joined by +, which are applied in this order:

    resolution:R                the network rebuilt for R pixels (of the cheaper model)
    NAME:STRENGTH[-REPAIR..]    techniques that change the graph (catalogue: STRUCTURE)
    NAME:STRENGTH               techniques that change weights (catalogue: WEIGHTS)
    RECIPE                      one quantising recipe of `convert`; int8 is full_int8

STRENGTH: the part that is taken away, in (0, 1), of what `strength_is` says. -REPAIR:
that repair is left out (least_squares, bias, batch_norm), so that its worth shows.
Parts given in another order are put right, which is said. Examples: lowrank:0.3+int8,
channels:0.3-bias, resolution:160+dynamic_int8. `cascade` stands alone: a certified
climb over the resolutions of the parent (selection/plans).
"""

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace

from datasets.errors import InputError
from keras_models.compression.catalogue import STRUCTURE, TECHNIQUES
from keras_models.compression.contract import Repairs, check_strength

FLOAT = "float32"
RESOLUTION, CASCADE = "resolution", "cascade"
SHORT = {"int8": "full_int8"}
_REPAIRS = tuple(field.name for field in fields(Repairs))
_GRAPH = tuple(technique.name for technique in STRUCTURE)


@dataclass(frozen=True)
class Step:
    """One technique at one strength."""

    technique: str
    strength: float
    left_out: tuple[str, ...] = ()  # repairs

    @property
    def text(self) -> str:
        return "-".join((f"{self.technique}:{self.strength:g}", *self.left_out))

    @property
    def repairs(self) -> Repairs:
        return Repairs(**{name: name not in self.left_out for name in _REPAIRS})


@dataclass(frozen=True, kw_only=True)
class Compression:
    """What is done to a network, in the order in which it is done."""

    steps: tuple[Step, ...] = ()
    resolution: int | None = None  # None: the parent's own
    recipe: str = FLOAT  # of convert

    @property
    def text(self) -> str:
        """As it is written; the untouched parent is float32."""
        parts = [step.text for step in self.steps]
        if self.resolution is not None:
            parts.insert(0, f"{RESOLUTION}:{self.resolution}")
        if self.recipe != FLOAT or not parts:
            parts.append(self.recipe)
        return "+".join(parts)

    @property
    def slug(self) -> str:
        """What its steps add to a model's name: -lowrank30, -clustering87.5."""
        return "".join(
            "-".join((f"-{step.technique}{100 * step.strength:.6g}", *step.left_out))
            for step in self.steps
        )


PARENT = Compression()


@dataclass(frozen=True)
class Grid:
    """What a text asks for."""

    compressions: tuple[Compression, ...]  # each once, in the order asked for
    cascade: bool
    notes: tuple[str, ...]  # what was put right


def parse_grid(text: str, recipes: Collection[str], resolutions: Sequence[int]) -> Grid:
    """ "magnitude:0.5,lowrank+int8,resolution" -> every variant that it names.

    A name without a strength stands for all of its usual ones, `resolution` for all of
    `resolutions`.

    Args:
        recipes: names of quantising recipes.
    Raises:
        InputError: an unknown name, a strength out of range, a part given twice.
    """
    every: dict[Compression, None] = {}
    notes: list[str] = []
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise InputError("techniques", "", "some, such as channels:0.3+int8")
    for word in words:
        if word != CASCADE:
            every |= dict.fromkeys(_expanded(word, recipes, resolutions))
            notes += _reordered(word)
    return Grid(tuple(every), CASCADE in words, tuple(notes))


def cheap_first(compressions: Sequence[Compression]) -> list[Compression]:
    """One part before several; of each technique the middle strength before others.

    Resolutions and quantising make no network anew, so they come before techniques.
    """
    strengths: dict[str, list[float]] = {}
    for compression in compressions:
        for step in compression.steps:
            strengths.setdefault(step.technique, []).append(step.strength)

    def place(own: Compression) -> tuple[int, int, int]:
        parts = len(own.text.split("+"))
        ranks = [_from_middle(strengths[x.technique], x.strength) for x in own.steps]
        return parts, bool(own.steps), max(ranks, default=0)

    return sorted(compressions, key=place)


def _from_middle(strengths: Sequence[float], strength: float) -> int:
    """0 for the middle one of those tried, then outwards."""
    every = sorted(set(strengths))
    return abs(every.index(strength) - len(every) // 2)


def _expanded(
    word: str, recipes: Collection[str], resolutions: Sequence[int]
) -> Iterator[Compression]:
    parts = [part.strip() for part in word.split("+")]
    options = [list(_options(part, word, recipes, resolutions)) for part in parts]
    for chosen in itertools.product(*options):
        yield _joined(word, chosen)


_Part = Step | int | str  # a technique, a resolution, a quantising recipe


def _options(
    part: str, word: str, recipes: Collection[str], resolutions: Sequence[int]
) -> Iterator[_Part]:
    """What one part stands for: one thing, or a list to try."""
    name, _, strength = part.partition(":")
    if SHORT.get(part, part) in recipes:
        yield SHORT.get(part, part)
    elif name == RESOLUTION:
        if strength:
            yield _pixels(part, strength)
        else:
            yield from resolutions
    elif name == CASCADE:
        raise InputError("techniques", word, "cascade alone, as no part of a recipe")
    elif name not in TECHNIQUES:
        known = (*TECHNIQUES, RESOLUTION, CASCADE, *SHORT, *recipes)
        raise InputError(
            "techniques",
            word,
            f"some of {', '.join(known)}",
            fault=f"{name or '(empty)'} is unknown",
        )
    elif strength:
        yield _step(part, name, strength)
    else:
        yield from (Step(name, one) for one in TECHNIQUES[name].strengths)


def _pixels(part: str, text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 4096:
        raise InputError("techniques", part, "pixels in 1..4096")
    return int(text)


def _step(part: str, name: str, text: str) -> Step:
    number, *left_out = text.split("-")
    try:
        strength = float(number)
    except ValueError:
        raise InputError(
            "techniques", part, f"NAME:STRENGTH, such as {name}:0.3"
        ) from None
    check_strength(name, strength)
    unknown = sorted(set(left_out) - set(_REPAIRS))
    if unknown or (left_out and name not in _GRAPH):
        raise InputError(
            "techniques",
            part,
            f"{', '.join(_REPAIRS)} of {', '.join(_GRAPH)}",
            fault=f"{', '.join(unknown or left_out)} is no repair of {name}",
        )
    return Step(name, strength, tuple(one for one in _REPAIRS if one in left_out))


def _place(part: _Part) -> int:
    """Where a part belongs, ascending."""
    if isinstance(part, int):
        return 0
    if isinstance(part, str):
        return 3
    return 1 if part.technique in _GRAPH else 2


def _joined(word: str, parts: Sequence[_Part]) -> Compression:
    made = PARENT
    for part in sorted(parts, key=_place):
        if isinstance(part, Step):
            if part.technique in {step.technique for step in made.steps}:
                raise InputError("techniques", word, f"{part.technique} once")
            made = replace(made, steps=(*made.steps, part))
        elif isinstance(part, int):
            if made.resolution is not None:
                raise InputError("techniques", word, "one resolution")
            made = replace(made, resolution=part)
        else:
            if made.recipe != FLOAT:
                raise InputError("techniques", word, "one quantising recipe")
            made = replace(made, recipe=part)
    return made


def _reordered(word: str) -> list[str]:
    """A line where the parts were given in another order than that of their work."""
    names = [part.partition(":")[0].strip() for part in word.split("+")]
    places = [_place_of_name(name) for name in names]
    if places == sorted(places):
        return []
    order = [names[n] for n in sorted(range(len(names)), key=places.__getitem__)]
    return [f"{word} is applied in the order {', '.join(order)}."]


def _place_of_name(name: str) -> int:
    if name == RESOLUTION:
        return 0
    if name in TECHNIQUES:
        return 1 if name in _GRAPH else 2
    return 3
