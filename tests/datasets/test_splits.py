"""The split syntax, against TFDS's own reading of the same text."""

import importlib
from typing import Any

import numpy as np
import pytest

from datasets.dataset import Dataset
from datasets.errors import InputError
from datasets.shuffle import shuffled
from datasets.splits import (
    default_split,
    parse_split,
    resolved,
    slice_bounds,
    sliced,
)

SLICES = [
    "test[:500]",
    "test[3:]",
    "test[-7:]",
    "test[:-7]",
    "test[10:20]",
    "test[-9:-3]",
]
SLICES += ["test[:50%]", "test[50%:]", "test[10%:20%]", "test[-25%:]", "test[33%:67%]"]


def tfds_bounds(text: str, count: int) -> tuple[int, int]:
    """Where tensorflow-datasets cuts a split of `count` examples."""
    splits: Any = importlib.import_module("tensorflow_datasets.core.splits")
    whole = splits.SplitInfo(
        name="test", shard_lengths=[count], num_bytes=0, filename_template=None
    )
    (part,) = splits.ReadInstruction.from_spec(text).to_absolute({"test": whole})
    return part.from_ or 0, count if part.to is None else part.to


@pytest.mark.parametrize("count", [500, 997])
@pytest.mark.parametrize("text", SLICES)
def test_slices_lie_where_tfds_puts_them(text: str, count: int) -> None:
    _, start, stop = parse_split(text)
    assert slice_bounds(start, stop, count, text) == tfds_bounds(text, count)


@pytest.mark.parametrize(
    "text", ["", "test[", "test[5]", "a+b", "test[:x]", "test[1:2:3]", "test[:5.5%]"]
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected a name with or without a slice"):
        parse_split(text)


@pytest.mark.parametrize(
    "text", ["all[11:]", "all[:11]", "all[:101%]", "all[5:5]", "all[7:3]", "all[10:]"]
)
def test_slices_outside_or_empty_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"of .*10 pictures"):
        sliced(numbered(10), text)


def numbered(count: int) -> Dataset:
    ids = [f"{index:04}" for index in range(count)]
    return Dataset(
        "x", "all", ids, [0] * count, ["a"], lambda index: ids[index].encode()
    )


def test_halves_share_nothing_and_mix_a_sorted_data_set() -> None:
    whole = numbered(1000)
    first, second = sliced(whole, "all[:50%]"), sliced(whole, "all[50%:]")
    assert set(first.ids) | set(second.ids) == set(whole.ids)
    assert len(first) == len(second) == 500
    assert list(first.ids) == sorted(first.ids)
    # 500 of 1000 at random: 250 +- 11 of each end
    assert 200 < sum(name < "0500" for name in first.ids) < 300
    assert first.split == "all[:50%]"


def test_limits_are_nested_and_ignore_the_order_of_the_files() -> None:
    whole = numbered(300)
    turned = whole.take(np.arange(300)[::-1])
    before: set[str] = set()
    for limit in (1, 7, 100, 299, 300, 5000):
        chosen = set(whole.limited(limit).ids)
        assert len(chosen) == min(limit, 300)
        assert before <= chosen
        assert chosen == set(turned.limited(limit).ids)
        before = chosen


def test_the_shuffle_never_changes() -> None:
    """SHA-256 of "reswise 1:a", ... "reswise 1:e", ranked with sha256sum and sort."""
    assert shuffled(["a", "b", "c", "d", "e"]).tolist() == [1, 4, 2, 3, 0]


def test_limit_below_one_is_refused() -> None:
    with pytest.raises(InputError, match="limit=0"):
        numbered(3).limited(0)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["train", "test"], "test"),
        (["train", "validation"], "validation"),
        (["train", "valid"], "valid"),
        (["Training", "Testing"], "Testing"),
        (["TRAIN", "Val"], "Val"),
        (["all"], "all"),
        (["test"], "test"),
    ],
)
def test_default_split(names: list[str], chosen: str) -> None:
    assert default_split(names, "x") == chosen


@pytest.mark.parametrize(
    "names", [["train"], ["Training", "dev"], ["a", "b"], ["fold1"], ["val", "valid"]]
)
def test_no_split_is_taken_unasked_but_test_and_validation(names: list[str]) -> None:
    """Least of all a training set: accuracy on it flatters."""
    with pytest.raises(InputError, match=f"{', '.join(names)} and .*`split`"):
        default_split(names, "x")


def test_a_split_is_found_by_another_word_for_it() -> None:
    names = ["Training", "valid"]
    assert resolved("train", names, "x") == "Training"
    assert resolved("validation[:5]", names, "x") == "valid[:5]"
    assert resolved("VALID[10%:]", names, "x") == "valid[10%:]"
    with pytest.raises(InputError, match="no split 'test'"):
        resolved("test", names, "x")
    with pytest.raises(InputError, match="no split 'validation'"):
        resolved("validation", ["val", "valid"], "x")
