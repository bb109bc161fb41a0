"""Progress: plain lines where nobody looks, one output that goes in a notebook."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from datasets import progress as module
from datasets.progress import progress


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_LINES", 0.0)


def test_elsewhere_than_on_a_terminal_lines_go_to_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert list(progress(iter("ab"), 2, "letters")) == ["a", "b"]
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        "letters: 1/2",
        "letters: 2/2",
    ]


def test_a_notebook_has_one_output_that_is_empty_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """IPython's display protocol: one id, written anew."""
    shown: list[str] = []

    def display(facts: dict[str, str], raw: bool, display_id: bool) -> object:
        assert raw
        assert display_id
        shown.append(facts["text/plain"])
        return SimpleNamespace(update=update)

    def update(facts: dict[str, str], raw: bool) -> None:
        assert raw
        shown.append(facts["text/plain"])

    ipython, displays = ModuleType("IPython"), ModuleType("IPython.display")
    vars(ipython)["get_ipython"] = lambda: SimpleNamespace(kernel=object())
    vars(displays)["display"] = display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", displays)
    assert list(progress(iter("ab"), 2, "letters")) == ["a", "b"]
    assert capsys.readouterr().err == ""
    assert [line.partition(",")[0] for line in shown] == [
        "letters: 1/2", "letters: 2/2", "",
    ]  # fmt: skip


def test_short_work_shows_nothing_in_a_notebook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_LINES", 60.0)
    ipython = ModuleType("IPython")
    vars(ipython)["get_ipython"] = lambda: SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    assert list(progress(iter("ab"), 2, "letters")) == ["a", "b"]
