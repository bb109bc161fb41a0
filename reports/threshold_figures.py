"""Maps over thresholds, fronts of accuracy against cost: matplotlib, no display."""

from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures import save
from selection.arrays import Float64s
from selection.plans.grid import Grid
from selection.plans.seen_front import SeenFront
from selection.replay import replay
from selection.scored import Scored
from selection.selectors.oracle import Oracle

_CALIBRATION, _TEST, _RUNG, _ORACLE = "tab:blue", "tab:orange", "black", "tab:green"


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of a front: mean MACs of one image, accuracy as a fraction."""

    macs: Float64s
    accuracy: Float64s


def draw_all(fronts: SeenFront, test: Scored, title: str, folder: Path) -> list[Path]:
    """The maps and the fronts of a ladder, beside its rungs and the oracle."""
    bound = replay(Oracle(test.rungs), test)
    rungs = {
        name: (float(macs), float(test.right[:, column].mean()))
        for column, (name, macs) in enumerate(zip(test.rungs, test.macs, strict=True))
    }
    return [
        *draw_maps(fronts.grid, fronts.ladder, folder),
        *draw_fronts(
            Curve(fronts.front.mean_macs, fronts.front.accuracy),
            Curve(fronts.test_macs, fronts.test_right),
            rungs,
            (bound.mean_macs, bound.accuracy),
            title,
            folder,
        ),
    ]


def draw_maps(grid: Grid, ladder: tuple[str, ...], folder: Path) -> list[Path]:
    """Accuracy and MACs over the thresholds, as figures 2.2 and 2.3 of the report."""
    figure = Figure(figsize=(10.5, 4.6), layout="constrained")
    accuracy, cost = 100 * grid.right / grid.images, grid.macs / grid.images / 1e6
    panels = figure.subplots(1, 2)
    for axes, values, what, colours in (
        (panels[0], accuracy, "top-1 accuracy, %", "viridis"),
        (panels[1], cost, "MMACs, mean of one image", "magma"),
    ):
        if len(grid.axes) == 1:
            axes.plot(grid.axes[0], values, color=_CALIBRATION)
            axes.set_xlabel(f"threshold at {ladder[0]}")
            axes.set_ylabel(what)
            axes.grid(alpha=0.3)
        else:
            _map(figure, axes, grid, values, what, colours, ladder)
    figure.suptitle(f"{' → '.join(ladder)}, {grid.images} images", fontsize=10)
    return save(figure, folder, "maps")


def _map(
    figure: Figure,
    axes: Axes,
    grid: Grid,
    values: Float64s,
    what: str,
    colours: str,
    ladder: tuple[str, ...],
) -> None:
    # the first axis runs to the right, so rows of the picture are the second
    shown = axes.pcolormesh(*grid.axes, values.T, cmap=colours, shading="nearest")
    lines = axes.contour(*grid.axes, values.T, levels=7, colors="white", linewidths=0.7)
    axes.clabel(lines, fontsize=7, fmt="%.4g")
    axes.set_xlabel(f"threshold at {ladder[0]}")
    axes.set_ylabel(f"threshold at {ladder[1]}")
    figure.colorbar(shown, ax=axes, label=what)


def draw_fronts(
    calibration: Curve,
    test: Curve,
    rungs: dict[str, tuple[float, float]],
    oracle: tuple[float, float],
    title: str,
    folder: Path,
) -> list[Path]:
    """The calibration front, and the same thresholds on test images (2.6 and 2.7).

    Args:
        rungs: name -> (MACs, accuracy on test images). oracle: likewise.
    """
    figure = Figure(figsize=(7.5, 4.8), layout="constrained")
    axes = figure.add_subplot()
    for curve, label, colour in (
        (calibration, "chosen on calibration images", _CALIBRATION),
        (test, "the same thresholds on test images", _TEST),
    ):
        axes.plot(
            curve.macs / 1e6, 100 * curve.accuracy, ".-", ms=3, lw=1, label=label,
            color=colour,
        )  # fmt: skip
    for name, (macs, accuracy) in rungs.items():
        axes.plot(macs / 1e6, 100 * accuracy, "s", color=_RUNG, ms=5)
        far = macs > 0.7 * max(one for one, _ in rungs.values())
        axes.annotate(
            name, (macs / 1e6, 100 * accuracy), fontsize=7, textcoords="offset points",
            xytext=(-5 if far else 5, -11), ha="right" if far else "left",
        )  # fmt: skip
    axes.plot([], [], "s", color=_RUNG, ms=5, label="one rung for all, test images")
    axes.plot(
        oracle[0] / 1e6, 100 * oracle[1], "*", color=_ORACLE, ms=12,
        label="oracle of this ladder, test images",
    )  # fmt: skip
    axes.set_xlabel("MMACs, mean of one image")
    axes.set_ylabel("top-1 accuracy, %")
    axes.set_title(title, fontsize=10, wrap=True)
    axes.margins(x=0.08)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")
    return save(figure, folder, "fronts")
