"""`tfds:NAME`: TensorFlow Datasets, read as encoded files and decoded by our decoder.

TFDS itself gives random access to array_record and Parquet files only. Most prepared
data sets are TFRecord files, which `datasets.tfrecords` reads. Opening reads the split
once for its labels; no picture is kept.
"""

import importlib
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset, Order
from datasets.decode import Unreadable
from datasets.errors import DataError, InputError
from datasets.progress import progress
from datasets.splits import default_split
from datasets.tfds_download import prepare
from datasets.tfrecords import Place, read_record, records


def open_tfds(name: str, split: str | None, data_dir: Path | None) -> Dataset:
    """Ids are TFDS's own, such as "cifar10-test.tfrecord-00000-of-00001__17".

    Args:
        split: in TFDS's syntax; None: test, else validation, else the only one.
        data_dir: where prepared data sets lie; None: what TFDS takes, the environment
            variable TFDS_DATA_DIR or ~/tensorflow_datasets.
    Raises:
        InputError: whatever is wrong; also no data here and no network.
    """
    with _quiet():
        builder = _builder(name, data_dir)
        image, label = _features(builder, name)
        prepare(builder, name)
    text = split or default_split(sorted(builder.info.splits), f"tfds:{name}")
    instructions = _instructions(builder, name, text)
    if builder.info.file_format.value == "tfrecord":
        return _from_tfrecords(builder, name, text, instructions, image, label)
    return _from_source(builder, name, text, image, label)


def _tfds() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow talks on stderr
    return importlib.import_module("tensorflow_datasets")


@contextmanager
def _quiet() -> Iterator[None]:
    """TFDS warns by absl of folders that do not exist yet; our own line says it."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _builder(name: str, data_dir: Path | None) -> Any:
    tfds = _tfds()
    try:
        return tfds.builder(name, data_dir=data_dir)
    except tfds.core.registered.DatasetNotFoundError as error:
        raise DataError.of(
            f"tfds:{name}",
            "is not a data set of TFDS, nor one in "
            f"{data_dir or '~/tensorflow_datasets'}",
            "a name such as tfds:cifar10",
            "See https://www.tensorflow.org/datasets/catalog.",
        ) from error
    except (ValueError, ImportError, OSError, RuntimeError, AssertionError) as error:
        raise DataError.of(
            f"tfds:{name}",
            f"cannot be opened ({_first_line(error)})",
            "NAME or NAME/CONFIG, such as tfds:imagenette/320px-v2",
        ) from error


def _features(builder: Any, name: str) -> tuple[str, str]:
    """Keys of the picture and of its class."""
    tfds = _tfds()
    keys: dict[type, list[str]] = {}
    features = builder.info.features
    for key in features if isinstance(features, tfds.features.FeaturesDict) else ():
        keys.setdefault(type(features[key]), []).append(key)
    images = keys.get(tfds.features.Image, [])
    labels = keys.get(tfds.features.ClassLabel, [])
    if not images or not labels:
        raise DataError.of(
            f"tfds:{name}",
            "has no picture with a class",
            "an Image and a ClassLabel feature",
            "Take a classification data set.",
        )
    return _preferred(images, "image"), _preferred(labels, "label")


def _preferred(keys: list[str], usual: str) -> str:
    return usual if usual in keys else keys[0]


def _instructions(builder: Any, name: str, text: str) -> list[Any]:
    try:
        return list(builder.info.splits[text].file_instructions)
    except (ValueError, KeyError, AssertionError, NotImplementedError) as error:
        raise DataError(
            "split",
            text,
            f"one of {', '.join(sorted(builder.info.splits))} or a slice such as "
            "test[:500]",
            fault=f"it does not fit tfds:{name} ({_first_line(error)})",
        ) from error


def _from_tfrecords(
    builder: Any, name: str, text: str, parts: list[Any], image: str, label: str
) -> Dataset:
    parse = _parser(builder, image)
    ids: list[str] = []
    labels: list[int] = []
    places: list[Place] = []
    total = sum(part.take for part in parts)
    try:
        listed = (
            (f"{Path(part.filename).name}__{number}", span, parse(record)[label])
            for part in parts
            for number, (span, record) in enumerate(
                records(Path(part.filename), part.skip, part.take), part.skip
            )
        )
        for each, span, number in progress(listed, total, f"listing tfds:{name}"):
            ids.append(each)
            labels.append(int(number))
            places.append(span)
    except Exception as error:  # OSError, Unreadable, what a parser says of a record
        raise _damaged(builder, name, error) from error

    def read(index: int) -> bytes:
        try:
            return bytes(parse(read_record(places[index]))[image])
        except (OSError, Unreadable):
            raise
        except Exception as error:
            raise Unreadable(f"damaged record: {_first_line(error)}") from error

    return _dataset(builder, name, text, ids, labels, label, read)


def _damaged(builder: Any, name: str, error: Exception) -> InputError:
    return DataError.of(
        f"tfds:{name} in {builder.data_dir}",
        f"is damaged ({_first_line(error)})",
        "whole files",
        "Delete that folder and prepare it again.",
    )


def _dataset(
    builder: Any,
    name: str,
    text: str,
    ids: list[str],
    labels: list[int],
    label: str,
    read: Callable[[int], bytes],
) -> Dataset:
    """Classes have the order of TFDS, which is a name's place; or they are numbers."""
    classes = _class_names(builder, label)
    numbered = classes == list(map(str, range(len(classes))))
    order = Order("given" if numbered else "names", named=not numbered)
    splits = sorted(builder.info.splits)
    notes = [f"split {text} of {', '.join(splits)}"] if len(splits) > 1 else []
    return Dataset(
        f"tfds:{name}", text, ids, labels, classes, read, order=order, notes=notes
    )


def _parser(builder: Any, image: str) -> Callable[[bytes], dict[str, Any]]:
    """Record -> features, the picture still encoded; needs no TensorFlow."""
    tfds = _tfds()
    decoders = {image: tfds.decode.SkipDecoding()}
    return partial(builder.info.features.deserialize_example_np, decoders=decoders)


def _from_source(builder: Any, name: str, text: str, image: str, label: str) -> Dataset:
    tfds = _tfds()
    decoders = {image: tfds.decode.SkipDecoding()}
    source = builder.as_data_source(text, decoders=decoders)
    every = progress(range(len(source)), len(source), f"listing tfds:{name}")
    try:
        labels = [int(source[index][label]) for index in every]
    except Exception as error:  # of the reader of array_record or Parquet files
        raise _damaged(builder, name, error) from error
    ids = [f"{text}__{index}" for index in range(len(labels))]

    def read(index: int) -> bytes:
        try:
            return bytes(source[index][image])
        except Exception as error:
            raise Unreadable(f"damaged record: {_first_line(error)}") from error

    return _dataset(builder, name, text, ids, labels, label, read)


def _class_names(builder: Any, label: str) -> list[str]:
    feature = builder.info.features[label]
    return list(feature.names or map(str, range(feature.num_classes)))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:400]
