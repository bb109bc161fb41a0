"""Whether a verb leaves after faults what an undisturbed one leaves, to the byte."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.crash.attempts import KILLED, Attempt, attempt, emptied
from tests.crash.shim import CLOCK, FULL, GONE, READ_ONLY, Fault
from tests.crash.verbs import VERBS, Verb, command

_AGAIN = 4  # kills in a row, at most, before a run is let alone


@dataclass
class Judged:
    """A verb's row of the table."""

    verb: str
    operations: int = 0
    seconds: float = 0.0  # undisturbed
    kills: int = 0
    equal: int = 0
    runs: int = 0  # that were disturbed, then let alone
    faults: int = 0  # others than kills
    wrong: list[str] = field(default_factory=list)


class Judge:
    """One verb: an undisturbed run first, then disturbed ones against it.

    Args:
        work: a folder of its own; its run folder always has the same name, which
            stands in what a run leaves.
    """

    def __init__(self, verb: Verb, work: Path) -> None:
        self._verb, self._work = verb, work
        self._run, self._inputs = work / "run", work / "input"
        self.judged = Judged(verb.name)
        emptied(work)
        _make_input(verb, work)
        self._words = command(verb, self._run, self._inputs)
        alone = self._attempt(Fault())
        if alone.code not in (0, 1):
            raise RuntimeError(f"{verb.name}: {alone.code}: {alone.said[-2000:]}")
        self._expected, self._code = self._left(), alone.code
        self.judged.operations = alone.operations
        self.judged.seconds = alone.seconds

    def killed_at(self, operations: Sequence[int]) -> None:
        """Killed at the first operation, again at the second, ..., then let alone."""
        self._disturbed([Fault(operation=number) for number in operations])

    def killed_after(self, seconds: Sequence[float]) -> None:
        """As `killed_at`, by time."""
        self._disturbed([Fault(seconds=each) for each in seconds])

    def _disturbed(self, faults: Sequence[Fault]) -> None:
        emptied(self._run).rmdir()
        for fault in faults:
            came = self._attempt(fault)
            self.judged.kills += came.code == KILLED
            if came.code not in (KILLED, 0, 1):
                self._wrong(f"{fault}: ended with {came.code}: {came.said[-300:]}")
        self._let_alone(" then ".join(_shown(fault) for fault in faults))

    def faulted(self, fault: Fault) -> None:
        """Another fault: one line and exit code 2, or no matter; then let alone."""
        emptied(self._run).rmdir()
        came = self._attempt(fault)
        self.judged.faults += 1
        lines = [line for line in came.said.splitlines() if line.startswith("reswise ")]
        fine = came.code in (0, 1) or (came.code == 2 and len(lines) == 1)
        if not fine or "Traceback" in came.said:
            self._wrong(f"{_shown(fault)}: {came.code}: {came.said[-400:]}")
        if fault.kind == GONE:
            _make_input(self._verb, self._work)
        self._let_alone(_shown(fault))

    def _let_alone(self, what: str) -> None:
        alone = self._attempt(Fault())
        self.judged.runs += 1
        left = self._left()
        if alone.code != self._code:
            self._wrong(
                f"{what}: let alone ends with {alone.code}: {alone.said[-300:]}"
            )
        elif left != self._expected:
            differ = sorted(
                name
                for name in left.keys() | self._expected.keys()
                if left.get(name) != self._expected.get(name)
            )
            self._wrong(f"{what}: differ: {', '.join(differ)[:300]}")
        else:
            self.judged.equal += 1

    def _attempt(self, fault: Fault) -> Attempt:
        return attempt(self._words, self._work, fault)

    def _wrong(self, what: str) -> None:
        self.judged.wrong.append(f"{self._verb.name}: {what}")

    def _left(self) -> dict[str, str]:
        """Every file of the run folder and beside it, by its content."""
        files = [path for path in sorted(self._work.rglob("*")) if path.is_file()]
        own = {"said.txt", "operations.txt"}
        return {
            str(path.relative_to(self._work)): _digest(self._verb, path)
            for path in files
            if path.name not in own and self._inputs not in path.parents
        }


def _digest(verb: Verb, path: Path) -> str:
    if path.name == ".lock":  # who held it last
        return ""
    return hashlib.sha256(verb.normal(path.name, path.read_bytes())).hexdigest()


def _shown(fault: Fault) -> str:
    at = f"after {fault.seconds:.2f} s" if fault.seconds else f"at {fault.operation}"
    return f"{fault.kind} {at}"


def _make_input(verb: Verb, work: Path) -> None:
    """What the verb reads, by the verbs that make it."""
    inputs = work / "input"
    shutil.rmtree(inputs, ignore_errors=True)
    for name in verb.before:
        if name in ("scores", "results"):
            from tests.selection.store import store
            from tests.selection.synthetic import scored

            store(inputs, scored(images=300, seed=2))
        if name == "results":
            _made("select", inputs / "select", inputs, work)
        if name == "bundle":
            from tests.android_bench.dense_models import bundle

            bundle(inputs)


def _made(name: str, run: Path, inputs: Path, work: Path) -> None:
    came = attempt(command(VERBS[name], run, inputs), work, Fault())
    if came.code not in (0, 1):
        raise RuntimeError(f"{name}: {came.said[-2000:]}")


def spread(judge: Judge, kills: int, random: Random) -> None:
    """So many kills: at operations all over the run, at moments, several in a row."""
    operations, seconds = judge.judged.operations, judge.judged.seconds
    at = list(range(1, operations + 1))
    if len(at) > kills // 2:
        at = sorted(random.sample(at, kills // 2))
    for number in at:
        judge.killed_at([number])
    while judge.judged.kills < kills and judge.judged.runs < 3 * kills:
        if random.random() < 0.3:
            row = random.randint(2, _AGAIN)
            judge.killed_at([random.randint(1, operations) for _ in range(row)])
        else:
            judge.killed_after([random.uniform(0.05, seconds)])


def other_faults(judge: Judge, random: Random) -> None:
    """A full disk, one that may only be read, no input, another clock."""
    operations = judge.judged.operations
    for kind in (FULL, READ_ONLY, CLOCK, GONE):
        number = random.randint(1, operations)
        judge.faulted(Fault(kind=kind, operation=number, inputs=str(judge._inputs)))
    judge.faulted(Fault(kind=FULL, operation=1))
    judge.faulted(Fault(kind=READ_ONLY, operation=1))
