"""A table says what it is, and what it is decides where it stands on the page."""

import ast
import json
from pathlib import Path

import pytest

import reports
from datasets.errors import InputError
from reports.gathered import Gathered, gather
from reports.sections import SECTION_OF, sections
from reports.table import KINDS, Kind, Table, read_tables, write_tables

ROOT = Path(reports.__file__).parents[1]
RECORDED = Path(__file__).parents[1] / "references" / "recorded_run"


def _made(path: Path) -> list[str]:
    """The kinds of the tables that a module makes, as it writes them."""
    kinds = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Table":
            (kind,) = [word.value for word in node.keywords if word.arg == "kind"]
            if isinstance(kind, ast.Constant):
                kinds.append(str(kind.value))
    return kinds


def _page(folder: Path) -> Gathered:
    return gather([folder])


def test_every_kind_has_one_section_and_every_section_is_on_the_page() -> None:
    assert tuple(sorted(SECTION_OF)) == tuple(sorted(KINDS))
    names = [section.name for section in sections(_page(RECORDED), "")]
    assert len(names) == len(set(names))
    assert set(SECTION_OF.values()) <= set(names)


def test_every_kind_is_made_somewhere_and_no_other() -> None:
    made: set[str] = set()
    for package in ("reports", "commands"):
        for path in (ROOT / package).rglob("*.py"):
            made |= set(_made(path))
    assert made == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_stands_in_its_section_alone(kind: Kind, tmp_path: Path) -> None:
    """Whatever its title says: one that sounds like another is not taken for it."""
    table = Table(
        title="Plan, Selectors, Table 3",
        columns=("agreement %",),
        rows=(("1",),),
        kind=kind,
    )
    write_tables(tmp_path, "any", [table])
    holding = [
        section.name
        for section in sections(_page(tmp_path), "")
        if table in section.tables
    ]
    assert holding == [SECTION_OF[kind]]


def test_tables_of_before_find_their_section() -> None:
    """Version 0.1.0 kept no kind: it is told by title and columns."""
    kinds = {
        path.relative_to(RECORDED).as_posix(): [
            table.kind for table in read_tables(path)
        ]
        for path in RECORDED.rglob("*.tables.json")
    }
    assert kinds == {
        "drop/drop.tables.json": ["drop"],
        "select/select.tables.json": ["selectors", "random-draws"],
        "plan/plan.tables.json": ["plan"],
        "thresholds/thresholds.tables.json": ["thresholds"],
        "convert/tiny_float32/parity.tables.json": ["parity"],
        "convert/tiny_full_int8/parity.tables.json": ["parity"],
    }


def test_a_kind_that_is_none_is_refused(tmp_path: Path) -> None:
    write_tables(
        tmp_path, "any", [Table(title="T", columns=("a",), rows=(("1",),), kind="drop")]
    )
    path = tmp_path / "any.tables.json"
    facts = json.loads(path.read_text())
    facts[0]["kind"] = "drops"
    path.write_text(json.dumps(facts))
    with pytest.raises(InputError, match="kind 'drops'"):
        read_tables(path)
