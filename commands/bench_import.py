"""`reswise bench --import`: an in-app bench judged on this machine."""

import argparse
import json
from typing import TYPE_CHECKING

from commands import asked, echo
from datasets.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from android_bench.imported import Imported
    from convert.bundle import Bundle
    from datasets.dataset import Dataset

FOLDER = "app"  # below --run: a bench over adb keeps its files beside it


def check(args: argparse.Namespace) -> None:
    """Refuses flags that an import has no use for.

    Raises:
        InputError: the first of them, or a bundle or a data set missing.
    """
    for name in ("host", "doctor", "clean", "fresh"):
        if getattr(args, name):
            raise InputError("import", "", f"either this or `{name}`")
    for name in ("serial", "classic"):
        if getattr(args, name) is not None:
            raise InputError("import", "", f"either this or `{name}`")
    if args.bundle is None or args.dataset is None:
        raise InputError(
            "import",
            "",
            "`bundle`, the one in the app, and `dataset`, the pictures that it ran",
        )


def run(args: argparse.Namespace) -> int:
    """Judges; writes app.md, app.json and rows.csv below the run folder."""
    check(args)
    from android_bench.app_results import read_app_results
    from android_bench.imported import imported
    from android_bench.inputs import pack
    from android_bench.outcome import host_scores
    from convert.bundle import open_bundle

    bundle = open_bundle(args.bundle)
    app = read_app_results(args.imported, bundle)
    dataset = asked.opened_dataset(args)
    inputs = pack(dataset, bundle.manifest, args.run, args.max_unreadable)
    judged = imported(bundle, app, inputs, host_scores(bundle, inputs))
    _write(args, bundle, dataset, judged)
    return 0 if judged.passed else 1


def _write(
    args: argparse.Namespace, bundle: "Bundle", dataset: "Dataset", judged: "Imported"
) -> None:
    from datasets.files import write_text
    from reports.app_table import app_row, app_table
    from reports.rows import write_rows
    from reports.table import write_tables

    folder: Path = args.run / FOLDER
    command = echo.command_line()
    images = f"{dataset.name} {dataset.split}"
    table = app_table(judged, bundle, images, args.run / "bench.json")
    row = app_row(judged, bundle, (dataset.name, dataset.split), command)
    facts = {"command": command, "bundle": bundle.manifest.name, **judged.to_json()}
    write_tables(folder, "app", [table], command)
    write_text(folder / "app.json", json.dumps(facts, indent=1) + "\n")
    write_rows(folder / "rows.csv", [row])
    table.show(wide=args.wide)
    for name in ("app.md", "app.json", "rows.csv"):
        print(f"wrote {echo.shown(folder / name)}")
