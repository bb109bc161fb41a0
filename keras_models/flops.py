"""What a model costs at each resolution; no weights needed."""

from collections.abc import Iterable
from dataclasses import dataclass

import keras

from datasets.errors import InputError
from datasets.progress import progress
from keras_models.catalogue import build, entry
from keras_models.graphs.fitting import Fitting
from keras_models.macs import MacsCount, count_macs
from keras_models.pretrained import Pretrained
from keras_models.rebuilding import unproven

_PERIOD = 32  # pixels; graphs of the catalogue repeat after it, or sooner
_BRINK = 8
_STEP = 1.1


@dataclass(frozen=True, kw_only=True)
class Cost:
    """One resolution and what one image costs there."""

    resolution: int
    macs: int
    drop_percent: float  # of MACs, hence of FLOPs, against the native resolution
    parameters: int
    uncounted: tuple[str, ...]


def catalogue_costs(
    name: str,
    resolutions: Iterable[int],
    classes: int | None = None,
    alpha: float = 1.0,
    native: int | None = None,
) -> list[Cost]:
    """Costs of a catalogue model, in the order asked for.

    A graph is built once for all resolutions that share it (catalogue: period) and
    its shapes are walked for each.

    Raises:
        InputError: unknown name, or a resolution below the smallest that works.
    """
    known = entry(name)
    graphs: dict[int, keras.Model] = {}
    wanted = list(resolutions)
    native = native or known.native
    counts: dict[int, MacsCount] = {}
    parameters = 0
    for resolution in progress(
        [native, *wanted], len(wanted) + 1, f"{name} resolutions"
    ):
        phase = resolution % known.period
        if resolution < known.smallest or phase not in graphs:
            graphs[phase] = build(name, resolution, classes, alpha)
        counts[resolution] = count_macs(graphs[phase], resolution)
        parameters = graphs[phase].count_params()
    return [
        _cost(resolution, counts[resolution], counts[native].macs, parameters)
        for resolution in wanted
    ]


def file_costs(
    source: Pretrained, resolutions: Iterable[int], skip_unfit: bool = False
) -> list[Cost]:
    """Costs of a model file, in the order asked for.

    Args:
        skip_unfit: leave out resolutions that its graph does not fit.
    Raises:
        InputError: one that cannot be rebuilt, unless those are left out.
    """
    native = count_macs(source.model).macs
    wanted = list(resolutions)
    fitting = Fitting(source.model)
    costs = []
    for resolution in progress(wanted, len(wanted), f"{source.name} resolutions"):
        try:
            count = _count(source, fitting, resolution)
        except InputError:
            if skip_unfit:
                continue
            raise
        costs.append(_cost(resolution, count, native, source.model.count_params()))
    return costs


def _count(source: Pretrained, fitting: Fitting, resolution: int) -> MacsCount:
    """Shapes are walked; nothing is built where the graph itself can be fitted."""
    if source.builder is None and fitting.fits(resolution):
        return count_macs(source.model, resolution)
    return count_macs(
        unproven(source.model, resolution, source.builder)
    )  # or says why not


def staircase(costs: list[Cost]) -> list[Cost]:
    """The steps: of each cost the largest resolution, from the dearest down."""
    largest: dict[int, Cost] = {}
    for cost in sorted(costs, key=lambda cost: cost.resolution):
        largest[cost.macs] = cost
    return sorted(largest.values(), key=lambda cost: -cost.resolution)


def steps(source: Pretrained, low: int, high: int) -> list[int]:
    """Resolutions on the brink of a step: one pixel more costs a tenth more, or over.

    Steps lie at multiples of 8 where strides halve the map thrice or more.

    Returns:
        Descending, `high` first whether it is a step or not.
    """
    graphs: dict[int, keras.Model] = {}

    def macs(resolution: int) -> int:
        if source.builder is None:
            return count_macs(source.model, resolution).macs
        phase = resolution % _PERIOD
        if phase not in graphs:
            graphs[phase] = source.builder(resolution)
        return count_macs(graphs[phase], resolution).macs

    resolutions = [
        resolution for resolution in range(low, high) if resolution % _BRINK == 0
    ]
    told = progress(resolutions, len(resolutions), f"{source.name} steps")
    upper = [
        resolution
        for resolution in told
        if macs(resolution + 1) >= _STEP * macs(resolution)
    ]
    return [high, *reversed(upper)]


def _cost(resolution: int, count: MacsCount, native: int, parameters: int) -> Cost:
    drop = 100 * (1 - count.macs / native) if native else 0.0  # nothing was counted
    return Cost(
        resolution=resolution,
        macs=count.macs,
        drop_percent=drop,
        parameters=parameters,
        uncounted=count.uncounted,
    )
