"""What is asked of a plan."""

from dataclasses import dataclass

from selection.plans.search import DEFAULT_WAYS


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked for."""

    reference: str  # rung
    max_drop_points: float
    confidence: float = 0.95
    ways: tuple[str, ...] = DEFAULT_WAYS
    longest: int = 3  # rungs of a ladder
    seed: int = 0  # of the parts
    search_part: float = 0.3  # of the images that choose; above 1: how many
    search_labels: bool = True  # False: the search reads no label
    max_labels: int | None = None  # of certification images; None: while one can help
