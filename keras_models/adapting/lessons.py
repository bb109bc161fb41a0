"""A data set -> what an adaptation learns from: views with native scores, and a part
of the pictures held out to decide."""

from collections.abc import Sequence

import numpy as np

from datasets.dataset import Dataset
from datasets.errors import DataError
from datasets.preprocessing import Preprocessing
from keras_models.adapting import views as adapt_views
from keras_models.adapting.adapt import AdaptSettings, Lesson, native_scores
from keras_models.pretrained import Pretrained

_LEAST = 10  # pictures on either side of the hold-out


def lessons(
    source: Pretrained,
    dataset: Dataset,
    resolutions: Sequence[int],
    preprocessing: Preprocessing,
    settings: AdaptSettings,
) -> dict[int, tuple[Lesson, Lesson]]:
    """{resolution: (views to adapt on, held-out pictures)}, with native scores.

    Raises:
        InputError: too few pictures, or one that cannot be read.
    """
    order = np.random.default_rng(settings.seed).permutation(len(dataset))
    held = round(len(dataset) * settings.held_out)
    if held < _LEAST or len(dataset) - held < _LEAST:
        raise DataError.of(
            f"{dataset.name} {dataset.split}",
            f"{len(dataset)} pictures, {held} held out",
            f"at least {_LEAST} to adapt on and {_LEAST} to decide with",
        )
    learnt, deciding = (
        dataset.take(np.sort(part)) for part in (order[held:], order[:held])
    )
    wanted = [source.native, *resolutions]
    views = adapt_views.views(
        learnt,
        wanted,
        preprocessing,
        settings.views,
        settings.smallest_view,
        settings.seed,
    )
    plain = adapt_views.plain(deciding, wanted, preprocessing)
    of_views, of_plain = (
        native_scores(source.model, source.normalisation, pixels.pop(source.native))
        for pixels in (views, plain)
    )
    return {
        resolution: (
            Lesson(views[resolution], of_views),
            Lesson(plain[resolution], of_plain),
        )
        for resolution in resolutions
    }
