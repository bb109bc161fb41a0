"""The runner from outside: its own unit tests, faults, and kills in mid-run."""

import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from android_bench.build import RUNNER
from android_bench.results import read_results
from selection.selectors.cascade import Cascade
from selection.selectors.fixed import Fixed
from tests.android_bench import compiled
from tests.android_bench.scored_scripts import (
    MODEL,
    SETTINGS,
    pack_rows,
    run,
    rung_names,
    write_script,
)

IMAGES = 20
LADDER = rung_names(2)
CASCADE = Cascade(ladder=LADDER, thresholds=(0.5,))
USAGE, TENSORS, LIBRARY, MODELS, RESULTS, RUN, BUSY = 2, 3, 4, 5, 6, 7, 8


def _scores() -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(1)
    return tuple(
        random.dirichlet(np.ones(4), IMAGES).astype(np.float32) for _ in LADDER
    )


def _script(folder: Path, **settings: int) -> Path:
    ids = [f"p{number}" for number in range(IMAGES)]
    return write_script(folder, CASCADE, _scores(), ids, replace(SETTINGS, **settings))


def test_units_are_clean_under_sanitizers(tmp_path: Path) -> None:
    source = RUNNER.with_name("runner_test.c")
    path = tmp_path / "units"
    flags = ("-ffp-contract=off", "-fsanitize=address,undefined")
    more = ("-fno-sanitize-recover=all", "-o", str(path), str(source), "-ldl", "-lm")
    command = [compiled.compiler(), *compiled.TEST_FLAGS, *flags, *more]
    subprocess.run(command, check=True)
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run(
        [str(path)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(" 0 failures\n")
    assert int(done.stdout.split()[0]) > 400


def _fails(script: Path, code: int, said: str, library: Path | None = None) -> None:
    library = library or compiled.fake_library()
    done = run(compiled.checked_runner(), script, library)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("runner: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_it_is_clean_under_sanitizers_and_old_libraries_fit(tmp_path: Path) -> None:
    for name, library in (
        ("new", compiled.fake_library()),
        ("old", compiled.fake_library("-DOLD")),
    ):
        script = _script(tmp_path / name, threads=3, probe_every=4)
        done = run(compiled.checked_runner(), script, library)
        assert (done.returncode, done.stderr) == (0, "")
        results = read_results(script.parent / "r.jsonl")
        assert results.done
        assert len(results.items) == IMAGES
        assert [item for item, _ in results.probes] == [0, 4, 8, 12, 16]


def test_a_library_that_is_none(tmp_path: Path) -> None:
    script = _script(tmp_path)
    (tmp_path / "text.so").write_text("no library")
    _fails(script, LIBRARY, "text.so", tmp_path / "text.so")
    _fails(script, LIBRARY, "missing.so", tmp_path / "missing.so")


def test_a_library_that_is_another(tmp_path: Path) -> None:
    path = tmp_path / "other.so"
    (tmp_path / "other.c").write_text("int other(void) { return 0; }\n")
    command = [compiled.compiler(), "-shared", "-fPIC", "-o", str(path)]
    subprocess.run([*command, str(tmp_path / "other.c")], check=True)
    _fails(_script(tmp_path), LIBRARY, "lacks LiteRtCreateEnvironment", path)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", MODELS, "not a .tflite model"),
        ("s0 4 1\n", MODELS, "has no signature s1"),
        ("s0 5 1\ns1 4 1\n", MODELS, "has 5 elements of type 1; expected 4 float32"),
        ("s0 4 9\ns1 4 1\n", MODELS, "of type 9"),
        ("fail model\ns0 4 1\n", MODELS, "not a .tflite model: LiteRtStatus 3"),
        ("fail compile\ns0 4 1\ns1 4 1\n", MODELS, "compiling: LiteRtStatus 5"),
        ("fail run\ns0 4 1\ns1 4 1\n", RUN, "an inference: LiteRtStatus 9"),
    ],
)
def test_malformed_models(tmp_path: Path, text: str, code: int, said: str) -> None:
    script = _script(tmp_path)
    (tmp_path / MODEL).write_text(text)
    _fails(script, code, said)


def test_malformed_tensors(tmp_path: Path) -> None:
    script = _script(tmp_path)
    (packed, *_) = sorted(tmp_path.glob("r1-*.bin"))
    whole = packed.read_bytes()
    packed.write_bytes(whole[:-1])
    _fails(script, TENSORS, "its header says another number")
    packed.write_bytes(b"RWTENS2\0" + whole[8:])
    _fails(script, TENSORS, "not a packed tensor file")
    pack_rows(packed, np.zeros((IMAGES - 1, 4), np.float32))
    _fails(script, TENSORS, f"{IMAGES - 1} images of 16 bytes; expected {IMAGES} of 16")
    packed.unlink()
    _fails(script, TENSORS, "cannot be opened")


def test_scores_that_are_no_numbers(tmp_path: Path) -> None:
    script = _script(tmp_path)
    for packed in tmp_path.glob("r*-*.bin"):
        pack_rows(packed, np.full((IMAGES, 4), np.nan, np.float32))
    _fails(script, RUN, "NaN")


def test_ids_that_are_not_as_many_or_no_strings(tmp_path: Path) -> None:
    script = _script(tmp_path)
    (tmp_path / "ids.txt").write_text('"a"\n' * (IMAGES - 1))
    _fails(script, TENSORS, f"{IMAGES - 1} ids")
    (tmp_path / "ids.txt").write_text('"a"b"\n' * IMAGES)
    _fails(script, TENSORS, "is no JSON string")


def test_a_script_that_is_not_there_or_none(tmp_path: Path) -> None:
    script = _script(tmp_path)
    script.write_bytes(b"\x7fELF" + bytes(100))
    _fails(script, USAGE, "not a script of format 1")
    script.unlink()
    _fails(script, USAGE, "cannot be opened")


def test_results_of_another_script(tmp_path: Path) -> None:
    script = _script(tmp_path)
    assert (
        run(compiled.checked_runner(), script, compiled.fake_library()).returncode == 0
    )
    _fails(_script(tmp_path, threads=2), RESULTS, "results of another script")


def test_a_core_that_is_not_there(tmp_path: Path) -> None:
    _fails(_script(tmp_path, cores=1 << 60), USAGE, "no such core")


def test_the_core_mask_is_taken(tmp_path: Path) -> None:
    core = 1 << min(os.sched_getaffinity(0))
    script = _script(tmp_path, cores=core)
    assert (
        run(compiled.checked_runner(), script, compiled.fake_library()).returncode == 0
    )
    assert read_results(tmp_path / "r.jsonl").starts[0]["cores"] == core


def test_rounds_are_whole(tmp_path: Path) -> None:
    script = _script(tmp_path, least_count=IMAGES + 1)
    assert (
        run(compiled.checked_runner(), script, compiled.fake_library()).returncode == 0
    )
    assert len(read_results(tmp_path / "r.jsonl").items) == 2 * IMAGES


def _decisions(path: Path) -> list[tuple[object, ...]]:
    """All of the results but times and starts."""
    events = [json.loads(line) for line in path.read_text().splitlines()]
    return [
        (e["item"], e["id"], e["rungs"], e["top"])
        for e in events
        if e["event"] == "image"
    ]


def test_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    """kill -9 again and again: results and kept scores equal an undisturbed run's."""
    ids = [f"p{number}" for number in range(IMAGES)]
    settings = replace(SETTINGS, rounds=400)
    one = {"settings": settings, "keep_scores": True}
    undisturbed = write_script(tmp_path / "a", Fixed(LADDER[0]), _scores(), ids, **one)  # type: ignore[arg-type]
    disturbed = write_script(tmp_path / "b", Fixed(LADDER[0]), _scores(), ids, **one)  # type: ignore[arg-type]
    runner, library = compiled.host_runner().files["runner"], compiled.fake_library()
    assert run(runner, undisturbed, library).returncode == 0
    command = [str(runner), disturbed.name, "r.jsonl", str(library)]
    kills = 0
    for delay in (0.004, 0.006, 0.009, 0.012, 0.02):
        child = subprocess.Popen(command, cwd=disturbed.parent)
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        kills += child.wait() == -signal.SIGKILL
    with (disturbed.parent / "r.jsonl").open("a") as file:
        file.write('{"event":"image","item":')  # what a kill leaves of a line
    assert run(runner, disturbed, library).returncode == 0
    assert kills >= 2
    results = disturbed.parent / "r.jsonl"
    assert read_results(results).done
    assert len(read_results(results).starts) >= 2
    assert _decisions(results) == _decisions(undisturbed.parent / "r.jsonl")
    kept = (disturbed.parent / "kept.scores").read_bytes()
    assert kept == _scores()[0].tobytes()
    assert kept == (undisturbed.parent / "kept.scores").read_bytes()


def test_results_are_cut_to_the_scores_that_were_kept(tmp_path: Path) -> None:
    """As after a power cut, when the system wrote one file and not the other."""
    ids = [f"p{number}" for number in range(IMAGES)]
    script = write_script(tmp_path, Fixed(LADDER[0]), _scores(), ids, keep_scores=True)
    runner, library = compiled.host_runner().files["runner"], compiled.fake_library()
    assert run(runner, script, library).returncode == 0
    kept = tmp_path / "kept.scores"
    kept.write_bytes(kept.read_bytes()[: 16 * 7 + 5])
    results = tmp_path / "r.jsonl"
    results.write_bytes(results.read_bytes() + bytes(100))  # blocks never written
    assert run(runner, script, library).returncode == 0
    assert kept.read_bytes() == _scores()[0].tobytes()
    assert len(read_results(results).items) == IMAGES
    assert read_results(results).starts[1]["item"] == 7


def test_two_runners_do_not_write_one_file(tmp_path: Path) -> None:
    ids = [f"p{number}" for number in range(IMAGES)]
    settings = replace(SETTINGS, rounds=1_000_000)
    script = write_script(tmp_path, CASCADE, _scores(), ids, settings)
    runner, library = compiled.host_runner().files["runner"], compiled.fake_library()
    first = subprocess.Popen(
        [str(runner), script.name, "r.jsonl", str(library)], cwd=tmp_path
    )
    try:
        while not (tmp_path / "r.jsonl").exists():
            time.sleep(0.01)
        time.sleep(0.05)
        second = run(runner, script, library)
    finally:
        first.kill()
        first.wait()
    assert second.returncode == BUSY
    assert "another runner writes it" in second.stderr


def test_a_full_disk_ends_with_one_line(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    script = _script(tmp_path)
    done = run(compiled.checked_runner(), script, compiled.fake_library(), "/dev/full")
    assert done.returncode == RESULTS
    assert done.stderr.count("\n") == 1
