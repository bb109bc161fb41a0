"""The data sets that there are, and one function that opens any of them.

Importing this file imports no TensorFlow, no Pillow and no picture.
"""

import importlib.metadata
import os
from dataclasses import dataclass
from pathlib import Path

from datasets.dataset import Dataset, check_labelled
from datasets.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of `reswise datasets`."""

    spec: str  # what --dataset takes
    what: str
    classes: str  # a number, or whence it comes
    source: str
    licence: str


CATALOGUE = (
    Entry(
        spec="glyphs",
        what="letters and digits drawn from a seed; a demonstration, needs no download",
        classes="36",
        source="drawn by this project with the fonts that matplotlib ships",
        licence="that of this project; fonts: Bitstream Vera, STIX, Computer Modern",
    ),
    Entry(
        spec="folder:PATH",
        what="PATH/CLASS/picture.jpg, or PATH/test/CLASS/picture.jpg with splits",
        classes="one a folder",
        source="yours",
        licence="yours",
    ),
    Entry(
        spec="csv:PATH",
        what="a table with the columns file,class_index; split and class_name if there",
        classes="highest class_index + 1, or one a name",
        source="yours",
        licence="yours",
    ),
    Entry(
        spec="tfds:cifar10",
        what="60,000 pictures of 32x32; splits train, test",
        classes="10",
        source="Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html",
        licence="none stated by its authors",
    ),
    Entry(
        spec="tfds:imagenet2012",
        what="1.28 million photographs; splits train, validation; "
        "you fetch the archives",
        classes="1000",
        source="Russakovsky et al. 2015, arXiv:1409.0575; https://image-net.org",
        licence="ImageNet terms: non-commercial research",
    ),
    Entry(
        spec="tfds:imagenette/320px-v2",
        what="13,394 photographs of ten easy ImageNet classes; "
        "splits train, validation",
        classes="10",
        source="https://github.com/fastai/imagenette",
        licence="list: Apache-2.0; photographs: ImageNet terms",
    ),
    Entry(
        spec="tfds:NAME",
        what="any other data set of TFDS with a picture and a class",
        classes="as TFDS says",
        source="https://www.tensorflow.org/datasets/catalog",
        licence="see its page there",
    ),
)


def open_dataset(
    spec: str,
    split: str | None = None,
    data_dir: Path | None = None,
    *,
    unlabelled: bool = False,
) -> Dataset:
    """Opens what --dataset and --split name.

    Args:
        spec: "glyphs", "folder:PATH", "csv:PATH" or "tfds:NAME".
        split: such as "test", "test[:500]" or "train[10%:20%]"; None: the usual one.
        data_dir: where TFDS keeps its data; None: its own choice.
        unlabelled: pictures without a label will do, and a folder of nothing else.
    Raises:
        InputError: anything wrong, in one line.
    """
    dataset = _opened(spec, split, data_dir, unlabelled)
    if not unlabelled:
        check_labelled(dataset)
    return dataset


def _opened(
    spec: str, split: str | None, data_dir: Path | None, unlabelled: bool
) -> Dataset:
    kind, _, rest = spec.partition(":")
    if spec == "glyphs":
        return _open_glyphs(split or "test")
    if kind == "folder" and rest:
        from datasets.folder import has_pictures_alone, open_folder, open_pictures

        path = Path(os.path.expanduser(rest))
        if unlabelled and has_pictures_alone(path):
            return open_pictures(path, split)
        return open_folder(path, split)
    if kind == "csv" and rest:
        from datasets.table import open_table

        return open_table(Path(os.path.expanduser(rest)), split)
    if kind == "tfds" and rest:
        from datasets.tfds_source import open_tfds

        return open_tfds(rest, split, data_dir)
    forms = ", ".join(entry.spec for entry in CATALOGUE)
    raise DataError("dataset", spec, f"one of {forms}", fault="not a data set")


def _open_glyphs(text: str) -> Dataset:
    from datasets.glyphs import SIZES, glyphs
    from datasets.splits import check_split, parse_split, sliced

    name = parse_split(text)[0]
    check_split(name, tuple(SIZES), "glyphs")
    return sliced(glyphs(name), text)


def shadowed_distribution() -> str | None:
    """One line if Hugging Face's `datasets` is installed beside this package."""
    try:
        version = importlib.metadata.version("datasets")
    except importlib.metadata.PackageNotFoundError:
        return None
    return (
        f"The distribution datasets {version} (Hugging Face) is installed too, and its "
        "package has the same name as reswise's: one hides the other. Install reswise "
        "in an environment of its own."
    )
