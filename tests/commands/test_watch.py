"""`reswise watch`: the same source passes, another is called broken."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest

from commands import watch
from datasets.errors import InputError
from selection.scored import Scored
from tests.commands.test_label import run_plan, unlabelled
from tests.selection.store import store
from tests.selection.synthetic import scored as table


def _watch(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    watch.add_flags(parser)
    return watch.run(parser.parse_args(arguments))


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan")
    return run_plan(folder, unlabelled(), "--no-search-labels") / "plan.json"


def _new(folder: Path, seed: int, harder: bool = False) -> Path:
    data = table(images=400, seed=seed).unlabelled()
    if harder:
        data = _flattened(data)
    store(folder / "new", data, "new")
    return folder / "new"


def _flattened(data: Scored) -> Scored:
    """Every probability half way to a guess: fewer answers are sure."""
    guess = 1 / data.scores[0].shape[1]
    return replace(data, scores=tuple((s + guess) / 2 for s in data.scores))


def test_the_same_source_passes(
    tmp_path: Path, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = _new(tmp_path, 5)
    assert _watch(str(plan), "--scores", str(new), "--run", str(tmp_path / "w")) == 0
    said = capsys.readouterr().out
    assert "Nothing speaks against the certificate" in said
    assert "differs from" in said


def test_another_source_is_called_broken(
    tmp_path: Path, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = _new(tmp_path, 5, harder=True)
    assert _watch(str(plan), "--scores", str(new), "--run", str(tmp_path / "w")) == 1
    assert "BROKEN ASSUMPTION" in capsys.readouterr().out
    assert json.loads((tmp_path / "w" / "watch.json").read_text())["broken"] is True


@pytest.mark.parametrize(("moved", "code"), [(0.0, 0), (0.4, 1)])
def test_what_a_phone_saw(tmp_path: Path, plan: Path, moved: float, code: int) -> None:
    facts = json.loads(plan.read_text())
    ladder, stops = facts["selector"]["ladder"], facts["certified_stops"]
    share = {rung: n / sum(stops) for rung, n in zip(ladder, stops, strict=True)}
    share[ladder[0]] -= moved
    share[ladder[-1]] += moved
    machine = {"shares": share, "lines": [{"images": 500}]}
    (tmp_path / "bench.json").write_text(json.dumps({"machines": [machine]}))
    run = ["--run", str(tmp_path / "w")]
    assert _watch(str(plan), "--bench", str(tmp_path), *run) == code


def test_a_plan_without_counts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(InputError, match="does not say where"):
        _watch(str(tmp_path / "plan.json"))
