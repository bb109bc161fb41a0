"""One HTML page of everything under run folders: the function `report`."""

from collections.abc import Sequence
from pathlib import Path

from commands.functions.arguments import called
from commands.functions.results import Page
from datasets.files import write_text
from reports.gathered import gather
from reports.page import every_table, render


def report(runs: Sequence[str | Path], out: str | Path = "runs/report") -> Page:
    """One self-contained HTML page of everything under run folders.

    Returns:
        `path` of the page, and every row and table that was found.
    Raises:
        InputError: a folder is not there, or holds no result.

    Example:
        >>> import reswise, tempfile
        >>> run = tempfile.mkdtemp()
        >>> _ = reswise.sweep("small_resnet", "glyphs", [48], run, weights="glyphs",
        ...                   limit=50)
        >>> reswise.report([run], tempfile.mkdtemp()).path.name
        'report.html'
    """
    gathered = gather([Path(folder) for folder in runs])
    path = Path(out) / "report.html"
    write_text(path, render(gathered, called("report")))
    return Page(
        rows=tuple(row for _, row in gathered.rows),
        tables=tuple(every_table(gathered)),
        run=Path(out),
        path=path,
    )
