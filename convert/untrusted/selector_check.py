"""A manifest's selector may be run: it decides among the rungs there are, and ends."""

from itertools import pairwise

from convert.manifest import Rung
from datasets.errors import BundleError, InputError
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
            raise BundleError.of(
                facts["kind"], "it reads the labels, so no device runs it"
            )
        _check_ladder(selector.ladder, rungs)
    except InputError as error:
        raise BundleError.around(f"{where}: selector", error) from None
    return selector


def _check_ladder(ladder: tuple[str, ...], rungs: tuple[Rung, ...]) -> None:
    macs = {rung.rung: rung.macs for rung in rungs}
    for rung in ladder:
        if rung not in macs:
            raise BundleError.of(
                f"rung {rung}", "is not in the bundle", f"one of {', '.join(macs)}"
            )
    for lower, upper in pairwise(ladder):
        if macs[lower] >= macs[upper]:
            raise BundleError.of(
                "its ladder",
                "does not ascend in MACs: "
                f"{lower} has {macs[lower]:,}, {upper} {macs[upper]:,}",
            )
