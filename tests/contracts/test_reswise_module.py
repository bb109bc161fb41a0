"""`import reswise`: loads no framework, and its functions do as their examples say."""

import doctest
import inspect
import json
import pickle
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reswise
from datasets.errors import BundleError, DataError, InputError, ModelError
from reports.table import read_tables
from tests.selection.store import store
from tests.selection.synthetic import scored

ROOT = Path(reswise.__file__).parent
FACE = sorted(reswise.FUNCTIONS)
HEAVY = ("tensorflow", "keras", "torch", "jax", "matplotlib", "pandas", "sklearn")


def test_importing_it_loads_nothing_heavy() -> None:
    code = f"import sys, reswise; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", FACE)
def test_each_function_is_documented_with_an_example(name: str) -> None:
    function = getattr(reswise, name)
    told = inspect.getdoc(function) or ""
    assert name in reswise.__all__
    assert "Example:" in told
    assert f"reswise.{name}(" in told
    assert "Raises:" in told


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(reswise.FUNCTIONS.values())))
def test_the_examples_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    module = import_module(f"commands.functions.{name}")
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'swep'"):
        reswise.swep  # noqa: B018


def test_results_are_tables_figures_and_html(tmp_path: Path) -> None:
    """Over the recorded scores: the numbers that the command line finds."""
    pandas = pytest.importorskip("pandas", reason="no pandas here")
    recorded = Path(__file__).parents[1] / "references" / "recorded_run"
    found = reswise.plan(
        recorded / "drop", "tiny@48", tmp_path, max_drop=12, confidence=0.8
    )
    frame = found.table()
    assert isinstance(frame, pandas.DataFrame)
    assert found.certified
    words = "plan --reference tiny@48 --max-drop 12 --confidence 0.8 --from"
    verb = tmp_path / "verb"
    assert (
        reswise.run([*words.split(), str(recorded / "drop"), "--run", str(verb)]) == 0
    )
    other = pandas.read_csv(verb / "rows.csv")
    for name in (name for name in frame.columns if name != "command"):
        assert [*map(str, frame[name])] == [*map(str, other[name])], name
    assert found.figure().axes[0].get_ylabel() == "top-1, %"
    assert f"{found.rows[0].flops_drop_percent:.2f} % saved" in found._repr_html_()
    assert str(found).startswith("**Plan, 120 test images**")


def test_images_without_labels_are_planned_as_the_command_line_does(
    tmp_path: Path,
) -> None:
    data = scored(images=900, seed=2)
    store(tmp_path / "drop", data.unlabelled())
    found = reswise.plan(
        tmp_path / "drop",
        data.rungs[-1],
        tmp_path / "python",
        max_drop=12,
        confidence=0.9,
    )
    assert "labels were read" not in found.sentence
    words = f"plan --reference {data.rungs[-1]} --max-drop 12 --confidence 0.9 --from"
    code = reswise.run(
        [*words.split(), str(tmp_path / "drop"), "--run", str(tmp_path / "verb")]
    )
    assert code == (not found.certified)
    own, verb = (
        json.loads((tmp_path / name / "plan.json").read_text()) | {"command": ""}
        for name in ("python", "verb")
    )
    assert own == verb
    with pytest.raises(InputError, match="have no label"):
        reswise.select(tmp_path / "drop", tmp_path / "select")


def test_selectors_as_the_command_line_finds_them(tmp_path: Path) -> None:
    recorded = Path(__file__).parents[1] / "references" / "recorded_run"
    names = ("fixed", "cascade", "oracle")
    chosen = reswise.select(recorded / "drop", tmp_path / "python", selectors=names)
    line = f"select --selectors {','.join(names)} --from {recorded / 'drop'}"
    assert reswise.run([*line.split(), "--run", str(tmp_path / "verb")]) == 0
    own, verbs = (
        [table.rows for table in read_tables(tmp_path / name / "select.tables.json")]
        for name in ("python", "verb")
    )
    assert own == verbs
    assert [row.selector for row in chosen.rows[-3:]] == list(names)


def test_an_error_names_the_argument_and_the_command_line_the_flag() -> None:
    error = InputError("max_unreadable", -1, "0 or more", "Or leave out `max_macs`.")
    assert (
        str(error) == "max_unreadable=-1: expected 0 or more. Or leave out `max_macs`."
    )
    said = "--max-unreadable -1: expected 0 or more. Or leave out --max-macs."
    assert error.as_flags() == said
    assert (error.argument, error.came, error.expected) == (
        "max_unreadable", -1, "0 or more",
    )  # fmt: skip
    plain = DataError.of("photo.jpg", "not a picture", "one", "Say `first_class=1`.")
    assert str(plain) == "photo.jpg: not a picture; expected one. Say `first_class=1`."
    said = "photo.jpg: not a picture; expected one. Say --first-class 1."
    assert (plain.as_flags(), plain.argument) == (said, "dataset")
    assert str(InputError.of("a.csv", "has no rows")) == "a.csv has no rows."
    moved = plain.replaced("photo", "other")
    assert (type(moved), moved.came) == (DataError, "other.jpg")
    assert str(pickle.loads(pickle.dumps(plain))) == str(plain)
    for kind in (ModelError, DataError, BundleError):
        assert issubclass(kind, InputError)


def test_arguments_are_refused_by_their_names(tmp_path: Path) -> None:
    with pytest.raises(reswise.InputError, match=r"limit=0: expected 1 picture"):
        reswise.sweep("small_resnet", "glyphs", [48], tmp_path, limit=0)
    with pytest.raises(
        reswise.InputError, match=r"^normalisation=tff: expected one of"
    ):
        reswise.model("small_resnet", "glyphs", "tff")
    with pytest.raises(reswise.InputError, match="selectors=cascad: expected some of"):
        reswise.select(tmp_path, tmp_path, selectors=["cascad"])


def test_a_built_model_gets_a_name_for_its_rungs(tmp_path: Path) -> None:
    """Keras calls it functional_7 or so; the name goes on to bundles."""
    model = reswise.model("small_resnet", "glyphs")
    images: dict[str, Any] = {"dataset": "glyphs", "limit": 20}
    rungs = reswise.sweep(model, resolutions=[48], run=tmp_path, name="mine", **images)
    assert [*rungs] == ["mine@96", "mine@48"]
    made = reswise.convert(
        [model], resolutions=[48], run=tmp_path / "made", names=["mine"], **images
    )
    manifest = json.loads((made.folder / "manifest.json").read_text())
    assert [rung["rung"] for rung in manifest["rungs"]] == ["mine@48"]
    with pytest.raises(reswise.InputError, match="name='a/b': expected letters"):
        reswise.sweep(model, resolutions=[48], run=tmp_path, name="a/b", **images)
    with pytest.raises(reswise.InputError, match="names=2: expected 1, one a model"):
        reswise.convert([model], resolutions=[48], names=["a", "b"], **images)


def test_without_pandas_a_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from commands.functions.results import Result
    from reports.rows import Row

    monkeypatch.setitem(sys.modules, "pandas", None)
    result = Result(rows=(Row(top1=0.5),), tables=(), run=Path())
    with pytest.raises(reswise.InputError, match="pandas is not installed"):
        result.table()
    assert np.isclose(result.rows[0].top1 or 0, 0.5)
