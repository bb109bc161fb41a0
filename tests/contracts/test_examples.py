"""The example script and the notebook run as they stand."""

import ast
import json
import runpy
import warnings
from pathlib import Path
from typing import Any

import matplotlib
import pytest

from convert.bundle import open_bundle
from selection.selectors.catalogue import from_json

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
pytestmark = [pytest.mark.slow, pytest.mark.checkout]


def test_the_script_ends_in_a_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["keras_script.py", "--limit", "300", "--run", str(tmp_path)]
    monkeypatch.setattr("sys.argv", arguments)
    runpy.run_path(str(EXAMPLES / "keras_script.py"), run_name="__main__")
    said = capsys.readouterr().out
    assert "small_resnet@96: 35.01 MMACs" in said
    facts = json.loads((tmp_path / "plan" / "plan.json").read_text())
    ladder = from_json(facts["selector"]).ladder
    assert [one["rung"] for one in facts["rungs"]] == list(ladder)
    (manifest,) = tmp_path.glob("convert/*/manifest.json")
    bundle = open_bundle(manifest.parent)
    assert {rung.rung for rung in bundle.manifest.rungs} == set(ladder)


def test_the_cells_of_the_notebook_run_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As plain Python: they use nothing of a notebook's own."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    notebook = json.loads((EXAMPLES / "resolution.ipynb").read_text())
    names: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
            assert cell["outputs"] == []  # what it prints is not kept in the file
    assert "% of the MACs saved" in capsys.readouterr().out
    last = {"table": "rungs.table()", "figure": "rungs.figure()", "page": "found"}
    assert len(eval(last["table"], names)) == 4
    assert eval(last["figure"], names).axes[0].get_xlabel() == "resolution, pixels"
    assert "<table>" in eval(last["page"], names)._repr_html_()


def test_the_notebook_shows_a_frame_and_a_figure_and_no_log_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a kernel of its own, as a user's: what libraries print is an output there."""
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    from nbclient import NotebookClient

    for name in ("TF_CPP_MIN_LOG_LEVEL", "GRPC_VERBOSITY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(EXAMPLES / "resolution.ipynb", 4)
    place = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources=place
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the client, about itself
        client.execute()
    outputs = [
        output
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    noise = [one["text"] for one in outputs if one.get("name") == "stderr"]
    assert noise == []
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert {"text/html", "image/png"} <= kinds
    pages = [output["data"]["text/html"] for output in outputs if _is_html(output)]
    assert any('class="dataframe"' in page for page in pages)
    said = "".join(one["text"] for one in outputs if one.get("name") == "stdout")
    assert said.startswith("CERTIFIED")
    assert "% of the MACs saved" in said


def _is_html(output: Any) -> bool:
    return "text/html" in output.get("data", {})


def test_examples_use_reswise_alone() -> None:
    """Of this project's modules no other is imported."""
    ours = {path.name for path in ROOT.iterdir() if (path / "__init__.py").is_file()}
    texts = {path: path.read_text() for path in EXAMPLES.glob("*.py")}
    notebook = json.loads((EXAMPLES / "resolution.ipynb").read_text())
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    texts[EXAMPLES] = "\n".join("".join(cell["source"]) for cell in cells)
    for path, text in texts.items():
        named = {
            (getattr(node, "module", None) or node.names[0].name).split(".")[0]
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        assert "reswise" in named, path
        assert not named & ours, path
