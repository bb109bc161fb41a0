"""Published tables beside ours: which reproduce, which do not, and what is said."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from datasets.errors import InputError
from reports.compare import by_resolution, columns, compare, random_choice_drop
from reports.compare_notes import Column
from reports.published import numbers, published_table
from reports.rows import Row

REFERENCES = Path(__file__).parents[1] / "references"
Counted = Callable[[str], dict[str, Column]]


@pytest.fixture(scope="module")
def counted() -> Counted:
    """{model: column} of a table, counted once for all tests here."""
    return cache(
        lambda number: {
            column.model: column for column in columns(published_table(number))
        }
    )


@pytest.mark.parametrize(
    ("number", "model", "tolerance"),
    [
        ("1", "nasnet_cifar", 0.02),
        ("3", "resnet50", 0.01),
        ("4", "resnet101", 0.02),
        ("5", "resnet101", 0.02),  # the misprint: table 5 is about ResNet152
    ],
)
def test_every_cell_of_the_printed_column_reproduces(
    number: str, model: str, tolerance: float, counted: Counted
) -> None:
    differences = counted(number)[model].differences
    assert len(differences) == len(published_table(number).rows)
    assert counted(number)[model].largest <= tolerance


def test_table_2_does_not_reproduce_and_one_variant_comes_near(
    counted: Counted,
) -> None:
    """Stock drops as another count gave them, in references/thesis_table2.json."""
    known = json.loads((REFERENCES / "thesis_table2.json").read_text())
    drops = counted("2")["mobilenet_v2"].drops
    assert drops == pytest.approx(known["mobilenet_v2"], abs=0.005)
    assert counted("2")["mobilenet_v2"].largest > 20
    assert counted("2")["mobilenet_v2_cifar"].largest < 0.8


def test_table_5_is_not_of_its_own_model(counted: Counted) -> None:
    assert 0.3 < counted("5")["resnet152"].largest < 0.4


@pytest.mark.parametrize(
    ("model", "expected"),
    [("resnet50", 17.275), ("resnet101", 16.510), ("resnet152", 16.635)],
)
def test_random_choice_by_hand(model: str, expected: float, counted: Counted) -> None:
    """(0 + the drops at 210, 196, 182, 168) / 5, of the columns of tables 3, 4, 5."""
    table = {"resnet50": "3", "resnet101": "4", "resnet152": "5"}[model]
    by_hand = sum(value or 0 for value in counted(table)[model].drops[:4]) / 5
    ours = random_choice_drop(published_table("6"), model)
    assert ours == pytest.approx(by_hand, abs=1e-9)
    assert ours == pytest.approx(expected, abs=0.0006)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("1", "cut off, not rounded"),
        ("2", "does not reproduce"),
        ("5", "it repeats that of ResNet101"),
    ],
)
def test_what_does_not_reproduce_is_explained(
    number: str, said: str, counted: Counted
) -> None:
    table = by_resolution(published_table(number), list(counted(number).values()), ())
    notes = " ".join(table.notes)
    assert said in notes
    assert published_table(number).source in notes


def test_the_cascade_reports_flops_are_parameters() -> None:
    table = compare("2.1")
    assert "is the number of trained parameters" in " ".join(table.notes)
    lines = {line[0]: line for line in table.rows}
    for model in ("resnet18", "resnet34"):
        printed, parameters = lines[model][2:4]
        assert printed == parameters
    assert float(lines["resnet18"][4].replace(",", "")) == pytest.approx(1814, abs=1)


def test_literature_is_printed_as_it_was_and_ours_below() -> None:
    lines = compare("7", [_row(224, 0.8, 0.0), _row(196, 0.75, 20.0)]).rows
    assert len(lines) == 18
    assert lines[9][:2] == ("Lin et al. 2020, CVPR, HRank", "76.03")
    assert lines[-1] == (
        "ours: mine@196, csv:x, 50 images", "", "20.00", "", "5.00", "5.00"
    )  # fmt: skip


def _row(resolution: int, top1: float, flops: float) -> Row:
    return Row(
        model="mine",
        weights="w",
        dataset="csv:x",
        resolution=resolution,
        crop="1.0",
        selector="fixed",
        ladder=f"mine@{resolution}",
        images=50,
        top1=top1,
        top5=top1 + 0.1,
        drop_points=100 * (0.8 - top1),
        flops_drop_percent=flops,
    )


def test_measured_rows_stand_beside(counted: Counted) -> None:
    rows = [_row(224, 0.8, 0.0), _row(196, 0.75, 20.0)]
    ours = list(counted("3").values())
    table = by_resolution(published_table("3"), ours, rows)
    assert table.columns[-1] == "top-5 drop, mine (w)"
    assert [line[-1] for line in table.rows] == ["", "5.00", "", "", "", ""]


def test_every_table_has_a_source_and_an_unknown_one_is_refused() -> None:
    assert numbers() == ("1", "2", "3", "4", "5", "6", "7", "2.1")
    for number in numbers():
        assert f"table {number}" in published_table(number).source
    with pytest.raises(InputError, match="table=8"):
        published_table("8")
