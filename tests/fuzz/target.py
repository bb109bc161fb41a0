"""What a target of the fuzzing is: bytes from a stranger, and who reads them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.fuzz.mutations import mutated

Read = Callable[[bytes, Path], None]


@dataclass(frozen=True, kw_only=True)
class Target:
    """One thing that reswise reads.

    Args:
        starts: good inputs, from which broken ones are made.
        read: reads one in an empty folder of its own; what it refuses is an InputError.
        cases: of a long run; what takes longer has fewer.
        prepare: makes what all cases share, before the first is watched.
        programs: whether it may start programs, such as the runner.
    """

    name: str
    starts: Sequence[bytes]
    read: Read
    cases: int
    prepare: Callable[[], object] = tuple
    programs: bool = False
    make: Callable[[Random, Sequence[bytes]], bytes] = mutated
