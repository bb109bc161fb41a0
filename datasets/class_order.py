"""Which of a model's classes a picture is of, where data and model each have an order.

Class folders are in the order of their names, and a model's classes in the order that
it was trained with: with one folder more or less every label after it is another. So
the two are brought together by what is known, in this order: the model's names of its
classes, ImageNet's synset ids, numbers as names; by place only where there are as many
of one as of the other. Anything else is refused, with the names beside their numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from datasets import imagenet
from datasets.class_spelling import composed, folded, said_of_numbers, unnumbered
from datasets.dataset import Dataset, Order
from datasets.errors import DataError

_NAMED = 5  # classes that a line names
_REMEDY = (
    "Say the model's classes with `class_names=FILE`, one a line in the model's order"
)


@dataclass(frozen=True, kw_only=True)
class ModelClasses:
    """What is known of a model's classes."""

    model: str  # its name, for lines
    count: int
    names: tuple[str, ...] = ()  # in the order of its scores; empty: not known
    source: str = "`class_names`"  # of the names
    binding: bool = True  # whether every class of the data must be among the names
    first: int | None = None  # number of the first class where numbers name classes


@dataclass(frozen=True)
class _Found:
    """The model's number for each class of the data, and how that came about."""

    numbers: tuple[int, ...]
    note: str
    names: tuple[str, ...] = ()  # of all the model's classes; empty: the data's own


def fitted(dataset: Dataset, known: ModelClasses) -> Dataset:
    """The data set with the model's numbers as labels.

    Raises:
        InputError: what cannot be brought together, or contradicts itself.
    """
    if dataset.order.kind == "model":
        return dataset
    if known.names and len(known.names) != known.count:
        raise DataError.of(
            known.source,
            f"has {len(known.names)} names; {known.model} has {known.count} classes",
            "one name a class",
        )
    if int(dataset.labels.max()) < 0:  # nothing to bring together
        names = list(known.names) or [str(place) for place in range(known.count)]
        return dataset.relabelled((), names, Order("model"), ["no picture has a label"])
    if dataset.order.kind == "given":
        order = _given(dataset, known)
    else:
        order = _named(dataset, known)
    _check_range(dataset, known, order)
    names = list(order.names or _padded(dataset, order, known.count))
    if len(set(order.numbers)) != len(order.numbers):
        raise DataError.of(
            dataset.name,
            f"two of its classes are the same class of {known.model}",
            f"one class folder or name for each ({_beside(dataset)})",
        )
    return dataset.relabelled(order.numbers, names, Order("model"), [order.note])


def by_place_alone(dataset: Dataset, first: int | None = None) -> Dataset:
    """For a model that does not exist yet: the data's own order is to be the model's.

    Raises:
        InputError: a table whose numbers seem to begin at 1.
    """
    if dataset.order.kind != "given":
        return dataset
    numbers = dataset.order.numbers
    known = ModelClasses(
        model="the new model",
        count=dataset.classes - (first or 0),
        first=first,
    )
    if first or (numbers and _seems_one_based(numbers, known.count + 1)):
        return fitted(dataset, known)
    return dataset


def _named(dataset: Dataset, known: ModelClasses) -> _Found:
    """By names, by synset ids, by numbers, else by place."""
    theirs = dataset.class_names
    for names in (known.names, unnumbered(known.names)):
        order = _by_names(dataset, replace(known, names=names)) if names else None
        if order is not None:
            return order
    synsets = [imagenet.synset_of(name) for name in theirs]
    if known.count == imagenet.CLASSES and all(synsets):
        return _by_synset(dataset, [name or "" for name in synsets])
    if known.names and known.binding:
        raise DataError.of(
            dataset.name,
            f"its class {_missing(theirs, known)[0]} is not among the {known.count} "
            f"of {known.source} ({_first(known.names)})",
            "every class of the data there, spelt alike",
        )
    if dataset.order.kind == "numbers":
        return _by_number(dataset, known)
    if len(theirs) != known.count:
        raise DataError.of(
            dataset.name,
            f"has {len(theirs)} classes ({_beside(dataset)}), {known.model} has "
            f"{known.count}: by place alone labels would shift",
            "",
            f"{_REMEDY}.",
        )
    places = tuple(range(known.count))
    note = "classes by place: their order is taken for the model's"
    return _Found(places, note + said_of_numbers(theirs))


