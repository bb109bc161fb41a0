"""`reswise bundle`: what it prints, what it writes, its exit codes."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commands import bundle
from convert.bundle import open_bundle, write_bundle
from convert.manifest import MANIFEST_FILE, Json
from datasets.errors import InputError
from tests.convert import tiny_bundle
from tests.convert.tiny_tflite import classifier
from tests.convert.untrusted.test_fuzz import DEFERRAL, LEARNED, RANDOM

CERTIFICATE: Json = {
    "certified": True, "max_drop_points": 1.0, "confidence": 0.95, "images": 500,
    "lost": 2, "won": 3, "drop_points": -0.2, "bound_points": 0.81, "plans_tested": 4,
    "images_at_least": 299, "images_needed": None, "assumption": "they are alike",
}  # fmt: skip


def _run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    bundle.add_flags(parser)
    return bundle.run(parser.parse_args(arguments))


def _shown(folder: Path, capsys: pytest.CaptureFixture[str], **changes: Any) -> str:
    """What show prints of the tiny bundle after changes to its manifest.

    Long lines fold at the table's width; here they are one again.
    """
    manifest = replace(tiny_bundle.manifest(), **changes)
    write_bundle(folder, manifest, tiny_bundle.contents())
    assert _run("show", str(folder), "--wide") == 0
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_a_sound_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tiny_bundle.write(tmp_path / "b")
    assert _run("verify", str(folder)) == 0
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "sound: format 1, 2 rungs, 2 files, 0.00 MB, selector cascade" in said


def test_a_broken_bundle_is_one_line(tmp_path: Path) -> None:
    folder = tiny_bundle.write(tmp_path / "b")
    (folder / "tiny.tflite").write_bytes(b"x")
    for deed in ("verify", "show"):
        with pytest.raises(InputError, match="1 bytes; the manifest declares 1,612"):
            _run(deed, str(folder))


def test_show_tells_each_rung(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = _shown(tmp_path / "b", capsys)
    assert ("tiny@16 float32 tiny.tflite r16 float32 float32 16 0.00 20 0.00") in said
    assert said.endswith(
        "Selector: cascade: stops after tiny@8 where top1 is at least 0.5; tiny@16 is "
        "the end. Answer: the last one run."
    )


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ({"kind": "fixed", "ladder": ["tiny@8"]}, "fixed: every image runs tiny@8."),
        (RANDOM, "random, by the image's id (seed 3): 100 % tiny@8."),
        (
            DEFERRAL,
            "deferral: stops after tiny@8 where the confidence of its trees is at "
            "least 0.5; tiny@16 is the end. Answer: the mean of all run.",
        ),
        (
            LEARNED,
            "learned: a 48-pixel thumbnail chooses one of tiny@8, tiny@16, at price "
            "0.1.",
        ),
        (
            tiny_bundle.CASCADE | {"thresholds": [2.0]},
            "cascade: stops after tiny@8 where top1 is at least 2, which it never is; "
            "tiny@16 is the end. Answer: the last one run.",
        ),
    ],
)
def test_show_tells_the_selector(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], selector: Json, words: str
) -> None:
    assert f"Selector: {words}" in _shown(tmp_path / "b", capsys, selector=selector)


def test_show_tells_what_was_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = sum(map(len, tiny_bundle.contents().values()))
    measured = {
        "plan": {"certificate": CERTIFICATE},
        "parity": {"rungs": [{"size_bytes": size}, {"size_bytes": size}]},
        "class_offset": 1,
    }
    said = _shown(tmp_path / "b", capsys, measured=measured)
    assert (
        "CERTIFIED: with 95 % confidence the drop is at most 1 points (bound 0.81; "
        "measured -0.20: 2 lost, 3 won of 500), if they are alike."
    ) in said
    assert "50.0 % saved." in said
    assert "Class 0 of a data set is the model's class 1." in said


@pytest.mark.parametrize(
    "measured",
    [
        {"plan": 3}, {"plan": {"certificate": [1]}}, {"parity": "many"},
        {"plan": {"certificate": {"confidence": "x" * 99}}}, {"parity": {"rungs": [1]}},
        {"plan": {"certificate": {"certified": True}}}, {"imported": 7},
    ],
)  # fmt: skip
def test_what_was_measured_may_be_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], measured: Json
) -> None:
    """It is for people: no part of it is believed, and none breaks `show`."""
    said = _shown(tmp_path / "b", capsys, measured=measured)
    assert said.endswith("Answer: the last one run.")


def test_import_writes_a_bundle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mobilenet_v1.tflite").write_bytes(
        classifier((16,), 1001, "uint8").packed()
    )
    labels = tmp_path / "labels.txt"
    labels.write_text("background\n" + "".join(f"thing {i}\n" for i in range(1000)))
    arguments = ["import", str(tmp_path / "mobilenet_v1.tflite")]
    arguments += ["--labels", str(labels), "--run", str(tmp_path / "run")]
    assert _run(*arguments) == 0
    said = capsys.readouterr().out
    assert "mobilenet_v1@16" in said
    assert "Class 0 of a data set is the model's class 1." in said
    made = open_bundle(tmp_path / "run" / "mobilenet_v1")
    assert made.manifest.rungs[0].preprocessing.crop == "0.875"
    assert _run(
        *arguments, "--name", "mine", "--crop", "squash", "--mean", "1,2,3",
        "--deviation", "400", "--class-offset", "0", "--interpolation", "bicubic",
        "--no-antialias",
    ) == 0  # fmt: skip
    facts = json.loads((tmp_path / "run" / "mine" / MANIFEST_FILE).read_text())
    assert facts["rungs"][0]["preprocessing"] == {
        "crop": "squash", "interpolation": "bicubic", "antialias": False,
        "channels": "RGB", "mean": [1, 2, 3], "deviation": [400, 400, 400],
    }  # fmt: skip
    assert facts["measured"]["class_offset"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--crop", "0.5,1.0"], "crop=0.5,1.0: expected squash"),
        (["--mean", "a", "--deviation", "1"], "mean=a: expected one number or three"),
        (
            ["--normalisation", "tf", "--mean", "1"],
            "normalisation=tf: expected either this or `mean`",
        ),
        (["--name", "../../etc"], "expected a plain name"),
    ],
)
def test_flags_that_make_no_sense(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    path = tmp_path / "mobilenet.tflite"
    path.write_bytes(classifier((16,), 5).packed())
    with pytest.raises(InputError, match=message):
        _run("import", str(path), "--run", str(tmp_path / "run"), *arguments)
    assert not (tmp_path / "run").exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be opened \(No such file"):
        _run("import", str(tmp_path / "none.tflite"))
