"""The in-app bench on the JDK, with LiteRT of this machine behind a pipe, judged.

Java decodes, resizes, quantises, runs every rung and decides; Python replays the
selector on its own pixels and its own scores. All 500 decisions must be the same.
"""

import json
from pathlib import Path

import pytest

import reswise
from tests.android_app import app_bundles
from tests.android_app.conftest import Benched
from tests.android_app.kinds import DENSE, IMPORTED, KINDS, PICTURES, judged

pytestmark = pytest.mark.checkout


@pytest.mark.parametrize("kind", [*KINDS, *DENSE, *IMPORTED])
def test_every_decision_is_the_replays(
    kind: str, benched: Benched, pictures: Path, tmp_path: Path
) -> None:
    bundle, lines = benched(kind)
    code = judged(bundle, pictures, lines, tmp_path)
    facts = json.loads((tmp_path / "app" / "app.json").read_text())
    assert facts["agreement"] == {
        "images": PICTURES, "items": PICTURES, "differing": []
    }  # fmt: skip
    assert code == 0
    assert facts["valid"]
    shares = facts["shares"]
    if "cascade" in kind or "deferral" in kind or "learned" in kind:
        assert all(0.05 < part < 0.8 for part in shares.values())  # all are used


def test_the_page_shows_it_beside_a_bench_here(
    benched: Benched, pictures: Path, tmp_path: Path
) -> None:
    bundle, lines = benched("float32, shared, cascade")
    host = ["bench", "--bundle", str(bundle), "--host", "--min-count", "0"]
    host += ["--min-seconds", "0", "--probe-every", "0", "--dataset"]
    assert reswise.run([*host, f"folder:{pictures}", "--run", str(tmp_path)]) == 0
    assert judged(bundle, pictures, lines, tmp_path) == 0
    text = (tmp_path / "app" / "app.md").read_text()
    assert "tiny float32 on a JDK é, Android none, in the app: VALID" in text
    (app, adb) = [
        line for line in text.splitlines() if line.startswith(("| app", "| adb"))
    ]
    assert "adb: this machine" in adb
    assert app.split("|")[2:4] == adb.split("|")[2:4]  # accuracy and MACs are the same
    assert "500 of 500 images (500 runs)" in text
    assert reswise.run(["report", str(tmp_path), "--out", str(tmp_path)]) == 0
    page = (tmp_path / "report.html").read_text()
    assert "in the app: VALID" in page


def test_another_bundle_or_other_pictures_are_refused(
    benched: Benched,
    pictures: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bundle, lines = benched("float32, shared, cascade")
    other, _ = benched("int8, fixed")
    assert judged(other, pictures, lines, tmp_path) == 2
    assert "Name the bundle that is in the app" in capsys.readouterr().err
    elsewhere = app_bundles.write_pictures(tmp_path / "few", 10)
    assert judged(bundle, elsewhere, lines, tmp_path) == 2
    assert "490 of 500 pictures" in capsys.readouterr().err


def _edited(lines: Path, to: Path, old: str, new: str) -> Path:
    text = lines.read_text()
    assert old in text
    to.write_text(text.replace(old, new, 1))
    return to


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('"item":7,', '"item":8,', "item is 8; expected 7"),
        ('"item":7,', '"item":-7,', "item is -7; expected a whole number"),
        ('"item":7,', '"item":7.0,', "item is 7.0; expected a whole number"),
        ('"item":7,', '"item":true,', "item is True; expected a whole number"),
        ('"rungs":[0]', '"rungs":[2]', "rungs is 2; expected whole numbers, 0..1"),
        ('"rungs":[0]', '"rungs":[0,0]', "expected ascending ones"),
        ('"total_ns":', '"total_ns":1', "the sum of selector_ns and rung_ns"),
        ('"top":[[', '"top":[[9,0.9],[', "expected a class below 5"),
        ('"top":[[', '"top":[[1,NaN],[', "NaN is no JSON number"),
        ('"top":[[', '"top":[[1,1e999],[', "is too large"),
        ('"top":[[', '"top":[[1,-1],[', "the highest first"),
        ('"decode_ns":', '"decode_ms":', "decode_ns is None"),
        ('"event":"probe"', '"event":"more"', "expected start once, then image"),
        ('{"event":"done"', '{"event":"done",}', "not JSON"),
        ('"items":500', '"items":499', "items is 499; expected 500"),
        ('"threads":1', f'"threads":{"9" * 30}', "longer than 18 digits"),
        ('"id":"', f'"id":"{"x" * 5000}', "id is 'xxx"),
        ('"id":"', f'"id":"{"x" * 70_000}', "a line of more than 65,536 bytes"),
        ('"id":"', '"id":"\\u001b[2J', "unshowable characters"),
        ('"engine":"', f'"engine":{"[" * 40}"', "nested deeper than 32"),
    ],
)  # fmt: skip
def test_lines_that_are_not_as_they_should_be(
    old: str,
    new: str,
    line: str,
    benched: Benched,
    pictures: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bundle, lines = benched("float32, shared, cascade")
    edited = _edited(lines, tmp_path / "device.jsonl", old, new)
    assert judged(bundle, pictures, edited, tmp_path / "run") == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert line in said, said
    assert len(said) < 500


def test_a_decision_that_differs_is_named_and_exits_1(
    benched: Benched, pictures: Path, tmp_path: Path
) -> None:
    bundle, lines = benched("int8, fixed")
    events = [json.loads(text) for text in lines.read_text().splitlines()]
    image = next(event for event in events if event.get("item") == 3)
    image["top"][0][0] = (image["top"][0][0] + 1) % 5
    edited = tmp_path / "device.jsonl"
    edited.write_text("".join(json.dumps(event) + "\n" for event in events))
    assert judged(bundle, pictures, edited, tmp_path / "run") == 1
    text = (tmp_path / "run" / "app" / "app.md").read_text()
    assert "499 of 500 images" in text
    assert f"Decided otherwise: {image['id']}" in text


def test_a_bench_that_did_not_end_is_invalid(
    benched: Benched, pictures: Path, tmp_path: Path
) -> None:
    """The app was closed in mid-run: the last line is cut off and `done` is missing."""
    bundle, lines = benched("int8, fixed")
    edited = tmp_path / "device.jsonl"
    edited.write_text("\n".join(lines.read_text().splitlines()[:-1])[:-9])
    run = tmp_path / "run"
    assert judged(bundle, pictures, edited, run) == 1
    assert "INVALID" in (run / "app" / "app.md").read_text()


def test_flags_against_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    none = str(tmp_path / "none.jsonl")
    for more in (["--host"], ["--doctor"], ["--serial", "X"]):
        assert reswise.run(["bench", "--import", none, *more]) == 2
        assert f"--import: expected either this or {more[0]}" in capsys.readouterr().err
    assert reswise.run(["bench", "--import", none]) == 2
    assert "--import: expected --bundle" in capsys.readouterr().err
