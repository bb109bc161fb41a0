"""Compressions as text: what a word stands for, its order, what is refused."""

import pytest

from datasets.errors import InputError
from keras_models.compression.catalogue import TECHNIQUES
from keras_models.compression.contract import Repairs
from keras_models.compression.recipes import (
    PARENT,
    Compression,
    Step,
    cheap_first,
    parse_grid,
)

RECIPES = ("float32", "dynamic_int8", "full_int8")


def _texts(text: str) -> list[str]:
    grid = parse_grid(text, RECIPES, (96, 64))
    return [one.text for one in grid.compressions]


def test_what_a_word_stands_for() -> None:
    assert _texts("magnitude:0.5") == ["magnitude:0.5"]
    assert _texts("two_four,int8") == ["two_four:0.5", "full_int8"]
    assert _texts("resolution") == ["resolution:96", "resolution:64"]
    tried = TECHNIQUES["clustering"].strengths
    assert _texts("clustering+int8") == [
        f"clustering:{strength:g}+full_int8" for strength in tried
    ]
    assert _texts("magnitude:0.5,magnitude:0.50,float32") == [
        "magnitude:0.5",
        "float32",
    ]
    assert parse_grid("float32", RECIPES, ()).compressions == (PARENT,)
    assert parse_grid("cascade", RECIPES, ()).cascade


def test_an_order_is_put_right_and_said() -> None:
    """Structure, then weights, then quantising, whatever the order of the words."""
    grid = parse_grid("int8+magnitude:0.5+channels:0.2+resolution:64", RECIPES, ())
    assert grid.compressions[0].text == (
        "resolution:64+channels:0.2+magnitude:0.5+full_int8"
    )
    assert grid.notes == (
        "int8+magnitude:0.5+channels:0.2+resolution:64 is applied in the order "
        "resolution, channels, magnitude, int8.",
    )
    assert parse_grid("magnitude:0.5+int8", RECIPES, ()).notes == ()


def test_a_repair_that_is_left_out_has_a_row_of_its_own() -> None:
    (one,) = parse_grid("channels:0.3-bias-least_squares", RECIPES, ()).compressions
    assert one.text == "channels:0.3-least_squares-bias"
    assert one.steps[0].repairs == Repairs(least_squares=False, bias=False)
    assert one.slug == "-channels30-least_squares-bias"


def test_names_of_files_hold_no_number_that_reads_as_a_width() -> None:
    """mobilenet_v2_0.35 is a width of the catalogue."""
    made = Compression(steps=(Step("clustering", 0.875), Step("magnitude", 0.5)))
    assert made.slug == "-clustering87.5-magnitude50"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pruning:0.5", "pruning is unknown"),
        ("magnitude:half", "expected NAME:STRENGTH"),
        ("magnitude:1.5", "between 0 and 1"),
        ("magnitude:0", "between 0 and 1"),
        ("magnitude:0.5+magnitude:0.2", "magnitude once"),
        ("int8+dynamic_int8", "one quantising recipe"),
        ("resolution:64+resolution:32", "one resolution"),
        ("resolution:0", "pixels in 1..4096"),
        ("cascade+int8", "cascade alone"),
        ("channels:0.2-bais", "bais is no repair"),
        ("magnitude:0.2-bias", "bias is no repair"),
        ("", "expected some"),
        ("magnitude:0.5+", "(empty) is unknown"),
    ],
)
def test_refusals_are_one_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_grid(text, RECIPES, (64,))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_cheap_and_informative_variants_come_first() -> None:
    text = (
        "magnitude:0.1+int8,magnitude:0.1,magnitude:0.5,magnitude:0.9,int8,resolution"
    )
    order = cheap_first(parse_grid(text, RECIPES, (64,)).compressions)
    assert [one.text for one in order] == [
        "full_int8",
        "resolution:64",
        "magnitude:0.5",
        "magnitude:0.1",
        "magnitude:0.9",
        "magnitude:0.1+full_int8",
    ]
