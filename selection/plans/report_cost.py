"""The cost that the cascade report computes (its equation 2.2), beside true MACs.

FLOP_cc = sum over p of FLOP_p f_p^2 card(I_p) / card(I_0): model p at its native
resolution, f_p its resolution in parts of the native one, I_p the images that reach it.
It is the special case in which cost goes with the square of the resolution; true costs
are a staircase. The report's second line prints the first term without f_0^2; its first
line, followed here, has it.
"""

from collections.abc import Sequence

from datasets.errors import InputError


def report_macs(
    native_macs: Sequence[float], scale: Sequence[float], reach: Sequence[float]
) -> float:
    """Mean MACs of one image by equation 2.2.

    Args:
        native_macs: of each rung's model at its native resolution.
        scale: f_p in (0, 1], resolution over native resolution.
        reach: part of the images that runs each rung; the first is 1.
    Raises:
        InputError: lengths differ, or a scale outside (0, 1].
    """
    if not len(native_macs) == len(scale) == len(reach):
        raise InputError.of(
            "the report's cost",
            f"{len(native_macs)} costs, {len(scale)} scales and {len(reach)} shares",
            "one of each for each rung",
        )
    if not all(0 < one <= 1 for one in scale):
        raise InputError("scale", tuple(scale), "parts in (0, 1]")
    return sum(m * f * f * r for m, f, r in zip(native_macs, scale, reach, strict=True))
