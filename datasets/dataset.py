"""One split of a data set: ids, labels, and a way to read each picture's file.

A data set knows where its pictures are and never holds them: `read` fetches the encoded
bytes of one, `datasets.batches.pictures` turns them into pixels.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from datasets.copies import said_of_copies
from datasets.errors import DataError
from datasets.progress import progress
from datasets.shuffle import Labels, sha256_of, shuffled

_UNREADABLE = "unreadable"  # stands for the content of such a picture
UNLABELLED = -1


@dataclass(frozen=True)
class Order:
    """Why a class has the number that it has; `datasets.class_order` asks.

    given: the source says the number itself, as a table's class_index does.
    names: it is the place of its name among the data's own, such as class folders.
    numbers: as names, and all the names are numbers.
    model: it is the model's own.
    """

    kind: str = "given"
    numbers: tuple[int, ...] = ()  # that the whole source has, ascending
    named: bool = False  # given, and the source has a name for each as well


class Dataset:
    """Pictures with labels, in a fixed order that no file system decides.

    Args:
        name: what the user typed, such as "glyphs" or "csv:labels.csv".
        split: such as "test" or "all[:50%]".
        ids: one unique name a picture; a path in the data set where there is one.
        labels: (n,) class of each picture, 0..classes-1; UNLABELLED where nobody said.
        class_names: (classes,) in the order of the scores.
        read: index -> the encoded file (JPEG, PNG, ...). It may raise OSError or
            `datasets.decode.Unreadable`; it is called from several threads.
        fingerprint: SHA-256 as text, or a function that gives it when first asked for.
            None reads all the pictures, which suits data sets on a disk.
        order: whence the classes have their numbers.
        notes: what was passed over or decided, for people, a short text each.
    Raises:
        InputError: no picture, ids not unique, or labels that do not fit.
    """

    def __init__(
        self,
        name: str,
        split: str,
        ids: Sequence[str],
        labels: Sequence[int] | Labels,
        class_names: Sequence[str],
        read: Callable[[int], bytes],
        fingerprint: str | Callable[[], str] | None = None,
        order: Order = Order(),
        notes: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.split = split
        self.ids = tuple(ids)
        self.labels: Labels = np.array(labels, np.int64).reshape(-1)
        self.labels.setflags(write=False)
        self.class_names = tuple(class_names)
        self._read = read
        self._given_fingerprint = fingerprint
        self.order, self.notes = order, tuple(notes)
        self._same: dict[str, list[int]] = {}  # contents that several pictures have
        self._lost: list[int] = []  # whose files cannot be had
        _check(self)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        size = f"{len(self)} pictures, {self.classes} classes"
        return f"<Dataset {self.name} {self.split}: {size}>"

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    def read(self, index: int) -> bytes:
        """The encoded file of picture `index`, 0..len-1.

        Raises:
            OSError, Unreadable: the picture is not there or cannot be had.
        """
        return self._read(index)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over ids, labels, class names and contents, as 64 hex digits.

        A copy elsewhere has the same one. A picture that cannot be read counts as such.
        """
        if isinstance(self._given_fingerprint, str):
            return self._given_fingerprint
        if self._given_fingerprint is not None:
            return self._given_fingerprint()
        return self._content_fingerprint()

    def take(
        self, indices: Sequence[int] | Labels, split: str | None = None
    ) -> "Dataset":
        """The data set of only these pictures, in this order.

        Args:
            split: its new name; None keeps the old one.
        """
        chosen = np.array(indices, np.int64).reshape(-1)
        if np.array_equal(chosen, np.arange(len(self))) and split in (None, self.split):
            return self
        ids = [self.ids[index] for index in chosen]
        return Dataset(
            self.name,
            split or self.split,
            ids,
            self.labels[chosen],
            self.class_names,
            lambda index: self._read(int(chosen[index])),
            self._part_fingerprint(ids) if self._given_fingerprint else None,
            self.order,
            self.notes,
        )

    def relabelled(
        self,
        numbers: Sequence[int],
        class_names: Sequence[str],
        order: Order,
        notes: Sequence[str] = (),
    ) -> "Dataset":
        """The same pictures, class k called numbers[k]; its contents are not read anew.

        Args:
            notes: added to those that there are.
        """
        # the last place answers for the label of those that have none
        places = np.array([*numbers, UNLABELLED], np.int64)
        labels = places[np.where(self.labels < 0, len(numbers), self.labels)]
        same = np.array_equal(labels, self.labels)
        same = same and tuple(class_names) == self.class_names
        given = self._given_fingerprint
        if same:
            given = lambda: self.fingerprint  # noqa: E731  (read once, for both)
        elif given is not None:
            given = _of_labels(lambda: self.fingerprint, labels.tolist(), class_names)
        made = Dataset(
            self.name,
            self.split,
            self.ids,
            labels,
            class_names,
            self._read,
            given,
            order,
            (*self.notes, *notes),
        )
        if same:
            made._same, made._lost = self._same, self._lost
        return made

    def limited(self, limit: int) -> "Dataset":
        """The first `limit` pictures of the fixed shuffle, in the data set's order.

        A smaller limit takes a part of what a larger one takes. A limit above the
        number of pictures takes all of them.

        Raises:
            InputError: limit is below 1.
        """
        if limit < 1:
            raise DataError(
                "limit", limit, "1 or more", "Leave it out to take all pictures."
            )
        return self.take(np.sort(shuffled(self.ids)[:limit]))

    def _part_fingerprint(self, ids: Sequence[str]) -> Callable[[], str]:
        """Of some of the pictures, where the fingerprint of all was given."""
        return lambda: (
            self.fingerprint
            if tuple(ids) == self.ids
            else sha256_of([self.fingerprint, *ids])
        )

    def _content_fingerprint(self) -> str:
        digest = hashlib.sha256(sha256_of(self.class_names).encode())
        indices = progress(range(len(self)), len(self), f"hashing {self.name} pictures")
        alike: dict[str, list[int]] = {}
        for index in indices:
            content = self._content(index)
            parts = [self.ids[index], str(self.labels[index]), content]
            digest.update(sha256_of(parts).encode())
            some = (
                self._lost if content == _UNREADABLE else alike.setdefault(content, [])
            )
            some.append(index)
        self._same |= {key: some for key, some in alike.items() if len(some) > 1}
        return digest.hexdigest()

    @property
    def lost(self) -> str:
        """What files are not there or cannot be opened; known as `repeated` is."""
        if not self._lost:
            return ""
        return f"files that cannot be had {len(self._lost)}: {self.ids[self._lost[0]]}"

    @property
    def repeated(self) -> str:
        """What pictures are there more than once, in a few words; "" where none is.

        Known where contents were read for the fingerprint, "" before that.
        """
        return said_of_copies(list(self._same.values()), self.ids, self.labels)

    def _content(self, index: int) -> str:
        try:
            return hashlib.sha256(self.read(index)).hexdigest()
        except (OSError, ValueError):  # ValueError: Unreadable is one
            return _UNREADABLE


