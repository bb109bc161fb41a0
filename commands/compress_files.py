"""What `reswise compress` leaves in its run folder, and how its winners are shipped."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from commands import echo
from datasets.files import write_text

if TYPE_CHECKING:
    from convert.compressing.outcome import Entry, Outcome
    from convert.compressing.variant import Setting
    from reports.rows import Row
    from reports.table import Table


def write(
    outcome: "Outcome",
    setting: "Setting",
    notes: tuple[str, ...],
    parent: list[str],
    data: list[str],
    command: str,
) -> "tuple[list[Table], list[Row], list[Path]]":
    """compress.json, compress.md, rows.csv, the front, and a selector a cascade.

    Args:
        parent: flags that open the parent again; data: the same of the pictures.
    Returns:
        The tables, the rows, the files.
    """
    from convert.compressing.outcome import COSTS
    from reports.compress_front import front_facts, front_figure
    from reports.compress_table import compress_rows, compress_tables
    from reports.figures import save
    from reports.run_folder import add_rows, add_tables

    best = {cost: outcome.cheapest(place) for place, cost in enumerate(COSTS)}
    ways = {
        entry.text: shipped(entry, setting, (parent, data), f"cheapest_{cost}".lower())
        for cost, entry in reversed(best.items())
        if entry is not None
    }
    tables = compress_tables(outcome, setting, notes, ways, command)
    rows = compress_rows(outcome, setting, command)
    answers = {cost: entry.text if entry else "" for cost, entry in best.items()}
    what = f"{setting.source.name} on {setting.judged.name} {setting.judged.split}"
    facts = {**front_facts(outcome, what, answers), "command": command}
    write_text(setting.run / "compress.json", json.dumps(facts, indent=1) + "\n")
    keys = [f"{what} | {name}" for name in ("variants", "answers")]
    written = add_tables(setting.run, "compress", tables, keys)
    add_rows(setting.run, rows)
    figures = save(front_figure(facts), setting.run, "front")
    names = ("compress.json", "rows.csv")
    return tables, rows, [*(setting.run / name for name in names), *written, *figures]


def shipped(
    entry: "Entry", setting: "Setting", flags: tuple[list[str], list[str]], name: str
) -> tuple[str, ...]:
    """The commands that make a bundle of a winner and bench it.

    Args:
        flags: of the parent, of the pictures.
        name: of the folder within the run folder.
    """
    folder = setting.run / name
    parent, data = flags
    crop = ["--crop", setting.preprocessing.crop_name]
    model, stem = _model(entry, setting, parent)
    recipe = entry.variant.recipe if entry.variant else "float32"
    if entry.selector is not None:
        path = setting.run / f"{name}.selector.json"
        write_text(path, json.dumps(entry.selector, indent=1) + "\n")
        rungs = [str(rung).rpartition("@")[2] for rung in _ladder(entry)]
        how = ["--resolutions", ",".join(rungs), "--selector", echo.shown(path)]
    else:
        resolution = entry.variant.resolution if entry.variant else 0
        how = ["--resolutions", str(resolution), "--recipes", recipe]
    run = ["--run", echo.shown(folder)]
    bundle = folder / f"{stem}_{recipe}"
    return (
        shlex.join(["reswise", "convert", *model, *how, *data, *crop, *run]),
        shlex.join(
            ["reswise", "bench", "--host", "--bundle", echo.shown(bundle), *data]
        ),
    )


def _ladder(entry: "Entry") -> list[str]:
    ladder = (entry.selector or {}).get("ladder", [])
    return list(ladder) if isinstance(ladder, list) else []


def _model(
    entry: "Entry", setting: "Setting", parent: list[str]
) -> tuple[list[str], str]:
    """(flags of its network, the name that its bundle begins with)."""
    from convert.rung_files import file_name

    if entry.variant is None or not entry.variant.keras_file:
        return parent, file_name(setting.source.name)
    path = setting.run / entry.variant.keras_file
    name = entry.variant.rung.rpartition("@")[0]
    normalisation = ["--normalisation", setting.source.normalisation]
    return (
        ["--model", echo.shown(path), "--name", name, *normalisation],
        file_name(name),
    )
