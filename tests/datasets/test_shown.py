"""Names from elsewhere do nothing where they are shown."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.files import write_text
from datasets.shown import from_csv, in_csv, in_markdown, name_bytes, shown
from reports.rows import Row, read_rows, write_rows
from reports.table import Table, read_tables, write_tables

EVIL = "a\x1b]0;title\x07\x1b[2J\r\n\u202eb\udcff\u2028<script>alert(1)</script>"
LETTERS = st.text(st.characters(exclude_categories=()), max_size=60)


@given(LETTERS)
def test_a_shown_line_is_printable_and_one_line(text: str) -> None:
    line = shown(text)
    line.encode()
    assert len(line.splitlines()) <= 1
    assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in line)


@given(st.text("abcdefgåß漢字 .,-_/", max_size=60))
def test_what_does_nothing_stays(text: str) -> None:
    assert shown(text) == text
    assert in_markdown(text) == text
    assert from_csv(in_csv(text)) == text


def test_bytes_and_marks_stand_spelt() -> None:
    assert shown("a\udcffb\x1b[31m\u202e\n") == "a\\xffb\\x1b[31m\\u202e\\n"


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd|x", " =HYPERLINK(1)"]
)
def test_a_cell_is_no_formula(text: str) -> None:
    """Source: OWASP, CSV injection: what spreadsheets take for one."""
    cell = in_csv(text)
    assert cell.startswith("'")
    assert from_csv(cell) == text


@pytest.mark.parametrize("text", ["-", "-0.3", "+1", "-1.2..0.4", "-1e-5", "-12 %"])
def test_a_number_is_no_formula(text: str) -> None:
    assert in_csv(text) == text


@pytest.mark.parametrize(
    "text",
    ["<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](http://e/p)",
     "[x]: javascript:alert(1)", "<javascript:alert(1)>", "</td>", "<!--"],
)  # fmt: skip
def test_markdown_has_no_html_and_no_links(text: str) -> None:
    plain = in_markdown(text)
    assert "<" not in plain
    assert "](" not in plain.replace("\\](", "")
    assert "]:" not in plain.replace("\\]:", "")


def test_a_table_shows_no_name_as_it_is(tmp_path: Path) -> None:
    table = Table(
        title=EVIL, columns=(EVIL, "=1+1"), rows=((EVIL, "@x"),), notes=(EVIL,),
        kind="drop",
    )  # fmt: skip
    printed = io.StringIO()
    from rich.console import Console

    table.show(Console(file=printed, width=300))
    for text in (table.markdown(), table.latex(), table.csv(), printed.getvalue()):
        text.encode()
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "<script" not in table.markdown()
    cells = [cell for row in csv.reader(io.StringIO(table.csv())) for cell in row]
    assert not any(cell.startswith(("=", "@")) for cell in cells)
    write_tables(tmp_path, "drop", [table])
    assert read_tables(tmp_path / "drop.tables.json") == [table]


def test_rows_with_any_names_are_written_and_read_equal(tmp_path: Path) -> None:
    rows = [Row(model=EVIL, dataset="=1+1", ladder="a,b", images=3, top1=0.25)]
    write_rows(tmp_path / "rows.csv", rows)
    assert read_rows(tmp_path / "rows.csv") == rows


def test_any_text_is_written_as_utf_8(tmp_path: Path) -> None:
    write_text(tmp_path / "a.md", "name \udcff and \ud800")
    assert (tmp_path / "a.md").read_text() == "name \\xff and \\ud800"


@given(LETTERS)
def test_any_name_has_bytes(text: str) -> None:
    assert isinstance(name_bytes(text), bytes)
