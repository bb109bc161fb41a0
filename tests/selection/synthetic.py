"""Score tables drawn from a seed, small enough to count by hand or by brute force."""

import numpy as np

from selection.scored import Scored

RUNGS = ("small@32", "small@64", "large@64", "large@96")
MACS = (3, 10, 25, 60)


def scored(
    images: int = 200, rungs: int = 3, classes: int = 4, seed: int = 0
) -> Scored:
    """Dearer rungs are right more often; thumbnails know a little of the difficulty."""
    random = np.random.default_rng(seed)
    difficulty = random.normal(size=images)
    labels = random.integers(0, classes, images)
    scores = []
    for place in range(rungs):
        logits = random.normal(size=(images, classes))
        strength = 1.5 + 0.8 * place - difficulty
        logits[np.arange(images), labels] += strength
        spread = np.exp(logits)
        scores.append((spread / spread.sum(axis=1, keepdims=True)).astype(np.float32))
    looks = random.normal(size=(images, 21))
    looks[:, 0] = difficulty + 0.3 * random.normal(size=images)
    ids = tuple(f"picture {number}" for number in range(images))
    return Scored(
        rungs=RUNGS[:rungs],
        macs=MACS[:rungs],
        scores=tuple(scores),
        labels=labels,
        ids=ids,
        looks=looks,
    )
