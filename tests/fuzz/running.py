"""Cases of one target, one after the other; what they find is kept as they were."""

import contextlib
import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz import guard
from tests.fuzz.target import Target

CORPUS = Path(__file__).with_name("corpus")
_CHUNK = 500  # cases of one run of hypothesis, which remembers all of them


@dataclass
class Outcome:
    """What the cases of a target came to."""

    cases: int = 0
    read: int = 0
    seconds: float = 0.0
    longest: float = 0.0  # of one case
    findings: list[str] = field(default_factory=list)

    @property
    def refused(self) -> int:
        return self.cases - self.read - len(self.findings)


class Fuzzing:
    """A target at work in a folder of its own.

    Args:
        kept: where inputs go that found something; None: nowhere.
        timed: whether a case that takes too long ends the process.
    """

    def __init__(self, target: Target, kept: Path | None, timed: bool) -> None:
        self.target, self.outcome = target, Outcome()
        self._kept, self._timed = kept, timed
        target.prepare()

    def case(self, content: bytes) -> None:
        """One input; a finding is noted, and the next may come."""
        began = time.monotonic()
        self.outcome.cases += 1
        if self._kept is not None:
            (self._kept / "current").write_bytes(content)  # a crash leaves it
        with _folder() as folder, self._timer():
            try:
                self.outcome.read += guard.tried(self.target, content, folder)
            except guard.Finding as finding:
                self._keep(content, str(finding))
        seconds = time.monotonic() - began
        self.outcome.seconds += seconds
        self.outcome.longest = max(self.outcome.longest, seconds)

    def _keep(self, content: bytes, why: str) -> None:
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.bin"
        self.outcome.findings.append(f"{self.target.name}/{name}: {why}")
        if self._kept is not None:
            (self._kept / name).write_bytes(content)

    @contextlib.contextmanager
    def _timer(self) -> Iterator[None]:
        if self._timed:
            guard.begin_timer()
        try:
            yield
        finally:
            if self._timed:
                guard.end_timer()


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = tempfile.mkdtemp(prefix="reswise-case-")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hypothesis_cases(fuzzing: Fuzzing, cases: int, first: int) -> None:
    """So many cases, made by hypothesis's own random numbers from a first seed."""
    target = fuzzing.target

    def one(random: Random) -> None:
        fuzzing.case(target.make(random, target.starts))

    number = first
    while fuzzing.outcome.cases < cases:
        left = min(_CHUNK, cases - fuzzing.outcome.cases)
        test = given(st.randoms(use_true_random=False))(one)
        seed(number)(
            settings(
                max_examples=left, deadline=None, database=None,
                phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
            )(test)
        )()  # fmt: skip
        number += 1


def corpus_of(name: str) -> list[Path]:
    """What once broke something, and is tried in every run."""
    return sorted((CORPUS / name).glob("*.bin"))
