"""One HTML page of everything under run folders: the function `report`."""

from collections.abc import Sequence
from pathlib import Path

from commands.functions.arguments import called
from commands.functions.results import Page
from datasets.files import write_text
from reports.event_files import write_events
from reports.gathered import gather
from reports.page import beside, every_table, render, several_runs


def report(
    runs: Sequence[str | Path],
    out: str | Path = "runs/report",
    compare: bool = False,
    group: str | None = None,
    tensorboard: str | Path | None = None,
) -> Page:
    """One self-contained HTML page of everything under run folders.

    Args:
        compare: also the runs side by side, the same rows joined, the first tables.
        group: "weights": also mean and standard deviation over training seeds.
        tensorboard: a folder where scalars and hparams of every row go.
    Returns:
        `path` of the page, and every row and table that was found.
    Raises:
        InputError: a folder is not there, or holds no result, or there is nothing to
            compare or to group; TensorBoard is not installed.

    Example:
        >>> import reswise, tempfile
        >>> run = tempfile.mkdtemp()
        >>> _ = reswise.sweep("small_resnet", "glyphs", [48], run, weights="glyphs",
        ...                   limit=50)
        >>> reswise.report([run], tempfile.mkdtemp()).path.name
        'report.html'
    """
    folders, command = [Path(folder) for folder in runs], called("report")
    gathered = gather(folders)
    gathered = beside(gathered, several_runs(folders, compare, group, command))
    path = Path(out) / "report.html"
    write_text(path, render(gathered, command))
    if tensorboard is not None:
        write_events([row for _, row in gathered.rows], Path(tensorboard))
    return Page(
        rows=tuple(row for _, row in gathered.rows),
        tables=tuple(every_table(gathered)),
        run=Path(out),
        path=path,
    )
