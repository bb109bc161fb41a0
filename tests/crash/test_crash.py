"""The short form of `make crash`: two quick verbs, killed at operations and moments."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.verbs import VERBS

pytestmark = [
    pytest.mark.checkout,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked"),
]
ROOT = Path(__file__).parents[2]
KILLS = 3


@pytest.mark.parametrize("verb", ["select", "plan"])
def test_a_killed_run_ends_as_an_undisturbed_one(verb: str) -> None:
    """In a process of its own: it forks, which one with threads must not."""
    command = [sys.executable, "-m", "tests.crash", verb, "--kills", str(KILLS)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    row = next(line for line in done.stdout.splitlines() if line.startswith(verb))
    kills, runs, equal = (int(word) for word in row.split()[3:6])
    assert kills >= KILLS
    assert runs == equal > KILLS


def test_every_long_verb_is_in_the_table() -> None:
    assert {"drop", "train", "adapt", "plan", "convert", "bench"} <= set(VERBS)
    assert len(VERBS) >= 7
