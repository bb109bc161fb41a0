"""The command line as a user meets it: exit codes, one clear line, no traceback."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import reswise

ROOT = Path(reswise.__file__).parent


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reswise", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["fly"], "there is no verb fly. See"),
        (["dorp"], "there is no verb dorp; did you mean drop?"),
        (
            ["drop", "--model", "resnet50", "--dataset", "glyphs", "--resolution", "9"],
            "there is no flag --resolution; did you mean --resolutions?",
        ),
        (["drop", "@no-such-file.txt"], "expected a text file of flags"),
        (["flops", "--model", "resnet50"], "--resolutions --staircase is required"),
        (["flops", "--model", "resnet50", "--resolutions", "big"], "whole numbers"),
        (["flops", "--model", "resnet5", "--resolutions", "224"], "not in the cata"),
        (
            ["flops", "--model", "nasnet_mobile", "--resolutions", "9"],
            "smallest resolution that works for nasnet_mobile, 19",
        ),
        (
            ["drop", "--model", "resnet50", "--dataset", "csv:no.csv",
             "--resolutions", "96"],
            "no.csv",
        ),
        (
            ["drop", "--model", "resnet50", "--dataset", "glyphs", "--resolutions",
             "96", "--limit", "0"],
            "--limit 0: expected at least 1",
        ),
        (
            ["drop", "--model", "resnet50", "--dataset", "glyphs", "--resolutions",
             "96", "--crop", "2"],
            "crop",
        ),
    ],
    ids=lambda value: " ".join(value[:4]) if isinstance(value, list) else "",
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    try:
        code: object = reswise.run(arguments)
    except SystemExit as error:
        code = error.code
    said = capsys.readouterr().err.strip().splitlines()
    assert code == 2
    assert line in said[-1]
    assert not any("Traceback" in text for text in said)


def test_flops_reproduces_table_3_on_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    resolutions = "224,210,196,182,168,154,140"
    arguments = [
        "flops",
        "--model",
        "resnet50",
        "--resolutions",
        resolutions,
        "--csv",
        "-",
    ]
    assert reswise.run(arguments) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    drops = [row["flops_drop_percent"] for row in rows]
    assert drops == ["0.00", "3.90", "14.72", "29.26", "38.49", "49.50", "57.26"]


def test_staircase_of_a_model_file_leaves_out_what_does_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import keras
    from keras import layers

    image = keras.Input((16, 16, 3))
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(image)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, 2)(x))
    path = tmp_path / "even.keras"
    keras.Model(image, layers.Dense(3, "softmax")(x), name="vgg_like").save(path)
    arguments = ["flops", "--model", str(path), "--staircase", "--csv", "-"]
    assert reswise.run(arguments) == 0
    resolutions = capsys.readouterr().out.split()[1:]
    assert [int(row.split(",")[0]) for row in resolutions] == [
        16,
        14,
        12,
        10,
        8,
        6,
        4,
        2,
    ]


def test_a_question_to_a_pipe_that_closes_is_no_traceback() -> None:
    command = f"{sys.executable} -m reswise models | head -1"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "Traceback" not in done.stderr


def test_verbosity_is_absls() -> None:
    assert _run("models", "--verbosity=1").returncode == 0


def test_a_script_sweeps_pictures_without_labels(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    for number in range(6):
        pixels = random.integers(0, 255, (96, 96, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    lines = "".join(f"{number}.png,\n" for number in range(6))
    (tmp_path / "pictures.csv").write_text(f"file,class_index\n{lines}")
    rungs = reswise.sweep(
        "small_resnet", f"csv:{tmp_path}/pictures.csv", [64], tmp_path / "run",
        weights="glyphs",
    )  # fmt: skip
    native, low = (rungs[f"small_resnet@{size}"].scores.argmax(1) for size in (96, 64))
    table = rungs.table()
    assert list(table.agreement_percent) == [100, 100 * np.mean(native == low)]
    assert not rungs.rows
    assert "6 of 6 images have no label" in str(rungs)
    assert "agreement" in (tmp_path / "run" / "drop.md").read_text()
    with pytest.raises(reswise.InputError, match="have no accuracy to draw"):
        rungs.figure()
