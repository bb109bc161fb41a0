"""Whether new images still look like those that a plan was certified on.

Compared are the share of images that stop at each rung and the share on which plan and
reference differ, each by Fisher's exact test of two counts (two-sided); what differs is
reported where the p-value, times the number of comparisons (Holm 1979), is small. Same
shares do not prove that nothing changed; other shares say that the certificate's
assumption, images drawn in the same way, is broken.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import fisher_exact

from datasets.errors import DataError

SMALL = 0.01  # chance to call images of the same source broken


@dataclass(frozen=True, kw_only=True)
class Share:
    """One count beside the certified one."""

    what: str  # a rung, or "differs from RUNG"
    certified: int
    certified_images: int
    new: int
    new_images: int
    p_value: float  # after Holm's correction

    @property
    def broken(self) -> bool:
        return self.p_value <= SMALL

    def sentence(self) -> str:
        before = f"{100 * self.certified / self.certified_images:.1f} %"
        return (
            f"{self.what}: {100 * self.new / self.new_images:.1f} % of "
            f"{self.new_images}, certified {before} of {self.certified_images}, "
            f"p {self.p_value:.2g}"
        )


def shares(
    names: Sequence[str],
    certified: Sequence[int],
    certified_images: int,
    new: Sequence[int],
    new_images: int,
) -> tuple[Share, ...]:
    """Count by count, in the order given, with p-values that hold together.

    Raises:
        InputError: no new image.
    """
    if new_images < 1 or certified_images < 1:
        raise DataError.of("the images compared", "none", "at least one on each side")
    single = [
        float(
            fisher_exact(
                [[old, certified_images - old], [now, new_images - now]]
            ).pvalue
        )
        for old, now in zip(certified, new, strict=True)
    ]
    order = sorted(range(len(single)), key=lambda place: single[place])
    held, worst = [1.0] * len(single), 0.0
    for rank, place in enumerate(order):
        worst = max(worst, min(1.0, single[place] * (len(single) - rank)))
        held[place] = worst
    return tuple(
        Share(
            what=name,
            certified=old,
            certified_images=certified_images,
            new=now,
            new_images=new_images,
            p_value=p_value,
        )
        for name, old, now, p_value in zip(names, certified, new, held, strict=True)
    )


def verdict(compared: Sequence[Share]) -> str:
    """For reading."""
    broken = [share for share in compared if share.broken]
    if not broken:
        return (
            "Nothing speaks against the certificate: the new images stop and differ as "
            "the certified ones did, as far as their number can tell."
        )
    return (
        "BROKEN ASSUMPTION: the new images are not like those certified ("
        + "; ".join(share.sentence() for share in broken)
        + "). The certificate says nothing about them; plan again with such images."
    )
