"""A table is whole on any output, and valid Markdown."""

import csv
import io
import shutil
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from datasets.errors import InputError
from reports.latex import label
from reports.table import Table, read_tables, stored_tables, write_tables

TABLE = Table(
    title="T",
    columns=("name", "value"),
    rows=(("a|b [red]", "1.50"), ("c", "22")),
    words=1,
    notes=("n",),
    kind="drop",
)


def test_markdown_escapes_and_aligns() -> None:
    lines = TABLE.markdown().splitlines()
    assert lines[2:6] == [
        "| name | value |",
        "| --- | ---: |",
        "| a\\|b [red] | 1.50 |",
        "| c | 22 |",
    ]
    assert lines[-1] == "n"


def test_no_cell_is_cut_where_there_is_no_terminal() -> None:
    wide = Table(
        title="T",
        columns=("w", "x"),
        rows=(("long " * 60, "y" * 90),),
        words=1,
        kind="drop",
    )
    out = io.StringIO()
    wide.show(Console(file=out, width=40))
    assert "y" * 90 in out.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_number_is_cut_on_a_terminal(width: int) -> None:
    heads = ("crop", "resolution", "FLOPs drop, %", "95 %", "drop, points", "McNemar p")
    rows = tuple(
        (
            f"0.{row}75",
            str(1000 + row),
            f"74.{row}8",
            f"-{row}6.83..26.83",
            "10.00",
            "1",
        )
        for row in range(7)
    )
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system=None)
    Table(title="T", columns=heads, rows=rows, words=1, notes=("n",), kind="drop").show(
        console
    )
    text = out.getvalue()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    seen = text.replace("│", " ").split()
    for cell in (cell for row in rows for cell in row):
        assert seen.count(cell) >= sum(row.count(cell) for row in rows)


def test_markup_in_a_cell_is_shown_as_it_is() -> None:
    out = io.StringIO()
    TABLE.show(Console(file=out, width=100))
    assert "a|b [red]" in out.getvalue()


HARD = Table(
    title="Ladder a_b → c, 95 % of {x} & y",
    columns=("name", "a#b ^ ~", "$"),
    rows=(("back\\slash", "< 1e-300", "1,5"), ('quote " and\nline', "≥ 2 × µ", "")),
    words=1,
    notes=("100 % of a_b; 1 MAC = 2 FLOPs…",),
    kind="thresholds",
)


def test_tables_written_for_the_report_read_back_equal(tmp_path: Path) -> None:
    write_tables(tmp_path / "run", "select", [TABLE, HARD])
    (path,) = stored_tables(tmp_path)
    assert read_tables(path) == [TABLE, HARD]
    assert (tmp_path / "run" / "select.md").read_text().startswith("**T**")
    path.write_text("[1]")
    with pytest.raises(InputError, match="expected tables of reswise"):
        read_tables(path)


def test_csv_reads_back_equal() -> None:
    columns, *rows = csv.reader(io.StringIO(HARD.csv()))
    assert tuple(columns) == HARD.columns
    assert tuple(map(tuple, rows)) == HARD.rows


def test_latex_escapes_what_latex_reads() -> None:
    text = HARD.latex()
    assert r"Ladder a\_b $\rightarrow$ c, 95 \% of \{x\} \& y" in text
    assert r"back\textbackslash{}slash & $<$ 1e-300 & 1,5 \\" in text
    assert r"\begin{tabular}{lrr}" in text


def test_latex_compiles(tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("no pdflatex here: LaTeX tables are not compiled")
    packages = r"\usepackage{booktabs,graphicx}"
    body = TABLE.latex() + HARD.latex()
    source = rf"\documentclass{{article}}{packages}\begin{{document}}{body}"
    (tmp_path / "t.tex").write_text(source + r"\end{document}", encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "t.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-1500:]
    assert (tmp_path / "t.pdf").stat().st_size > 5000


def test_two_hyphens_stay_two_in_latex() -> None:
    """TeX makes one dash of them: a flag copied from a paper would be refused."""
    note = "Command: reswise drop --model x---y"
    latex = Table(
        title="T --a",
        columns=("n",),
        rows=(("--b",),),
        words=1,
        notes=(note,),
        kind="drop",
    ).latex()
    assert "--" not in latex
    assert "reswise drop -{}-model x-{}-{}-y" in latex
    assert r"\caption{T -{}-a}" in latex


def test_long_titles_have_labels_of_their_own() -> None:
    """A second table of the same start would take the first one's \\ref."""
    long = "efficientnetv2-b3 fine-tuned (mine.keras) on folder:pictures validation"
    first, second = label("drop", long), label("drop", f"{long} (2)")
    assert first != second
    assert first.startswith("tab:drop-efficientnetv2-b3-fine-tuned")
    assert label("drop", "Short: 96 px") == "tab:drop-short-96-px"
