"""ImageNet's thousand classes in the order that published weights have.

The order is that of the synset ids as text: n01440764 is class 0, n15075141 class 999.
Source: Russakovsky et al. 2015, arXiv:1409.0575 (the challenge of 2012 has these
classes); keras.applications' own imagenet_class_index.json counts them so. Which ids
they are is read from the labels file of the installed tensorflow-datasets, whose own
order is another one.
"""

import importlib.util
import re
from functools import cache
from pathlib import Path

from datasets.errors import DataError

CLASSES = 1000
_LABELS = Path("image_classification") / "imagenet_resized_labels.txt"
_SYNSET = re.compile(r"(n\d{8})(?:$|[-_ ])")


def synset_of(name: str) -> str | None:
    """The synset id that a name is or begins with, as "n01440764-tench" does."""
    found = _SYNSET.match(name)
    return found.group(1) if found else None


@cache
def synsets() -> tuple[str, ...]:
    """The 1,000 synset ids; a class's number is its place.

    Raises:
        InputError: tensorflow-datasets is not installed, or has no such list.
    """
    spec = importlib.util.find_spec("tensorflow_datasets")
    for folder in (spec.submodule_search_locations if spec else None) or []:
        path = Path(folder) / _LABELS
        if path.is_file():
            names = tuple(sorted(set(path.read_text().split())))
            if len(names) == CLASSES:
                return names
    raise DataError.of(
        "ImageNet's synset ids",
        "read from tensorflow-datasets, which is not installed as expected",
        "",
        "Install it, or say the classes with `class_names`.",
    )
