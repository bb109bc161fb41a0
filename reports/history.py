"""A training's log as a figure: accuracy and loss over the epochs."""

from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from datasets.user_files import UserFile
from datasets.user_tables import read_rows
from reports.figures import save


def draw_history(log: Path, folder: Path, title: str) -> list[Path]:
    """history.svg and history.png of a log.csv that training wrote.

    Args:
        log: columns epoch, accuracy, loss, val_accuracy, val_loss.
    """
    file = UserFile(log, expected="the log of a training")
    lines = [row.cells for row in read_rows(file).rows]
    with file.shaped():
        epochs = [int(line["epoch"]) + 1 for line in lines]
    figure = Figure(figsize=(7.0, 3.6), layout="constrained")
    for number, (measure, unit) in enumerate(
        (("accuracy", "accuracy, %"), ("loss", "loss, nats")), start=1
    ):
        axes = figure.add_subplot(1, 2, number)
        scale = 100 if measure == "accuracy" else 1
        for column, label, style in (
            (measure, "training", "-"),
            (f"val_{measure}", "validation", "o-"),
        ):
            values = [scale * float(line[column]) for line in lines]
            axes.plot(epochs, values, style, label=label, markersize=3)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylabel(unit)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    figure.suptitle(title, fontsize=10)
    return save(figure, folder, "history")