def _by_names(dataset: Dataset, known: ModelClasses) -> _Found | None:
    """None: some are not among the model's."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(known.names):
        places.setdefault(folded(name), []).append(place)
    numbers = []
    for name in dataset.class_names:
        some = places.get(folded(name), [])
        if len(some) > 1:  # spelt almost alike: then to the letter
            some = [at for at in some if composed(known.names[at]) == composed(name)]
            if len(some) != 1:
                raise DataError.of(
                    dataset.name,
                    f"{name} stands {len(some)} times in {known.source}",
                    "it once",
                )
        if not some:
            return None
        numbers += some
    return _Found(tuple(numbers), f"classes by name, from {known.source}", known.names)


def _missing(theirs: Sequence[str], known: ModelClasses) -> list[str]:
    ours = {folded(name) for name in known.names}
    return [name for name in theirs if folded(name) not in ours] or list(theirs)


def _by_synset(dataset: Dataset, synsets: Sequence[str]) -> _Found:
    places = {name: place for place, name in enumerate(imagenet.synsets())}
    for name, synset in zip(dataset.class_names, synsets, strict=True):
        if synset not in places:
            raise DataError.of(
                dataset.name,
                f"{name} is not one of ImageNet's 1,000 synset ids",
                "those of the challenge of 2012",
                f"{_REMEDY}.",
            )
    numbers = tuple(places[synset] for synset in synsets)
    note = f"{len(synsets)} classes by ImageNet's order of synset ids"
    return _Found(numbers, note, imagenet.synsets())


def _by_number(dataset: Dataset, known: ModelClasses) -> _Found:
    numbers, count = dataset.order.numbers, known.count
    first = known.first
    if first is None and numbers[0] == 0 and numbers[-1] < count:
        first = 0
    if first is None and numbers[0] == 1 and numbers[-1] == count:
        first = 1
    if first is not None:
        shifted = tuple(number - first for number in numbers)
        return _Found(shifted, f"classes by number, {first} being the model's first")
    if len(numbers) == count:
        note = "classes by place, in the order of their numbers"
        return _Found(tuple(range(count)), note)
    raise DataError.of(
        dataset.name,
        f"its classes are the numbers {_first(dataset.class_names)}, {known.model} "
        f"has {count} classes: whether they count from 0 or from 1 cannot be told",
        "",
        "Say it with `first_class=0` or `first_class=1`.",
    )


def _given(dataset: Dataset, known: ModelClasses) -> _Found:
    """The source says the numbers; checked for counting from 1 and for names."""
    numbers = dataset.order.numbers or tuple(
        sorted({label for label in dataset.labels.tolist() if label >= 0})
    )
    first = known.first or 0
    if known.first is None and _seems_one_based(numbers, known.count):
        raise DataError.of(
            dataset.name,
            f"no row has class 0, the classes are 1..{numbers[-1]} and {known.model} "
            f"has {known.count} (0..{known.count - 1}): is it 1-based?",
            "",
            "Say `first_class=1` if it counts from 1, `first_class=0` if class 0 is "
            "really not there.",
        )
    if numbers[0] < first:
        raise DataError.of(
            dataset.name,
            f"has class {numbers[0]}",
            f"{first} or more with `first_class={first}`",
        )
    if numbers[-1] - first >= known.count:
        raise DataError.of(
            dataset.name,
            f"a label is {numbers[-1]}, but {known.model} has {known.count} classes "
            f"({first}..{known.count - 1 + first})",
            "",
            "Give the data set that these weights were trained on.",
        )
    if dataset.order.named:
        _check_names(dataset, known, numbers, first)
    note = f"classes by number, as the data say, {first} being the model's first"
    # classes that no row has stay where they would be
    every = tuple(number - first for number in range(first, dataset.classes))
    places = (*(-1 - number for number in range(first)), *every)
    return _Found(places, note, known.names)


def _seems_one_based(numbers: Sequence[int], count: int) -> bool:
    """No 0, and either every number from 1 on or as many as there are classes."""
    if not numbers or numbers[0] == 0:
        return False
    whole = tuple(numbers) == tuple(range(1, len(numbers) + 1))
    return numbers[-1] == count or whole


def _check_names(
    dataset: Dataset, known: ModelClasses, numbers: Sequence[int], first: int
) -> None:
    """The names beside the numbers must not say that they mean other classes."""
    names = known.names
    theirs = {number: dataset.class_names[number] for number in numbers}
    if known.count == imagenet.CLASSES:
        synsets = {number: imagenet.synset_of(name) for number, name in theirs.items()}
        if all(synsets.values()):
            names, theirs = imagenet.synsets(), {n: s or "" for n, s in synsets.items()}
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(folded(name), []).append(place)
    for number, name in theirs.items():
        right = places.get(folded(name))
        if right and number - first not in right:
            raise DataError.of(
                dataset.name,
                f"gives {name} the number {number}, but it is class {right[0]} of "
                f"{known.model}",
                "the model's own order",
                "Give a table without class_index to go by names, or correct the "
                "numbers.",
            )


def _check_range(dataset: Dataset, known: ModelClasses, order: _Found) -> None:
    used = {
        order.numbers[label] for label in set(dataset.labels.tolist()) if label >= 0
    }
    used |= set(order.numbers) if dataset.order.kind != "given" else set()
    low, high = min(used), max(used)
    if low < 0 or high >= known.count:
        first = known.first or 0
        raise DataError.of(
            dataset.name,
            f"class {(low if low < 0 else high) + first} is not among the "
            f"{known.count} of {known.model} ({first}..{known.count - 1 + first})",
        )


def _padded(dataset: Dataset, order: _Found, count: int) -> list[str]:
    """The data's names at the model's numbers, the number itself where none is."""
    names = [str(place) for place in range(count)]
    for number, name in zip(order.numbers, dataset.class_names, strict=True):
        if 0 <= number < count:
            names[number] = name
    return names


def _beside(dataset: Dataset) -> str:
    """ "0 cat, 1 dog, ...": the first names beside their numbers."""
    named = [f"{place} {name}" for place, name in enumerate(dataset.class_names)]
    return _first(named)


def _first(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
