"""Every kind of table on terminals of three widths: whole numbers, whole words."""

import io
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from reports.table import KINDS, Table
from reports.terminal import wrapped
from tests.reports.tables_of_every_kind import every_table

WIDTHS = (80, 100, 160)
_UPRIGHT = ("drop", "flops", "selectors", "plan", "parity", "bundle", "bench")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> list[Table]:
    return every_table(tmp_path_factory.mktemp("kinds"))


def _shown(table: Table, width: int, wide: bool) -> list[str]:
    """The lines of the table alone, without its title and notes."""
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system=None)
    Table(
        title="",
        columns=table.columns,
        rows=table.rows,
        words=table.words,
        kind=table.kind,
        more=table.more,
    ).show(console, wide)
    text = out.getvalue().split("With --wide also:")[0]
    assert "…" not in text
    return text.splitlines()


def _drawn(tables: list[Table]) -> Iterator[tuple[Table, int, bool, list[str]]]:
    for table in tables:
        for width in WIDTHS:
            for wide in (False, True):
                yield table, width, wide, _shown(table, width, wide)


def test_there_is_one_of_every_kind(tables: list[Table]) -> None:
    assert {table.kind for table in tables} == set(KINDS)


def test_no_line_is_wider_than_the_terminal(tables: list[Table]) -> None:
    for table, width, _, lines in _drawn(tables):
        assert max(map(len, lines)) <= width, (table.kind, width)


def test_no_number_is_cut(tables: list[Table]) -> None:
    """Each number, sign, interval and unit stands on one line as it was."""
    for table, width, wide, lines in _drawn(tables):
        kept = table if wide else table.brief()
        numbers = Counter(
            word
            for row in kept.rows
            for cell in row
            for word in cell.split()
            if not re.search("[A-Za-z]{2}", word)
        )
        seen = Counter(word for line in lines for word in line.split())
        assert not numbers - seen, (table.kind, width, numbers - seen)


def test_no_word_is_broken_letter_by_letter(tables: list[Table]) -> None:
    """What stands on a line is whole, or a part of a name between its marks."""
    for table, width, wide, lines in _drawn(tables):
        kept = table if wide else table.brief()
        cells = [cell for row in (table.columns, *kept.rows) for cell in row]
        words = {word for cell in cells for word in cell.split()}
        parts = {
            part
            for word in words
            for part in re.findall(r"[^_@/,+→-]+[_@/,+→-]*", word)
        }
        for token in (token for line in lines for token in line.split()):
            whole = set(token) == {"─"} or any(
                token in word
                and (token == word or any(token.startswith(part) for part in parts))
                for word in words | {f"{word}," for word in words}
            )
            assert whole, (table.kind, width, token)


def test_no_column_is_empty_and_headings_differ(tables: list[Table]) -> None:
    for table, width, _, lines in _drawn(tables):
        if any(set(line.split()) == {""} for line in lines):
            pytest.fail(f"{table.kind} at {width}: a line of nothing")
        for first in (line for line in lines if "─" in line):
            for start, end in _spans(first):
                under = [row[start:end].strip() for row in _below(lines, first)]
                assert any(under), (table.kind, width, first)
    for table in tables:
        if table.command:  # those of version 0.1.0 had two called 95 %
            assert len(set(table.columns)) == len(table.columns), table.columns
            assert all(table.columns)


def _spans(rule: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer("─+", rule)]


def _below(lines: list[str], rule: str) -> list[str]:
    place = next(n for n, line in enumerate(lines) if line is rule) + 1
    ends = [n for n in range(place, len(lines)) if "─" in lines[n]]
    return lines[place : ends[0] if ends else None]


def test_most_tables_stand_upright_at_80_columns(tables: list[Table]) -> None:
    """The first columns of a table are its heads, not its sides."""
    for table in tables:
        of_now = len(set(table.columns)) == len(table.columns)
        if of_now and table.kind in _UPRIGHT:
            lines = _shown(table, 80, wide=False)
            assert len([line for line in lines if "─" in line]) == 1, table.columns


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("mobilenet_v2_0.35@96", 12, ["mobilenet_", "v2_0.35@96"]),
        ("a@32, a@48", 6, ["a@32,", "a@48"]),
        ("62.50 (56.2..68.4)", 13, ["62.50", "(56.2..68.4)"]),
        ("(-16.83..-6.83)", 8, ["(-16.83..-6.83)"]),  # a number is never broken
        ("1,234,567", 4, ["1,234,567"]),
        ("drop, points (95 %)", 16, ["drop, points", "(95 %)"]),
    ],
)
def test_names_wrap_and_numbers_do_not(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width) == lines


def test_columns_left_out_are_named_and_shown_with_wide() -> None:
    table = Table(
        title="T",
        columns=("rung", "top-1 %", "McNemar p"),
        rows=(("a@96", "50.0", "0.42"),),
        kind="drop",
        more=("McNemar p",),
    )
    out = io.StringIO()
    table.show(Console(file=out, width=80))
    assert "0.42" not in out.getvalue()
    assert "With --wide also: McNemar p." in out.getvalue()
    out = io.StringIO()
    table.show(Console(file=out, width=80), wide=True)
    assert "0.42" in out.getvalue()


def test_latex_of_every_kind_compiles_with_its_label(
    tables: list[Table], tmp_path: Path
) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("no pdflatex here: LaTeX tables are not compiled")
    bodies = [table.latex() for table in tables]
    labels = re.findall(r"\\label\{([^}]+)\}", "".join(bodies))
    assert len(labels) == len(tables)
    text = "\\clearpage\n".join(bodies) + " ".join(rf"\ref{{{one}}}" for one in labels)
    head = r"\documentclass{article}\usepackage{booktabs,graphicx}\begin{document}"
    (tmp_path / "t.tex").write_text(head + text + r"\end{document}", encoding="utf-8")
    words = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "t.tex"]
    for _ in range(2):  # the second time labels are known
        done = subprocess.run(
            words,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-1500:]
    assert "undefined" not in done.stdout
