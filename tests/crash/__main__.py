"""`make crash`: verb x kills x equal. What differs is listed, and is exit code 1."""

import argparse
import sys
import tempfile
from pathlib import Path
from random import Random

from tests.crash.attempts import load
from tests.crash.judging import Judge, other_faults, spread
from tests.crash.verbs import VERBS

_HEAD = (
    f"{'verb':10}{'file operations':>16}{'s':>6}{'kills':>7}{'runs':>6}{'equal':>7}"
    f"{'faults':>8}"
)


def main() -> int:
    """0: every run that was let alone left what an undisturbed one leaves."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("verbs", nargs="*", help="by default all")
    parser.add_argument("--kills", type=int, default=16, help="of each verb")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    load()
    print(_HEAD, flush=True)
    kills, wrong = 0, []
    for name in args.verbs or VERBS:
        random = Random(f"{args.seed} {name}")
        with tempfile.TemporaryDirectory(prefix="reswise-crash-") as folder:
            judge = Judge(VERBS[name], Path(folder) / "work")
            spread(judge, args.kills, random)
            other_faults(judge, random)
        row = judge.judged
        print(
            f"{name:10}{row.operations:>16}{row.seconds:>6.1f}{row.kills:>7}"
            f"{row.runs:>6}{row.equal:>7}{row.faults:>8}",
            flush=True,
        )
        print("".join(f"  {line}\n" for line in row.wrong), end="", flush=True)
        kills += row.kills
        wrong += row.wrong
    print(f"{kills} kills; {len(wrong)} things were wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
