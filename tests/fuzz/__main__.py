"""`make fuzz`: every target in a process of its own, and a table of what came of it.

A process that dies, hangs for over ten seconds or takes over 2 GB is a finding, as is
whatever `guard` sees. Inputs that found something lie in build/fuzz/TARGET; move them
to tests/fuzz/corpus/TARGET with the fix.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.fuzz import guard

_FOUND = Path("build/fuzz")


def main() -> int:
    """0: nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help="by default all")
    parser.add_argument("--part", type=float, default=1.0, help="of a long run's cases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engine", choices=("hypothesis", "atheris"))
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        return _child(args)
    from tests.fuzz.catalogue import TARGETS

    chosen = args.targets or list(TARGETS)
    if unknown := set(chosen) - set(TARGETS):
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    print(_HEAD, flush=True)
    rows = [_run(name, args) for name in chosen]
    total = sum(int(row["cases"]) for row in rows)
    found = [line for row in rows for line in row["findings"]]
    print(f"{total:,} cases over {len(rows)} targets; {len(found)} findings")
    print("".join(f"  {line}\n" for line in found), end="")
    return 1 if found else 0


_HEAD = (
    f"{'target':14}{'cases':>9}{'read':>8}{'refused':>9}{'s':>7}{'longest s':>11}"
    f"{'peak MB':>9}  findings"
)


def _run(name: str, args: argparse.Namespace) -> dict[str, Any]:
    kept = _FOUND / name
    kept.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz", "--child", name]
    command += ["--part", str(args.part), "--seed", str(args.seed)]
    command += ["--engine", args.engine] if args.engine else []
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, check=False)
    row = _told(done.stdout)
    if row is None:  # it died: what it was at lies in current
        why = done.stderr.decode(errors="replace")[-1500:]
        left = kept / f"died-{int(time.time())}.bin"
        (kept / "current").replace(left)
        died = f"{name}: ended with {done.returncode}, see {left}: {why}"
        row = {"cases": 0, "read": 0, "refused": 0, "longest": 0.0, "peak": 0,
               "findings": [died]}  # fmt: skip
    if row["peak"] > guard.MOST_BYTES:
        row["findings"].append(f"{name}: took {row['peak']:,} bytes of memory")
    print(
        f"{name:14}{row['cases']:>9,}{row['read']:>8,}{row['refused']:>9,}"
        f"{time.monotonic() - began:>7.0f}{row['longest']:>11.2f}"
        f"{row['peak'] / 1e6:>9,.0f}  {len(row['findings'])}",
        flush=True,
    )
    return row


def _told(stdout: bytes) -> dict[str, Any] | None:
    """The last line of a child that came to its end."""
    lines = stdout.decode(errors="replace").strip().splitlines()
    try:
        row = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    return row if isinstance(row, dict) and "findings" in row else None


def _child(args: argparse.Namespace) -> int:
    name = args.targets[0]
    if args.engine == "atheris":
        from tests.fuzz.by_atheris import fuzz

        return fuzz(name, args.part, _FOUND / name)
    from tests.fuzz.catalogue import TARGETS
    from tests.fuzz.running import Fuzzing, corpus_of, hypothesis_cases

    guard.install()
    fuzzing = Fuzzing(TARGETS[name], _FOUND / name, timed=True)
    for path in corpus_of(name):
        fuzzing.case(path.read_bytes())
    cases = max(1, round(TARGETS[name].cases * args.part))
    hypothesis_cases(fuzzing, cases, args.seed)
    outcome = fuzzing.outcome
    row = {
        "cases": outcome.cases, "read": outcome.read, "refused": outcome.refused,
        "longest": outcome.longest, "peak": guard.peak_bytes(),
        "findings": outcome.findings,
    }  # fmt: skip
    print("\n" + json.dumps(row))
    return 0


if __name__ == "__main__":
    sys.exit(main())
