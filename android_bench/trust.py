"""Whether a run may be believed: VALID, or INVALID with reasons and what to do.

Minimum count and duration come from MLPerf Mobile (see script.Settings); the runner
keeps to them. Throttling shows in the probe: one rung on one image, timed again and
again during the pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from android_bench.machine import Facts
from android_bench.results import Results
from android_bench.script import Settings

DRIFT = 0.10  # of the probe's median, first quarter against last
SPREAD = 1.5  # 90th percentile over median of the probe, from which on it is unstable
LEAST_PROBES = 8
LEAST_BATTERY = 20  # per cent; phones slow down below it
SEVERITIES = (
    "none",
    "light",
    "moderate",
    "severe",
    "critical",
    "emergency",
    "shutdown",
)
MLPERF = Settings()


@dataclass(frozen=True)
class Verdict:
    """Reasons speak against the times; notes are to be known. Each says what to do."""

    reasons: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def valid(self) -> bool:
        return not self.reasons

    @property
    def word(self) -> str:
        return "VALID" if self.valid else "INVALID"


def judge(
    passes: Mapping[str, Results], settings: Settings, before: Facts, after: Facts
) -> Verdict:
    """The verdict on one machine's passes.

    Args:
        before, after: facts of the machine at the two ends of the bench.
    """
    reasons: list[str] = []
    notes = [*_short(settings)]
    for name, results in passes.items():
        reasons += _count(name, results, settings)
        drift, spread = _drift(name, results)
        reasons += drift
        notes += [*spread, *_resumed(name, results)]
    if not settings.probe_every:
        notes.append("no probe ran (--probe-every 0): throttling was not looked for")
    reasons += _heat(before, after)
    reasons += _changes(before, after)
    notes += [*_heat_unread(before, after), *_state(before)]
    return Verdict(tuple(reasons), tuple(notes))


def _short(settings: Settings) -> list[str]:
    count, seconds = MLPERF.least_count, MLPERF.least_seconds
    if settings.least_count >= count and settings.least_seconds >= seconds:
        return []
    return [
        f"shorter than MLPerf Mobile's {count:,} samples and {seconds:g} s a pass "
        f"(--min-count {settings.least_count}, --min-seconds "
        f"{settings.least_seconds:g})"
    ]


def _count(name: str, results: Results, settings: Settings) -> list[str]:
    seconds = float(results.latency_us.sum()) / 1e6
    if not results.done:
        return [f"{name}: the pass is not done; bench again to go on"]
    if len(results.items) < settings.least_count:
        return [f"{name}: {len(results.items)} samples, too few; bench with --fresh"]
    if seconds < settings.least_seconds:
        return [f"{name}: {seconds:.1f} s of inference, too short; use --fresh"]
    return []


def drift_of(results: Results) -> float | None:
    """Last quarter's median of the probe over the first's, less 1; None: too few."""
    times = np.array([ns for _, ns in results.probes], np.float64)
    if len(times) < LEAST_PROBES:
        return None
    quarter = len(times) // 4
    return float(np.median(times[-quarter:]) / np.median(times[:quarter]) - 1)


def _drift(name: str, results: Results) -> tuple[list[str], list[str]]:
    drift = drift_of(results)
    if drift is None:
        return [], []
    times = np.array([ns for _, ns in results.probes], np.float64)
    spread = float(np.percentile(times, 90) / np.median(times))
    notes = []
    if spread > SPREAD:
        notes.append(
            f"{name}: unstable, the probe's 90th percentile is {spread:.1f} times its "
            "median; close what else runs"
        )
    if abs(drift) <= DRIFT:
        return [], notes
    direction, advice = ("slower", "throttled? cool down longer, --cool-down")
    if drift < 0:
        direction, advice = ("faster", "not warmed up? raise --warm-up")
    return [
        f"{name}: the probe became {100 * abs(drift):.0f} % {direction} during the "
        f"pass ({advice})"
    ], notes


def _resumed(name: str, results: Results) -> list[str]:
    times = len(results.starts) - 1
    return [f"{name}: interrupted and resumed {times} times"] if times > 0 else []


def _heat(before: Facts, after: Facts) -> list[str]:
    reasons = []
    for when, facts in (("before", before), ("after", after)):
        status = facts.get("thermal_status")
        if status:
            word = SEVERITIES[min(int(status), len(SEVERITIES) - 1)]
            reasons.append(
                f"thermal status {when} the run: {status} ({word}); let it cool down "
                "and take off its case"
            )
    return reasons


def _heat_unread(before: Facts, after: Facts) -> list[str]:
    unread = [
        when
        for when, facts in (("before", before), ("after", after))
        if facts.get("phone") and facts.get("thermal_status") is None
    ]
    if not unread:
        return []
    return [
        f"thermal status could not be read {' and '.join(unread)} the run (dumpsys "
        "thermalservice): heat was not looked for but by the probe"
    ]


def _changes(before: Facts, after: Facts) -> list[str]:
    reasons = []
    if before.get("boot_id") != after.get("boot_id"):
        reasons.append("the phone rebooted during the run; bench again with --fresh")
    if before.get("online_cores") != after.get("online_cores"):
        reasons.append(
            f"online cores changed from {before.get('online_cores')} to "
            f"{after.get('online_cores')} during the run"
        )
    for facts in (before, after):
        for core, (allowed, possible) in (facts.get("max_mhz") or {}).items():
            if allowed < possible:
                reasons.append(
                    f"core {core} is held to {allowed} of {possible} MHz (heat, or a "
                    "saving mode); let it cool down, switch battery saving off"
                )
    return list(dict.fromkeys(reasons))


def _state(facts: Facts) -> list[str]:
    reasons = []
    battery = facts.get("battery_percent")
    if battery is not None and battery < LEAST_BATTERY:
        reasons.append(f"battery at {battery} %: phones slow down; charge it first")
    if facts.get("charging"):
        reasons.append("it was charging, which warms it; unplug where adb is wireless")
    if facts.get("screen_on"):
        reasons.append("the screen was on; switch it off")
    governors = set(facts.get("governors") or [])
    if governors - {"performance"}:
        reasons.append(
            f"governor {', '.join(sorted(governors))}: clocks follow the load"
        )
    return reasons
