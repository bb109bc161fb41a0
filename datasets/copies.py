"""What is said of pictures that a data set has more than once."""

from collections.abc import Sequence

from datasets.shuffle import Labels


def said_of_copies(
    groups: Sequence[Sequence[int]], ids: Sequence[str], labels: Labels
) -> str:
    """In a few words; "" where there is none.

    Args:
        groups: indices of pictures with equal contents, two or more in each.
        ids, labels: of all the pictures.
    """
    torn = [some for some in groups if len(set(labels[list(some)].tolist())) > 1]
    if torn:
        first = torn[0][0]
        other = next(index for index in torn[0] if labels[index] != labels[first])
        return f"pictures in two classes {len(torn)}: {ids[first]} and {ids[other]}"
    if not groups:
        return ""
    first, other, *_ = groups[0]
    copies = sum(len(some) - 1 for some in groups)
    return f"copies of other pictures {copies}: {ids[other]} of {ids[first]}"
