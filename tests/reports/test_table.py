"""A table is whole on any output, and valid Markdown."""

import io

from rich.console import Console

from reports.table import Table

TABLE = Table("T", ("name", "value"), (("a|b [red]", "1.50"), ("c", "22")), 1, ("n",))


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
    wide = Table("T", ("w", "x"), (("long " * 60, "y" * 90),), 1)
    out = io.StringIO()
    wide.show(Console(file=out, width=40))
    assert "y" * 90 in out.getvalue()


def test_markup_in_a_cell_is_shown_as_it_is() -> None:
    out = io.StringIO()
    TABLE.show(Console(file=out, width=100))
    assert "a|b [red]" in out.getvalue()
