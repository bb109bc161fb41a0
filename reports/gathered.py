"""What lies under run folders, read back for the report; nothing is computed again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.errors import InputError
from datasets.shown import shown
from datasets.user_files import UserFile
from keras_models.scoring.score_records import StoredRung
from keras_models.scoring.scores import ScoreStore
from reports.rows import Row, read_rows
from reports.stored_facts import (
    check_compression,
    check_manifest,
    check_parity,
    check_plan,
    read_facts,
    read_numbers,
)
from reports.table import Table, read_tables, stored_tables

Json = dict[str, Any]
_FRONT, _MAP = "front.csv", "map.csv"
_FRONT_COLUMNS = ("calibration_top1", "calibration_macs", "test_top1", "test_macs")


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """Everything found, in the order of the folders given and of names in them."""

    folders: tuple[Path, ...]
    rows: tuple[tuple[Path, Row], ...]
    tables: tuple[tuple[Path, Table], ...]
    plans: tuple[tuple[Path, Json], ...]
    judging: tuple[tuple[Path, frozenset[str]], ...]  # ids that judged a plan
    fronts: tuple[tuple[Path, list[dict[str, float]]], ...]
    maps: tuple[tuple[Path, list[dict[str, float]]], ...]
    bundles: tuple[tuple[Path, Json], ...]  # manifest.json
    parities: tuple[tuple[Path, Json], ...]  # parity.json beside a manifest
    fronts_of_compression: tuple[tuple[Path, Json], ...]  # compress.json
    rungs: tuple[StoredRung, ...]

    @property
    def converted(self) -> set[Path]:
        """The folders whose rows are of converted files."""
        return {folder.parent for folder, _ in self.bundles}

    @property
    def swept(self) -> list[tuple[Path, Row]]:
        """Rows of float networks: of sweeps and of selectors over their scores."""
        return [
            (folder, row)
            for folder, row in self.rows
            if not (folder in self.converted and row.drop_points is None)
            and row.latency_p50_us is None
        ]

    def planned(self, folder: Path, row: Row) -> bool:
        """Whether a row is that of the plan in its folder, and the plan certified."""
        return any(
            where == folder
            and plan["certificate"]["certified"]
            and self.row_of(where, plan) == row
            for where, plan in self.plans
        )

    def row_of(self, folder: Path, plan: Json) -> Row | None:
        """The newest row of a plan's selector; None: there is none."""
        ladder = shown(",".join(plan["selector"]["ladder"]))
        kind = plan["selector"]["kind"]
        own = [
            row
            for where, row in self.rows
            if where == folder and (row.selector, row.ladder) == (kind, ladder)
        ]
        own = [row for row in own if row.resolution is None] or own
        return own[-1] if own else None


def gather(folders: list[Path]) -> Gathered:
    """Reads every result under the folders.

    Raises:
        InputError: a folder is not there, or holds no result.
    """
    for folder in folders:
        if not folder.is_dir():
            raise InputError.of(folder, "no such folder", "the `run` folder of a verb")
    gathered = Gathered(
        folders=tuple(folders),
        rows=tuple(_each(folders, "rows.csv", read_rows)),
        tables=tuple(
            (path.parent, table)
            for folder in folders
            for path in stored_tables(folder)
            for table in read_tables(path)
        ),
        plans=tuple(_jsons(folders, "plan.json", check_plan)),
        judging=tuple(_judging(folders)),
        fronts=tuple(_numbers(folders, _FRONT, _FRONT_COLUMNS)),
        maps=tuple(_numbers(folders, _MAP, ("top1", "macs"))),
        bundles=tuple(_jsons(folders, "manifest.json", check_manifest)),
        parities=tuple(_jsons(folders, "parity.json", check_parity)),
        fronts_of_compression=tuple(
            _jsons(folders, "compress.json", check_compression)
        ),
        rungs=tuple(_rungs(folders)),
    )
    if not gathered.rows and not gathered.tables:
        raise InputError.of(
            ", ".join(map(str, folders)),
            "no results there (rows.csv or tables)",
            "",
            "Run `reswise drop` or `reswise demo` first.",
        )
    return gathered


def _each(folders: list[Path], name: str, read: Any) -> Iterator[tuple[Path, Any]]:
    for folder in folders:
        for path in sorted(folder.rglob(name)):
            for value in read(path):
                yield path.parent, value


def _jsons(
    folders: list[Path], name: str, check: Callable[[Json], None]
) -> Iterator[tuple[Path, Json]]:
    for folder in folders:
        for path in sorted(folder.rglob(name)):
            yield path.parent, read_facts(path, check)


def _judging(folders: list[Path]) -> Iterator[tuple[Path, frozenset[str]]]:
    for folder in folders:
        for path in sorted(folder.rglob("test_images.json")):
            file = UserFile(
                path, expected="the names of pictures", do="Run `reswise plan` again."
            )
            names = file.json()
            with file.shaped():
                if not isinstance(names, list):
                    raise TypeError("no list")
                judging = frozenset(map(str, names))
            yield path.parent, judging


def _numbers(
    folders: list[Path], name: str, columns: tuple[str, ...]
) -> Iterator[tuple[Path, list[dict[str, float]]]]:
    for folder in folders:
        for path in sorted(folder.rglob(name)):
            yield path.parent, read_numbers(path, columns)


def _rungs(folders: list[Path]) -> Iterator[StoredRung]:
    """Every finished rung, once each; what is not finite counts as wrong there."""
    seen: set[str] = set()
    for folder in folders:
        for scores in sorted(folder.rglob("scores")):
            store = ScoreStore(scores.parent)
            for meta in store.metas():
                if meta.key not in seen and not store.missing(meta):
                    seen.add(meta.key)
                    rung = store.load(meta, "wrong")
                    if (rung.labels >= 0).all():  # without labels no answer is wrong
                        yield rung