def _of_labels(
    whole: Callable[[], str], labels: Sequence[int], class_names: Sequence[str]
) -> Callable[[], str]:
    """The fingerprint of other labels on pictures whose fingerprint was given."""
    return lambda: sha256_of([whole(), *map(str, labels), *class_names])


def _check(dataset: Dataset) -> None:
    where = f"{dataset.name}, split {dataset.split}"
    if not dataset.ids:
        raise DataError.of(where, "has no pictures", "at least one")
    if len(dataset.ids) != len(dataset.labels):
        raise DataError.of(
            where,
            f"has {len(dataset.ids)} pictures but {len(dataset.labels)} labels",
            "one label a picture",
        )
    if len(set(dataset.ids)) != len(dataset.ids):
        (twice, _), *_ = Counter(dataset.ids).most_common(1)
        raise DataError.of(where, f"has {twice!r} twice", "every picture once")
    low, high = int(dataset.labels.min()), int(dataset.labels.max())
    if low < UNLABELLED:
        raise DataError.of(
            where,
            f"has labels from {low}",
            f"0..{dataset.classes - 1}, or {UNLABELLED} for a picture without a label",
        )
    if high >= dataset.classes:
        raise DataError.of(
            where,
            f"has labels {low}..{high}",
            f"0..{dataset.classes - 1}, one of its {dataset.classes} classes",
        )


def check_labelled(dataset: Dataset) -> None:
    """Every picture has a label.

    Raises:
        InputError: one has none.
    """
    if int(dataset.labels.min()) < 0:
        raise DataError.of(
            f"{dataset.name}, split {dataset.split}",
            f"has pictures of class {UNLABELLED}, such as "
            f"{dataset.ids[_first(dataset)]}: that stands for a picture without a "
            "label, as test splits often are",
            f"0..{max(dataset.classes - 1, 0)}",
            "Take a split with labels; `reswise drop` and `reswise plan` do without.",
        )


def _first(dataset: Dataset) -> int:
    return int(np.argmax(dataset.labels < 0))
