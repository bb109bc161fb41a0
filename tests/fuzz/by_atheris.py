"""The same targets driven by atheris, which looks where code has not been yet.

It is no dependency: `pip install atheris` where there is a wheel of it (3.0.0 has one
for Python 3.11 to 3.13 on Linux); then `make fuzz ENGINE=atheris`.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz import guard

if TYPE_CHECKING:
    from tests.fuzz.running import Outcome

_OURS = ("datasets", "keras_models", "selection", "convert", "android_bench",
         "reports", "commands")  # fmt: skip
_MOST_BYTES = 1 << 16


def fuzz(name: str, part: float, kept: Path) -> int:
    """Runs a target's cases in this process; prints its row, as the other engine."""
    try:
        import atheris
    except ImportError:
        print("atheris is not installed: pip install atheris", file=sys.stderr)
        return 2
    with atheris.instrument_imports(include=list(_OURS)):
        from tests.fuzz.catalogue import TARGETS
    from tests.fuzz.running import Fuzzing, corpus_of

    target = TARGETS[name]
    guard.install()
    fuzzing = Fuzzing(target, kept, timed=True)
    starts = kept / "starts"
    starts.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(_starts(name)):
        (starts / f"{number}.bin").write_bytes(content)
    for path in corpus_of(name):
        (starts / path.name).write_bytes(path.read_bytes())
    cases = max(1, round(target.cases * part))

    def one(content: bytes) -> None:
        fuzzing.case(content)
        if fuzzing.outcome.cases >= cases:  # libFuzzer leaves by itself, without a word
            _tell(fuzzing.outcome)

    flags = [f"-runs={cases + 50}", f"-max_len={_MOST_BYTES}", "-timeout=30"]
    atheris.Setup([sys.argv[0], *flags, "-verbosity=0", str(starts)], one)
    atheris.Fuzz()
    return 0


def _starts(name: str) -> list[bytes]:
    """Good inputs, and some broken ones of a target that has no fixed starts."""
    from random import Random

    from tests.fuzz.catalogue import TARGETS

    target = TARGETS[name]
    if target.starts:
        return list(target.starts)
    random = Random(0)
    return [target.make(random, ()) for _ in range(50)]


def _tell(outcome: "Outcome") -> None:
    import os

    row = {
        "cases": outcome.cases, "read": outcome.read, "refused": outcome.refused,
        "longest": outcome.longest, "peak": guard.peak_bytes(),
        "findings": outcome.findings,
    }  # fmt: skip
    print("\n" + json.dumps(row), flush=True)
    os._exit(0)
