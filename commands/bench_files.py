"""What `reswise bench` leaves in its run folder: bench.md, bench.json, rows, chart."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from commands import echo

if TYPE_CHECKING:
    from android_bench.outcome import Outcome
    from android_bench.session import Job
    from datasets.dataset import Dataset

_FILES = ("bench.md", "bench.json", "rows.csv")


def write(
    args: argparse.Namespace, job: "Job", dataset: "Dataset", outcomes: "list[Outcome]"
) -> None:
    """Writes them, prints the tables, and names the files."""
    from convert.manifest import MANIFEST_FILE
    from datasets.files import file_sha256, write_text
    from reports.bench_table import bench_rows, bench_table, draw_latency
    from reports.run_folder import add_rows, add_tables

    command, named = echo.command_line(), (dataset.name, dataset.split)
    tables = [bench_table(outcome, job.bundle, " ".join(named)) for outcome in outcomes]
    rows = [
        row
        for outcome in outcomes
        for row in bench_rows(outcome, job.bundle, named, command)
    ]
    facts = {
        "command": command,
        "bundle": job.bundle.manifest.name,
        "manifest_sha256": file_sha256(job.bundle.folder / MANIFEST_FILE),
        "build": job.built.kind,
        "settings": asdict(job.settings),
        "machines": [outcome.to_json() for outcome in outcomes],
    }
    what = f"{job.bundle.manifest.name}, {' '.join(named)}"
    keys = [f"{what}, {outcome.label}" for outcome in outcomes]
    add_tables(args.run, "bench", tables, keys, command=command)
    write_text(args.run / "bench.json", json.dumps(facts, indent=1) + "\n")
    add_rows(args.run, rows)
    drawn = draw_latency(outcomes, args.run)
    for table in tables:  # after the files: head may close the pipe
        table.show(wide=args.wide)
    for path in (*(args.run / name for name in _FILES), *drawn):
        print(f"wrote {echo.shown(path)}")
