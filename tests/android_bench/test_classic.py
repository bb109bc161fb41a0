"""What the classic benchmark_model prints, recorded, and a bench that drives it."""

from pathlib import Path

import pytest

from android_bench.classic import PROGRAM, read_timings
from datasets.errors import InputError
from tests.android_bench.conftest import MakePhone
from tests.android_bench.dense_models import bundle
from tests.android_bench.test_bench import QUICK, _over_adb, _run

REFERENCE = Path(__file__).parents[1] / "references" / "benchmark_model.txt"
OLD = "Average inference timings in us: Warmup: 76605.9, Init: 9933, no stats: 66767.6"


def test_its_line_of_timings_is_read() -> None:
    found = read_timings(REFERENCE.read_text())
    assert (found.init_us, found.first_us) == (855, 49060)
    assert (found.warm_up_us, found.inference_us) == (34825.1, 33209.4)
    slow = REFERENCE.read_text().replace("33209.4\nNote", "1.02345e+06\nNote")
    assert read_timings(slow).inference_us == 1_023_450


@pytest.mark.parametrize("said", ["", "error: no such file", OLD])
def test_other_output_is_refused(said: str) -> None:
    with pytest.raises(InputError, match="no line of inference timings; it said"):
        read_timings(said)


def _program(folder: Path, script: str) -> Path:
    path = folder / "tool"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def _flags(folder: Path, program: Path) -> tuple[str, ...]:
    own = ("--bundle", str(folder / "bundle"), "--run", str(folder / "run"))
    return (*own, *QUICK, "--classic", str(program))


@pytest.mark.parametrize("where", ["host", "phone"])
def test_it_stands_beside_ours(
    tmp_path: Path, make_phone: MakePhone, where: str
) -> None:
    """A stand-in that prints the recorded lines if the model and threads are there."""
    bundle(tmp_path / "bundle", signatures=False)
    check = 'test -s "${1#--graph=}" && test "$2" = --num_threads=1 || exit 3'
    program = _program(tmp_path, f"{check}\ncat <<'END'\n{REFERENCE.read_text()}END")
    flags = _flags(tmp_path, program)
    more = ("--host",) if where == "host" else _over_adb(make_phone().serial)
    assert _run(*flags, *more) == 0
    text = (tmp_path / "run" / "bench.md").read_text()
    assert text.count("Classic benchmark_model on random input: dense@") == 3
    assert "dense@16 33.209 ms, ours 0." in text


@pytest.mark.parametrize("where", ["host", "phone"])
def test_it_fails(tmp_path: Path, make_phone: MakePhone, where: str) -> None:
    bundle(tmp_path / "bundle")
    flags = _flags(tmp_path, _program(tmp_path, "exit 3"))
    more = ("--host",) if where == "host" else _over_adb(make_phone().serial)
    with pytest.raises(InputError, match="exit code 3"):
        _run(*flags, *more)
    assert PROGRAM == "benchmark_model"
