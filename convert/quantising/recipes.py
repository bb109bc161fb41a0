"""How a model is stored and computed, as data. A recipe's name decodes:

    [dynamic_|full_|mixed_]TYPE[_act_TYPE][_io_TYPE]

TYPE: of the weights. `dynamic_`: activations are float32 and are quantised as they
come, image by image. `full_`: activations are stored in TYPE too, or in that of
`_act_`, in ranges measured beforehand. `mixed_`: as `full_`, but for islands of layers
whose activations are as `dynamic_` has them, as few as the wanted agreement asks. None
of these: computed in float32. Input and output are float32 unless `_io_` says another
type.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from datasets.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One way to store and compute a model."""

    name: str
    what: str
    weights: str  # float32, float16 or int8
    activations: str = "float32"  # as stored between layers
    dynamic: bool = False
    input_output: str = "float32"
    min_agreement: float = 0.0  # part of the images whose top-1 is the parent's
    # That islands are to reach on calibration images, of which 50 tell it to about two
    # points; 0: no islands.
    wanted_agreement: float = 0.0

    @property
    def calibrated(self) -> bool:
        """Whether images are needed: for ranges, and to correct biases."""
        return self.weights != "float32"

    @property
    def mixed(self) -> bool:
        """Whether islands of layers have float activations."""
        return self.wanted_agreement > 0

    @property
    def static(self) -> bool:
        """Whether activations have ranges measured beforehand."""
        return self.activations != "float32"


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="float32",
            what="as trained; the reference",
            weights="float32",
            min_agreement=0.995,
        ),
        Recipe(
            name="float16",
            what="half the size, depthwise kernels in float32; computed in float32 on "
            "CPUs, "
            "in float16 on GPUs",
            weights="float16",
            min_agreement=0.99,
        ),
        Recipe(
            name="dynamic_int8",
            what="a quarter of the size; activations quantised as they come, depthwise "
            "layers computed in float32",
            weights="int8",
            dynamic=True,
            min_agreement=0.85,
        ),
        Recipe(
            name="full_int8",
            what="integers inside, float32 outside and from the last dense layer "
            "on; loads "
            "in MediaPipe as it is",
            weights="int8",
            activations="int8",
            min_agreement=0.8,
        ),
        Recipe(
            name="mixed_int8",
            what="full_int8, but the layers that lose most have float activations, as "
            "few of each rung as an agreement of 0.97 asks",
            weights="int8",
            activations="int8",
            min_agreement=0.9,
            wanted_agreement=0.97,
        ),
        Recipe(
            name="full_int8_io_int8",
            what="integers throughout, for accelerators without floats",
            weights="int8",
            activations="int8",
            input_output="int8",
            min_agreement=0.8,
        ),
        Recipe(
            name="full_int8_act_int16",
            what="int8 weights, int16 activations: closer to float32, slow on CPUs",
            weights="int8",
            activations="int16",
            min_agreement=0.85,
        ),
    )
}


def parse_recipes(text: str) -> list[Recipe]:
    """ "float32,full_int8" -> the recipes, each once, in this order.

    Raises:
        InputError: an unknown name.
    """
    names = dict.fromkeys(word.strip() for word in text.split(","))
    for name in names:
        if name not in RECIPES:
            raise InputError(
                "recipe", name or "(empty)", f"some of {', '.join(RECIPES)}"
            )
    return [RECIPES[name] for name in names]


def check_quantiser(recipes: Sequence[Recipe], quantiser: str) -> None:
    """Islands are chosen operation by operation, which one quantiser alone takes.

    Raises:
        InputError: the other one is to make them.
    """
    for recipe in recipes:
        if recipe.mixed and quantiser != "litert":
            raise InputError(
                "quantiser", quantiser, f"`quantiser=litert` for {recipe.name}",
                fault="cannot leave single operations in float",
            )  # fmt: skip
