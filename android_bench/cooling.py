"""The pause before a pass: for a while, then until the phone reports no heat."""

import time
from collections.abc import Callable

from android_bench.machine import Machine

LONGEST_SECONDS = 600.0  # beyond it the pass runs, and the verdict tells of the heat
_STEP_SECONDS = 10.0


def cool_down(
    machine: Machine,
    seconds: float,
    tell: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Waits `seconds`, then while it reports heat, ten minutes at most."""
    if not machine.facts().get("phone"):
        return
    sleep(seconds)
    waited = 0.0
    while machine.facts().get("thermal_status") and waited < LONGEST_SECONDS:
        tell(f"{machine.label}: warm; cooling down.")
        sleep(_STEP_SECONDS)
        waited += _STEP_SECONDS
