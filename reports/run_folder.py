"""A run folder accumulates: what is measured again is replaced, all else stays.

Rows of rows.csv are known by what was measured (`row_key`), tables by a key of their
own beside them in <name>.tables.json; <name>.md shows all of them.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.files import write_text
from reports.rows import Row, read_rows, write_rows
from reports.table import Table, commanded, read_tables, table_keys

if TYPE_CHECKING:
    from keras_models.scoring.score_records import StoredRung

_KEY = (
    "model", "weights", "dataset", "split", "resolution", "crop", "interpolation",
    "recipe", "selector", "ladder",
)  # fmt: skip


def row_key(row: Row) -> tuple[object, ...]:
    """What a row is of: its rung or ladder, its images, and how it was measured."""
    benched = row.latency_p50_us is not None
    # a bench's device is its machine and a verdict; elsewhere it is the engine
    device = (row.device or "").rpartition(", ")[0] if benched else ""
    kind = "benched" if benched else "swept" if row.drop_points is not None else "files"
    return (*(getattr(row, name) for name in _KEY), kind, device)


def add_rows(folder: Path, rows: Sequence[Row]) -> list[Row]:
    """Writes rows.csv with these in place of older ones of the same keys; all of it.

    Raises:
        InputError: a rows.csv lies there that is none.
    """
    path = folder / "rows.csv"
    with _alone(folder):
        before = read_rows(path) if path.exists() else []
        new = {row_key(row) for row in rows}
        first = next((n for n, row in enumerate(before) if row_key(row) in new), None)
        kept = [row for row in before if row_key(row) not in new]
        at = len(kept) if first is None else first
        merged = [*kept[:at], *rows, *kept[at:]]
        write_rows(path, merged)
    return merged


def add_tables(
    folder: Path,
    name: str,
    tables: Sequence[Table],
    keys: Sequence[str],
    holds: Callable[[str], bool] | None = None,
    command: str = "",
) -> list[Path]:
    """name.md and name.tables.json with these in place of older ones of the same keys.

    Args:
        keys: one a table: what it is of, without what it found.
        holds: whether an older table of that key is still to stand there; None: all.
        command: what made them, where they do not say it themselves.
    """
    read, kept = folder / f"{name}.md", folder / f"{name}.tables.json"
    with _alone(folder):
        held: dict[str, Table] = {}
        if kept.exists():
            known = table_keys(kept)
            held = {
                key or table.title: table
                for key, table in zip(known, read_tables(kept), strict=True)
                if holds is None or holds(key)
            }
        held |= dict(zip(keys, commanded(tables, command), strict=True))
        write_text(read, "\n".join(table.markdown() for table in held.values()))
        kept_as = [{**asdict(table), "key": key} for key, table in held.items()]
        write_text(kept, json.dumps(kept_as, indent=1) + "\n")
    return [read]


def add_sweep(
    folder: Path, rungs: "Sequence[StoredRung]", rows: Sequence[Row]
) -> tuple[Table, list[Path]]:
    """rows.csv, drop.md and figures with a sweep added; its table, and the files.

    Args:
        rungs: of one model and data set; rows: what `drop_rows` made of them.
    """
    from reports.drop import alike, drop_table, group_key, in_group
    from reports.figures import draw_groups

    merged = add_rows(folder, rows)
    keys = {group_key(row) for row in merged}
    own = group_key(rows[0])
    table = drop_table(in_group(merged, own), list(rungs), rows[0].command)
    # of other numbers of images some rows may have been replaced
    others = [key for key in sorted(keys - {own}) if alike(key, own)]
    older = [drop_table(in_group(merged, key), list(rungs)) for key in others]
    made, named = [*older, table], [*others, own]
    tables = add_tables(folder, "drop", made, named, keys.__contains__)
    figures = draw_groups(merged, own, folder)
    return table, [folder / "rows.csv", *tables, *figures]


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two verbs that end at once write one after the other, where the system can."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".writing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
