"""One head for all resolutions of a network: from its features to tensors on disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from datasets.errors import ModelError
from keras_models.adapted import write_record, write_tensors
from keras_models.adapting.head_choice import HeadFit
from keras_models.head import split
from keras_models.head_fit import Head
from keras_models.pretrained import Pretrained

Tensors = list[np.ndarray]


def keep_head(
    plain: Pretrained,
    source: Pretrained,
    head_fit: HeadFit,
    facts: Mapping[str, object],
    run: Path,
) -> tuple[int, ...]:
    """Writes tensors of the resolutions that take the head, and adapted.json.

    Args:
        plain: the network as it was trained.
        source: the same with the adaptation that the features came from, or `plain`.
    Returns:
        The resolutions that are not as they were trained.
    """
    earlier = () if source.adaptation is None else tuple(source.adaptation.accepted)
    changed = []
    for outcome in head_fit.outcomes:
        resolution = outcome.resolution
        if resolution in earlier or outcome.accepted:
            head = head_fit.head if outcome.accepted else None
            before, after = _tensors(plain, source, resolution, head)
            write_tensors(run, resolution, before, after)
            changed.append(resolution)
    write_record(run, plain.weights_sha256, facts, head_fit.outcomes, changed)
    return tuple(changed)


def check_heads(source: Pretrained, resolutions: Sequence[int], trained: Head) -> None:
    """Raises InputError where an adaptation has changed the last dense layer already.

    What the new head is held against would not be what the network has.
    """
    if source.adaptation is None:
        return
    for resolution in set(resolutions) & set(source.adaptation.accepted):
        own = split(source.at(resolution), source.normalisation).head
        if not np.array_equal(own.kernel, trained.kernel):
            raise ModelError(
                "adapted",
                source.adaptation.folder,
                "`tensors=offsets` or `tensors=norms`",
                fault=(
                    f"it changed the last dense layer at {resolution} pixels already"
                ),
            )


def _tensors(
    plain: Pretrained, source: Pretrained, resolution: int, head: Head | None
) -> tuple[Tensors, Tensors]:
    """(as trained, with everything that is adapted), as `get_weights` has them."""
    before = plain.at(resolution).get_weights()
    model = source.at(resolution)
    after = model.get_weights()
    if head is not None:
        places = split(model, source.normalisation).places(model)
        values = [head.kernel] + ([] if head.bias is None else [head.bias])
        for place, value in zip(places, values, strict=True):
            after[place] = value.reshape(after[place].shape)
    return before, after
