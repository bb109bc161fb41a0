"""A manifest's selector may be run: it decides among the rungs there are, and ends."""

from itertools import pairwise

from convert.manifest import Rung
from datasets.errors import InputError
from selection.arrays import Json
from selection.contract import Selector
from selection.selectors.catalogue import CATALOGUE, from_json


def check_selector(facts: Json, rungs: tuple[Rung, ...], where: str) -> Selector:
    """The selector of a manifest.

    Raises:
        InputError: rungs that are not there or do not ascend in MACs, or numbers that
            do not fit together.
    """
    try:
        selector = from_json(facts)
        if not CATALOGUE[str(facts["kind"])].runs:
            raise InputError(f"{facts['kind']} reads the labels, so no device runs it.")
        _check_ladder(selector.ladder, rungs)
    except InputError as error:
        raise InputError(f"{where}: selector: {error}") from None
    return selector


def _check_ladder(ladder: tuple[str, ...], rungs: tuple[Rung, ...]) -> None:
    macs = {rung.rung: rung.macs for rung in rungs}
    for rung in ladder:
        if rung not in macs:
            raise InputError(
                f"rung {rung} is not in the bundle; expected one of {', '.join(macs)}."
            )
    for lower, upper in pairwise(ladder):
        if macs[lower] >= macs[upper]:
            raise InputError(
                f"the ladder does not ascend in MACs: {lower} has {macs[lower]:,}, "
                f"{upper} {macs[upper]:,}."
            )
