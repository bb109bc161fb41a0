"""`reswise bench` from the flags to the report: on this machine, and over real adb."""

import argparse
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from android_bench.adb import Adb
from android_bench.inputs import pack
from android_bench.interpreter import look_chances, rung_scores
from commands import bench
from convert.bundle import Bundle
from convert.foreign.importing import ForeignChoice, import_bundle
from convert.manifest import Json
from datasets.catalogue import open_dataset
from datasets.errors import InputError
from reports.rows import read_rows
from selection.replay import replay
from selection.scored import Scored
from selection.selectors.learned import Dense, Learned
from selection.selectors.rules import Linear
from selection.selectors.thumbnail import FEATURES
from tests.android_bench import compiled
from tests.android_bench.conftest import MakePhone
from tests.android_bench.dense_models import RUNGS, bundle, cascade, model

ROOT = Path(bench.__file__).parents[1]
IMAGES = 30
QUICK = (
    "--dataset", "glyphs", "--limit", str(IMAGES), "--min-count", "0",
    "--min-seconds", "0", "--probe-every", "0", "--cool-down", "0",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _one_test_draws(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chart takes longer than the bench of a tiny bundle."""
    if request.node.name != "test_the_report":
        monkeypatch.setattr("reports.bench_table.draw_latency", lambda *_: [])


def _run(*arguments: str) -> int:
    compiled.compiler()
    parser = argparse.ArgumentParser()
    bench.add_flags(parser)
    return bench.run(parser.parse_args(arguments))


def _bench(folder: Path, *arguments: str) -> dict[str, Any]:
    """Benches the bundle in `folder`; bench.json of the first machine."""
    flags = ("--bundle", str(folder / "bundle"), "--run", str(folder / "run"))
    assert _run(*flags, *QUICK, *arguments) == 0
    facts = json.loads((folder / "run" / "bench.json").read_text())
    return dict(facts["machines"][0])


def _deferral() -> Json:
    random = np.random.default_rng(3)
    rules = [Linear(0.2, tuple(random.normal(size=width))) for width in (6, 20)]
    return {
        "kind": "deferral", "ladder": list(RUNGS), "answer": "mean",
        "thresholds": [0.45, 0.5], "rules": [rule.to_json() for rule in rules],
    }  # fmt: skip


def _learned() -> Json:
    layer = Dense(((0.0,) * 3,) * FEATURES, (0.0,) * 3)
    return Learned(RUNGS, (0.25, 0.5625, 1.0), (layer,), 0.1).to_json()


SELECTORS: dict[str, Json] = {
    "fixed": {"kind": "fixed", "ladder": [RUNGS[1]]},
    "random": {
        "kind": "random", "ladder": list(RUNGS), "weights": [1, 1, 2], "seed": 5,
    },
    "cascade": cascade(0.5, 0.4),
    "two of three rungs": cascade(0.5, rungs=(RUNGS[0], RUNGS[2])),
    "margin": cascade(0.3, 0.2, confidence="margin", answer="mean"),
    "calibrated": cascade(0.5, 0.4, confidence="calibrated", temperatures=[1.5, 0.8]),
    "deferral": _deferral(),
    "learned": _learned(),
}  # fmt: skip


def _replay(opened: Bundle, folder: Path) -> tuple[float, float]:
    """Accuracy and mean MACs of selection's replay on the interpreter's scores."""
    dataset = open_dataset("glyphs").limited(IMAGES)
    inputs = pack(dataset, opened.manifest, folder)
    rungs = opened.manifest.rungs
    scored = Scored(
        rungs=tuple(rung.rung for rung in rungs),
        macs=tuple(rung.macs for rung in rungs),
        scores=tuple(rung_scores(opened.folder, rung, inputs) for rung in rungs),
        labels=np.array(inputs.labels),
        ids=inputs.ids,
    )
    selector = opened.selector
    if not isinstance(selector, Learned):
        found = replay(selector, scored)
        return found.accuracy, found.mean_macs
    chances = look_chances(opened.folder, opened.manifest, inputs)
    worth = chances - selector.price * np.array(selector.costs)
    places = worth.argmax(axis=1)
    macs = np.array(scored.macs)[places].mean() + selector.own_macs
    return scored.right[np.arange(IMAGES), places].mean(), macs


@pytest.mark.parametrize("dtype", ["float32", "uint8", "int8"])
def test_quantised_bundles(tmp_path: Path, dtype: str) -> None:
    bundle(tmp_path / "bundle", dtype=dtype)
    said = _bench(tmp_path, "--host")
    assert said["agreement"]["differing"] == []
    assert said["moved"] == []
    assert [one["largest"] for one in said["kernels"]] == [0, 0, 0]


@pytest.mark.parametrize("name", SELECTORS)
def test_every_selector_decides_as_its_replay(tmp_path: Path, name: str) -> None:
    """Accuracy and mean MACs are those of `selection` on the .tflite files' scores."""
    opened = bundle(tmp_path / "bundle", SELECTORS[name], look=name == "learned")
    said = _bench(tmp_path, "--host")
    assert said["agreement"]["differing"] == []
    accuracy, macs = _replay(opened, tmp_path / "replay")
    assert said["lines"][0]["top1"] == pytest.approx(accuracy, abs=1e-12)
    assert said["lines"][0]["macs"] == pytest.approx(macs, rel=1e-12)
    assert sum(said["shares"].values()) == pytest.approx(1)


def test_files_without_signatures(tmp_path: Path) -> None:
    bundle(tmp_path / "bundle", signatures=False)
    assert _bench(tmp_path, "--host")["agreement"]["differing"] == []


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
def test_a_foreign_file_with_a_background_class(tmp_path: Path, dtype: str) -> None:
    """As the classifiers of the TFLite ecosystem: integers in and out, class 0 none."""
    glyphs = open_dataset("glyphs").limited(IMAGES)
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(["background", *glyphs.class_names]) + "\n")
    file = tmp_path / f"foreign_{dtype}.tflite"
    file.write_bytes(model((16,), dtype, False, len(glyphs.class_names) + 1))
    opened = import_bundle(file, tmp_path / "bundle", ForeignChoice(labels=labels))
    assert opened.class_offset == 1
    said = _bench(tmp_path, "--host")
    assert said["agreement"]["differing"] == []
    inputs = pack(glyphs, opened.manifest, tmp_path / "again")
    scores = rung_scores(opened.folder, opened.manifest.rungs[0], inputs)
    right = (scores.argmax(axis=1) == np.array(inputs.labels) + 1).sum()
    assert said["lines"][0]["right"] == right


def test_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle(tmp_path / "bundle")
    said = _bench(tmp_path, "--host", "--rounds", "2")
    printed = capsys.readouterr().out
    assert "not a phone" in printed
    assert "30 of 30 images (60 runs)" in printed
    assert "predicted from MACs" in printed
    rows = read_rows(tmp_path / "run" / "rows.csv")
    assert [row.selector for row in rows] == ["cascade", "fixed", "fixed", "fixed"]
    assert rows[3].macs == 16 * 16 * 3 * 36
    assert rows[3].flops_drop_percent == 0
    for row, line in zip(rows, said["lines"], strict=True):
        assert 0 < line["p50_us"] <= line["p90_us"]
        assert (row.latency_p50_us, row.top1) == (line["p50_us"], line["top1"])
        assert line["peak_kb"] > 1000
        assert line["load_ms"] > 0
    # random layers of 36 classes: said first, beside what a guess would give
    title = (tmp_path / "run" / "bench.md").read_text().splitlines()[0]
    assert "; 30 images of glyphs " in title  # and the split
    dearest = max(said["lines"][1:], key=lambda line: line["macs"])
    assert f"HOLLOW: {dearest['name']} itself is not better than chance" in title
    assert f"{dearest['right']} of 30 images right" in title
    for name in ("bench.md", "accuracy_latency.svg", "accuracy_latency.png"):
        assert (tmp_path / "run" / name).stat().st_size > 100


def test_the_report_says_whether_pictures_look_like_those_certified(
    tmp_path: Path,
) -> None:
    """The same shares among 1,000 certified images; then all of those at one rung."""
    bundle(tmp_path / "bundle")
    shares = _bench(tmp_path, "--host")["shares"]
    same = [round(1000 * shares[rung]) for rung in RUNGS]
    rarest = min(range(len(RUNGS)), key=same.__getitem__)
    other = [1000 * (place == rarest) for place in range(len(RUNGS))]
    path = tmp_path / "bundle" / "manifest.json"
    for stops, said in ((same, "Nothing speaks against"), (other, "BROKEN ASSUMPTION")):
        facts = json.loads(path.read_text())
        facts["measured"] = {"plan": {"certified_stops": stops}}
        path.write_text(json.dumps(facts))
        _bench(tmp_path, "--host")
        assert said in (tmp_path / "run" / "bench.md").read_text()


def test_done_passes_are_kept_and_fresh_measures_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle(tmp_path / "bundle")
    first = _bench(tmp_path, "--host")
    assert _bench(tmp_path, "--host")["lines"] == first["lines"]
    assert "done before" in capsys.readouterr().out
    assert _bench(tmp_path, "--host", "--fresh")["lines"] != first["lines"]
    _bench(tmp_path, "--host", "--threads", "2")
    assert "done before" not in capsys.readouterr().out


def _passes_of(folder: Path) -> list[Path]:
    return sorted((folder / "run" / "host").glob("*.jsonl"))


def test_a_throttled_pass_is_not_reused_in_silence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle(tmp_path / "bundle")
    _bench(tmp_path, "--host")
    path = _passes_of(tmp_path)[0]
    first, *rest = path.read_text().splitlines(keepends=True)
    probes = [f'{{"event":"probe","item":{n},"ns":{100 + 9 * n}}}\n' for n in range(12)]
    path.write_text("".join([first, *probes, *rest]))
    capsys.readouterr()
    said = _bench(tmp_path, "--host")
    out = capsys.readouterr().out
    assert out.count("done before, but INVALID (") == 1
    assert re.search(r"the probe became \d+ % slower .*; once more", out)
    assert out.count("done before (--fresh") == len(_passes_of(tmp_path)) - 1
    assert '"probe"' not in path.read_text()
    assert said["valid"] is True or said["verdict"]["reasons"] == []


def test_a_pass_of_a_hot_phone_is_not_believed_once_it_has_cooled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the machine is now says nothing of what it was when a pass was measured."""
    bundle(tmp_path / "bundle")
    _bench(tmp_path, "--host")
    states = _passes_of(tmp_path)[0].with_suffix(".states.json")
    before, after = json.loads(states.read_text())
    states.write_text(json.dumps([before, {**after, "thermal_status": 3}]))
    capsys.readouterr()
    _bench(tmp_path, "--host")
    out = capsys.readouterr().out
    assert "INVALID (thermal status after the run: 3 (severe)" in out
    assert json.loads(states.read_text()) == [before, after]
    states.unlink()
    _bench(tmp_path, "--host")
    assert "how warm the machine was then is not known" in capsys.readouterr().out


def test_a_wrong_decision_is_found(tmp_path: Path) -> None:
    """A device that decides one image otherwise: exit code 1, and it is named."""
    bundle(tmp_path / "bundle")
    _bench(tmp_path, "--host")
    results = tmp_path / "run" / "host"
    (selector,) = [
        path for path in results.glob("*.jsonl") if '"rungs":[0,1' in path.read_text()
    ]
    lines = selector.read_text().splitlines()
    place = next(n for n, line in enumerate(lines) if '"rungs":[0]' in line)
    held = json.loads(lines[place])
    wrong = held | {"rungs": [0, 1], "rung_ns": [*held["rung_ns"], 1]}
    lines[place] = json.dumps(wrong, separators=(",", ":"))
    selector.write_text("".join(f"{line}\n" for line in lines))
    flags = ("--bundle", str(tmp_path / "bundle"), "--run", str(tmp_path / "run"))
    assert _run(*flags, *QUICK, "--host") == 1
    text = (tmp_path / "run" / "bench.md").read_text()
    assert f"{IMAGES - 1} of {IMAGES} images" in text
    assert f"Decided otherwise: {json.loads(lines[place])['id']}" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "--serial", "x"], "host: expected either this machine or `serial`"),
        (["--host", "--threads", "-1"], "threads=-1: expected 0 or more"),
        (["--host", "--cores", "all"], "cores=all: expected a mask such as 0xf0"),
        (["--keep", "--clean"], "keep: expected either this or `clean`"),
        (["--device-dir", "/"], "device_dir=/: expected a folder of its own"),
        (["--adb", "/no/adb"], "adb=/no/adb: expected a program that is there"),
        (
            ["--host", "--runtime-lib", "/no/lib.so"],
            "/no/lib.so cannot be opened .*; expected a shared library",
        ),
        (["--host", "--runtime-lib", __file__], "not a shared library"),
    ],
)
def test_bad_flags(tmp_path: Path, arguments: list[str], said: str) -> None:
    bundle(tmp_path / "bundle")
    flags = ("--bundle", str(tmp_path / "bundle"), "--run", str(tmp_path / "run"))
    with pytest.raises(InputError, match=said):
        _run(*flags, *QUICK, *arguments)


def test_no_bundle_or_data_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="bundle: expected a bundle and `dataset`"):
        _run("--host")
    with pytest.raises(InputError, match="no folder; expected a bundle"):
        _run("--host", "--bundle", str(tmp_path / "none"), *QUICK)


# ---- over the real adb


def _over_adb(serial: str, *more: str) -> tuple[str, ...]:
    from android_bench.runtime import host_library

    library = ("--runtime-lib", str(host_library()))
    return ("--serial", serial, "--build", "host", *library, *more)


def _decisions(machine: dict[str, Any], folder: Path) -> set[str]:
    """Every image's decision in every pass, in any order of the files."""
    found = set()
    for path in folder.rglob("*.jsonl"):
        for line in path.read_text().splitlines():
            event = json.loads(line)
            if event["event"] == "image":
                facts = [event[key] for key in ("item", "id", "rungs", "top")]
                found.add(f"{path.name} {facts}")
    assert len(found) == sum(line["items"] for line in machine["lines"])
    return found


def test_a_phone_decides_as_this_machine(
    make_phone: MakePhone, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    double = make_phone()
    for name in ("host", "phone"):
        bundle(tmp_path / name / "bundle")
    here = _bench(tmp_path / "host", "--host")
    there = _bench(tmp_path / "phone", *_over_adb(double.serial))
    assert there["agreement"]["differing"] == []
    assert there["label"] == f"Phone_Double ({double.serial})"
    assert [line["macs"] for line in there["lines"]] == [
        line["macs"] for line in here["lines"]
    ]
    assert _decisions(here, tmp_path / "host/run/host") == _decisions(
        there, tmp_path / "phone/run" / double.serial.replace(":", "%3A")
    )
    assert "VALID" in capsys.readouterr().out
    pushes = double.faults.log.count("sync:")
    _bench(tmp_path / "phone", *_over_adb(double.serial))
    assert double.faults.log.count("sync:") == pushes


def test_heat_makes_it_invalid_and_clean_cleans(
    make_phone: MakePhone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("android_bench.cooling.LONGEST_SECONDS", 0.0)
    double = make_phone()
    double.thermal_status(3)
    bundle(tmp_path / "bundle")
    flags = ("--bundle", str(tmp_path / "bundle"), "--run", str(tmp_path / "run"))
    assert _run(*flags, *QUICK, *_over_adb(double.serial, "--clean")) == 1
    text = (tmp_path / "run" / "bench.md").read_text()
    assert "INVALID" in text
    assert "thermal status before the run: 3 (severe)" in text
    assert not double.path("/data/local/tmp/reswise").exists()


def test_a_phone_that_is_listed_twice_runs_once(
    adb: Adb,
    make_phone: MakePhone,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As over a cable and over Wi-Fi: one machine, one pass."""
    double = make_phone(**{"ro.serialno": "0A123"})
    again = double.serial.replace("127.0.0.1", "localhost")
    adb.connect(again)
    bundle(tmp_path / "bundle")
    try:
        _bench(tmp_path, *_over_adb("all"))
    finally:
        subprocess.run(
            [adb.program, "disconnect", again], capture_output=True, check=False
        )
    facts = json.loads((tmp_path / "run" / "bench.json").read_text())
    assert len(facts["machines"]) == 1
    assert len(read_rows(tmp_path / "run" / "rows.csv")) == 4
    said = capsys.readouterr().out
    assert "is the same phone as" in said
    assert said.count("pass 1 of 4") == 1


def test_two_phones_side_by_side(make_phone: MakePhone, tmp_path: Path) -> None:
    serials = {make_phone().serial, make_phone().serial}
    bundle(tmp_path / "bundle")
    _bench(tmp_path, *_over_adb("all"))
    facts = json.loads((tmp_path / "run" / "bench.json").read_text())
    assert {one["label"][14:-1] for one in facts["machines"]} == serials
    assert len(read_rows(tmp_path / "run" / "rows.csv")) == 8


def test_a_phone_that_fails_takes_no_results_of_another_away(
    make_phone: MakePhone, tmp_path: Path
) -> None:
    make_phone()
    bad = make_phone(**{"ro.build.version.sdk": "21"})
    bundle(tmp_path / "bundle")
    flags = ("--bundle", str(tmp_path / "bundle"), "--run", str(tmp_path / "run"))
    with pytest.raises(InputError, match=f"{bad.serial} has Android API 21"):
        _run(*flags, *QUICK, *_over_adb("all"))
    assert len(read_rows(tmp_path / "run" / "rows.csv")) == 4


def test_a_host_killed_in_mid_run_goes_on(
    make_phone: MakePhone, tmp_path: Path
) -> None:
    """kill -9 of the host: the same command goes on, and the decisions are equal."""
    double, resolutions = make_phone(), (64, 80, 96)
    ladder = [f"dense@{resolution}" for resolution in resolutions]
    selector = cascade(0.9, 0.9, rungs=ladder)
    bundle(tmp_path / "bundle", selector, resolutions=resolutions)
    bundle(tmp_path / "calm" / "bundle", selector, resolutions=resolutions)
    flags = ["--bundle", str(tmp_path / "bundle"), "--run", str(tmp_path / "run")]
    arguments = [*flags, *QUICK, *_over_adb(double.serial), "--rounds", "20"]
    code = (
        "import argparse, sys; from commands import bench; "
        "parser = argparse.ArgumentParser(); bench.add_flags(parser); "
        "sys.exit(bench.run(parser.parse_args(sys.argv[1:])))"
    )
    command = [sys.executable, "-c", code, *arguments]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if "pass 1 of 4" in line:
            break
    deadline = time.monotonic() + 60
    there = double.path("/data/local/tmp/reswise")
    while not list(there.glob("*.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.1)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    disturbed = _bench(tmp_path, *_over_adb(double.serial, "--rounds", "20"))
    calm = _bench(tmp_path / "calm", "--host", "--rounds", "20")
    slug = double.serial.replace(":", "%3A")
    assert _decisions(disturbed, tmp_path / "run" / slug) == _decisions(
        calm, tmp_path / "calm" / "run" / "host"
    )
    assert disturbed["agreement"]["differing"] == []
