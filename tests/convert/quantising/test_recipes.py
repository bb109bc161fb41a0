"""Recipes: their names decode by the rule at the top of the file."""

import re

import pytest

from convert.quantising.recipes import RECIPES, Recipe, parse_recipes
from datasets.errors import InputError

_NAME = re.compile(
    r"(?P<how>dynamic_|full_|mixed_)?(?P<type>[a-z]+\d+)(_act_(?P<act>[a-z]+\d+))?"
    r"(_io_(?P<io>[a-z]+\d+))?"
)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda one: one.name)
def test_a_name_says_what_the_recipe_does(recipe: Recipe) -> None:
    match = _NAME.fullmatch(recipe.name)
    assert match is not None
    assert recipe.weights == match["type"]
    assert recipe.dynamic == (match["how"] == "dynamic_")
    static = match["how"] in ("full_", "mixed_")
    stored = match["act"] or match["type"] if static else "float32"
    assert recipe.activations == stored
    assert recipe.mixed == (match["how"] == "mixed_")
    assert recipe.input_output == (match["io"] or "float32")
    assert 0 < recipe.min_agreement <= 1


def test_recipes_are_read_from_a_flag_once_each_in_order() -> None:
    found = parse_recipes("full_int8, float32,full_int8")
    assert [one.name for one in found] == ["full_int8", "float32"]


@pytest.mark.parametrize("text", ["int4", "", "float32,,float16"])
def test_unknown_recipes_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected some of float32"):
        parse_recipes(text)
