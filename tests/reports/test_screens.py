"""What is drawn to be looked at: a real terminal of a width, verbs that parse."""

import re
import sys
from pathlib import Path

import pytest

from commands.command_line import parser
from tests.reports import screens

pytestmark = pytest.mark.checkout
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("columns", screens.COLUMNS)
def test_a_table_on_a_real_terminal_keeps_to_its_width(columns: int) -> None:
    """A pseudo-terminal asked for its size, no pipe and no COLUMNS."""
    words = [sys.executable, "-m", "reswise", "models"]
    text = screens.on_a_terminal(words, columns, ROOT)
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.splitlines()]
    assert max(map(len, lines)) <= columns
    assert "\x1b[1m" in text  # it knows that it is a terminal: the title is bold
    (rule,) = (line for line in lines if "─" in line)
    assert len(rule.split()) >= 6
    assert "mobilenet_v2_cifar" in text  # whole, and its numbers too
    assert "143,667,240" in text
    assert "With --wide also: paper; classes." in text
    wide = screens.on_a_terminal([*words, "--wide"], columns, ROOT)
    assert "arXiv" in wide


def test_every_command_that_is_drawn_parses(tmp_path: Path) -> None:
    (tmp_path / "bundles" / "b_float32").mkdir(parents=True)
    shown = screens.commands(tmp_path, tmp_path)
    assert {"first", "drop", "select", "plan", "bundle-show"} <= set(shown)
    for words in shown.values():
        if words:
            assert parser().parse_args(words)


def test_the_documented_command_is_in_the_makefile() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "python -m tests.reports.screens runs/demo build/screens" in text
    assert "make screens" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
