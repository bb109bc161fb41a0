"""The selectors by name, and how each is read back from its JSON object."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from datasets.errors import InputError
from selection.arrays import Json
from selection.selectors.cascade import cascade_from_json
from selection.selectors.checks import check_leaves, check_parts
from selection.selectors.deferral import deferral_from_json
from selection.selectors.fixed import fixed_from_json
from selection.selectors.learned import learned_from_json
from selection.selectors.oracle import oracle_from_json
from selection.selectors.random_choice import random_from_json

if TYPE_CHECKING:
    from selection.contract import Selector


@dataclass(frozen=True)
class Entry:
    """One selector."""

    what: str
    read: "Callable[[Json], Selector]"
    runs: bool = True  # False: a bound, not a choice


CATALOGUE = {
    "fixed": Entry("one rung for every image", fixed_from_json),
    "random": Entry("a rung at random, by the image's id", random_from_json),
    "cascade": Entry("climbs until an answer is sure", cascade_from_json),
    "deferral": Entry("climbs while a learned rule sees gain", deferral_from_json),
    "learned": Entry("looks at a thumbnail, then runs one rung", learned_from_json),
    "oracle": Entry("the cheapest rung that is right", oracle_from_json, runs=False),
}


def from_json(facts: Json) -> "Selector":
    """The selector of a JSON object.

    Raises:
        InputError: an unknown kind, or facts missing or of the wrong type.
    """
    kind: Any = facts.get("kind") if isinstance(facts, dict) else facts
    if not isinstance(kind, str) or kind not in CATALOGUE:
        came, known = repr(str(kind)[:60]), f"one of {', '.join(CATALOGUE)}"
        raise InputError.of("a selector's JSON object", f"has the kind {came}", known)
    try:
        check_leaves(facts)
        selector = CATALOGUE[kind].read(facts)
        check_parts(selector)
        return selector
    except InputError:
        raise
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError,
            ValueError) as error:  # fmt: skip
        raise InputError.of(
            f"the {kind} selector's JSON object",
            f"is not whole ({error!r})",
            "what `reswise plan` writes",
        ) from error
