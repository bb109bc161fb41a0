"""Figures for papers and pages: matplotlib, SVG and PNG, no display needed."""

import hashlib
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from datasets.files import whole_file
from datasets.shown import name_bytes
from reports.drop import alike, group_key, in_group
from reports.rows import Row

if TYPE_CHECKING:
    from keras_models.adapted import Outcome

_OWN_NAME = re.compile(r"accuracy(_.+_[0-9a-f]{6})?\.(svg|png)")
_NATIVE = "tab:red"
_COLOURS = ("tab:blue", "tab:green", "tab:purple", "tab:orange", "tab:brown")


class Drawn(Figure):
    """A figure that a notebook shows, with or without pyplot's inline backend."""

    def _repr_png_(self) -> bytes:
        text = io.BytesIO()
        self.savefig(text, format="png", dpi=110)
        return text.getvalue()


def draw_groups(rows: list[Row], own: str, folder: Path) -> list[Path]:
    """One figure a group of `reports.drop`: accuracy.svg, or accuracy_<what>.svg each.

    Args:
        rows: of the whole folder.
        own: the group that is new; figures of others are drawn where they lack.
    Returns:
        The files that were written.
    """
    keys = list(dict.fromkeys(filter(None, map(group_key, rows))))
    names = {key: "accuracy" if len(keys) == 1 else _figure_name(key) for key in keys}
    written: list[Path] = []
    for key, name in names.items():
        if alike(key, own) or not (folder / f"{name}.svg").exists():
            written += draw_accuracy(in_group(rows, key), folder, name)
    for path in folder.glob("accuracy*"):  # of groups that are no more, or now named
        if _OWN_NAME.fullmatch(path.name) and path.stem not in names.values():
            path.unlink()
    return written


def _figure_name(key: str) -> str:
    """Words to be read, and a hash that tells like ones apart."""
    model, _, dataset, split = key.split(" | ")[:4]
    words = re.sub(r"[^\w.-]+", "-", f"{model}_{Path(dataset).name}_{split}").strip("-")
    return f"accuracy_{words[:60]}_{hashlib.sha256(name_bytes(key)).hexdigest()[:6]}"


def draw_accuracy(rows: list[Row], folder: Path, name: str = "accuracy") -> list[Path]:
    """`accuracy_figure` as files."""
    return save(accuracy_figure(rows), folder, name)


def accuracy_figure(rows: list[Row]) -> Figure:
    """Accuracy against resolution with 95 % intervals, the native resolution in red.

    As figures 11 to 13 of the thesis, with top-1 beside top-5 and one line a crop.
    """
    figure = Drawn(figsize=(7.0, 4.2), layout="constrained")
    axes = figure.add_subplot()
    crops = list(dict.fromkeys(row.crop for row in rows))
    for index, crop in enumerate(crops):
        own = [row for row in rows if row.crop == crop]
        _curve(axes, own, _COLOURS[index % len(_COLOURS)])
    axes.set_xticks(sorted({row.resolution or 0 for row in rows}))
    axes.set_xlabel("resolution, pixels")
    axes.set_ylabel("accuracy, %")
    axes.set_title(
        f"{rows[0].model} ({rows[0].weights}), {rows[0].images} images of "
        f"{rows[0].dataset}",
        fontsize=10,
        wrap=True,
    )
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    return figure


def _curve(axes: Axes, rows: list[Row], colour: str) -> None:
    rows = sorted(rows, key=lambda row: row.resolution or 0)
    resolutions = [row.resolution or 0 for row in rows]
    top1 = [100 * (row.top1 or 0) for row in rows]
    below = [100 * ((row.top1 or 0) - (row.top1_low or 0)) for row in rows]
    above = [100 * ((row.top1_high or 0) - (row.top1 or 0)) for row in rows]
    axes.errorbar(
        resolutions,
        top1,
        yerr=[below, above],
        fmt="o-",
        capsize=3,
        color=colour,
        label=f"top-1, crop {rows[0].crop}, 95 % interval",
    )
    axes.plot(
        resolutions,
        [100 * (row.top5 or 0) for row in rows],
        "s--",
        color=colour,
        alpha=0.5,
        label=f"top-5, crop {rows[0].crop}",
    )
    native = rows[-1]
    axes.plot(
        native.resolution or 0,
        top1[-1],
        "o",
        color=_NATIVE,
        markersize=9,
        zorder=3,
        label=f"native resolution, {native.resolution}",
    )


def macs_figure(rows: list[Row]) -> Figure:
    """Top-1 with 95 % intervals against mean MACs of an image, a colour a selector."""
    figure, axes = _empty("MMACs of one image", "top-1, %")
    _points(axes, rows, [(row.macs or 0) / 1e6 for row in rows])
    return figure


def latency_figure(rows: list[Row]) -> Figure:
    """Top-1 with 95 % intervals against the median latency of an image."""
    figure, axes = _empty("median latency of an image, ms", "top-1, %")
    _points(axes, rows, [(row.latency_p50_us or 0) / 1e3 for row in rows])
    return figure


def match_figure(outcomes: Sequence["Outcome"]) -> Figure:
    """Divergence from the native scores at each resolution, before and after."""
    figure, axes = _empty("resolution, pixels", "divergence from native scores, nats")
    resolutions = [outcome.resolution for outcome in outcomes]
    for name, matches in (
        ("before", [outcome.before for outcome in outcomes]),
        ("after", [outcome.after for outcome in outcomes]),
    ):
        axes.plot(
            resolutions, [match.divergence for match in matches], "o-", label=name
        )
    axes.set_xticks(resolutions)
    axes.legend(fontsize=8)
    return figure


def _empty(across: str, up: str) -> tuple[Figure, Axes]:
    figure = Drawn(figsize=(7.0, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(alpha=0.3)
    return figure, axes


def _points(axes: Axes, rows: list[Row], across: list[float]) -> None:
    kinds = list(dict.fromkeys(str(row.selector) for row in rows))
    for row, left in zip(rows, across, strict=True):
        top1, kind = 100 * (row.top1 or 0), str(row.selector)
        below = top1 - 100 * (row.top1_low or 0)
        above = 100 * (row.top1_high or 0) - top1
        axes.errorbar(
            left,
            top1,
            yerr=[[below], [above]],
            fmt="o" if kind == "fixed" else "*",
            capsize=3,
            color=f"C{kinds.index(kind)}",
        )
        said = row.ladder if kind == "fixed" else kind
        axes.annotate(str(said), (left, top1), fontsize=7)


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Writes a figure as SVG and PNG; a file of it is whole or not there."""
    paths = []
    for kind in ("svg", "png"):
        drawn = io.BytesIO()
        metadata = {"Date": None} if kind == "svg" else None
        with rc_context({"svg.hashsalt": "reswise"}):  # the same ids in every run
            figure.savefig(drawn, format=kind, dpi=144, metadata=metadata)
        paths.append(folder / f"{name}.{kind}")
        with whole_file(paths[-1]) as file:
            file.write(drawn.getvalue())
    return paths
