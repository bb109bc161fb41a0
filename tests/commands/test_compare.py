"""`reswise compare`: from the flags to the table."""

import argparse
from pathlib import Path

import pytest

from commands import compare as verb
from datasets.errors import InputError


def _parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    verb.add_flags(parser)
    return parser.parse_args(words)


def test_the_table_is_shown_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "one.md"
    assert verb.run(_parsed("--table", "3", "--markdown", str(path))) == 0
    assert "| 196 | 14.72 | 14.72 | +0.005 | 2.90 |" in path.read_text()
    assert "Table 3: ResNet50 on ImageNet" in capsys.readouterr().out


def test_a_folder_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"it has no rows\.csv"):
        verb.run(_parsed("--table", "7", "--run", str(tmp_path)))


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(SystemExit):
        _parsed("--table", "8")
