"""When a run must not be believed, and why: hand-made passes and facts."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from android_bench.cooling import LONGEST_SECONDS, cool_down
from android_bench.machine import Facts, cause_of_end
from android_bench.results import Item, Results
from android_bench.script import Settings
from android_bench.trust import drift_of, judge

ITEMS = 2000
STEADY = tuple(1_000_000 for _ in range(40))
COOL: Facts = {
    "phone": True, "boot_id": "a", "online_cores": "0-7", "thermal_status": 0,
    "max_mhz": {0: (1800, 1800), 7: (2800, 2800)}, "governors": ["performance"],
    "battery_percent": 80, "charging": False, "screen_on": False,
}  # fmt: skip


def _pass(probes: Sequence[int] = STEADY, items: int = ITEMS) -> Results:
    """Each image takes 0.04 s."""
    made = tuple(
        Item(
            item=n,
            id=f"p{n}",
            rungs=(0,),
            rung_ns=(40_000_000,),
            selector_ns=0,
            total_ns=40_000_000,
            top=((0, 1.0),),
        )
        for n in range(items)
    )
    marks = tuple((50 * place, ns) for place, ns in enumerate(probes))
    return Results(made, marks, ({"item": 0},), 1000)


def _reasons(one: Results, before: Facts = COOL, after: Facts = COOL) -> str:
    return "; ".join(judge({"selector": one}, Settings(), before, after).reasons)


def test_a_calm_run_is_valid() -> None:
    verdict = judge({"selector": _pass()}, Settings(), COOL, COOL)
    assert verdict.word == "VALID"
    assert verdict.reasons == ()
    assert verdict.notes == ()


def test_too_few_or_too_short() -> None:
    assert "1000 samples, too few" in _reasons(_pass(items=1000))
    quick = _pass()
    items = tuple(replace(item, total_ns=1_000_000) for item in quick.items)
    assert "2.0 s of inference, too short" in _reasons(replace(quick, items=items))
    assert "the pass is not done" in _reasons(replace(_pass(), peak_kb=None))


def test_throttling_shows_in_the_probe() -> None:
    slower = [1_000_000] * 20 + [1_300_000] * 20
    assert drift_of(_pass(slower)) == pytest.approx(0.3)
    assert "became 30 % slower during the pass (throttled?" in _reasons(_pass(slower))
    assert "50 % faster" in _reasons(_pass([2_000_000] * 20 + [1_000_000] * 20))
    assert _reasons(_pass([1_000_000] * 20 + [1_090_000] * 20)) == ""
    # one slow probe in between moves no median
    assert _reasons(_pass([*STEADY[:20], 90_000_000, *STEADY[20:]])) == ""
    assert drift_of(_pass(slower[:7])) is None


def test_a_wide_spread_is_told() -> None:
    noisy = [1_000_000, 1_000_000, 1_000_000, 1_900_000] * 10
    verdict = judge({"selector": _pass(noisy)}, Settings(), COOL, COOL)
    assert verdict.valid
    assert "unstable, the probe's 90th percentile is 1.9 times" in verdict.notes[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"thermal_status": 2}, "thermal status after the run: 2 (moderate); let it"),
        ({"boot_id": "b"}, "the phone rebooted during the run; bench again"),
        ({"online_cores": "0-3"}, "online cores changed from 0-7 to 0-3"),
        ({"max_mhz": {7: (1400, 2800)}}, "core 7 is held to 1400 of 2800 MHz"),
    ],
)
def test_what_happens_to_a_phone_meanwhile(change: Facts, said: str) -> None:
    assert said in _reasons(_pass(), after=COOL | change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"battery_percent": 12}, "battery at 12 %"),
        ({"charging": True}, "it was charging"),
        ({"screen_on": True}, "the screen was on"),
        ({"thermal_status": None}, "thermal status could not be read before and after"),
        ({"governors": ["schedutil"]}, "governor schedutil: clocks follow the load"),
    ],
)
def test_what_is_to_be_known(change: Facts, said: str) -> None:
    verdict = judge({"selector": _pass()}, Settings(), COOL | change, COOL | change)
    assert verdict.valid
    assert said in verdict.notes[0]


def test_settings_below_those_of_mlperf_and_resumed_passes_are_told() -> None:
    short = Settings(least_count=10, least_seconds=1, probe_every=0)
    resumed = replace(_pass(), starts=({"item": 0}, {"item": 7}))
    notes = "; ".join(judge({"selector": resumed}, short, COOL, COOL).notes)
    assert "shorter than MLPerf Mobile's 1,024 samples and 60 s" in notes
    assert "no probe ran" in notes
    assert "interrupted and resumed 1 times" in notes


class _Warm:
    """A phone that reports heat so many times."""

    label = slug = "warm"

    def __init__(self, times: float) -> None:
        self._times = times

    def facts(self) -> Facts:
        self._times -= 1
        return {"phone": True, "thermal_status": int(self._times > 0)}

    def put(self, *_: object) -> None: ...
    def execute(self, *_: object) -> None: ...
    def get(self, *_: object) -> None: ...
    def output(self, *_: object) -> str:
        return ""

    def remove(self, *_: object) -> None: ...


def test_it_waits_until_the_phone_is_cool_but_not_for_ever() -> None:
    slept: list[float] = []
    cool_down(_Warm(4), 30, lambda _: None, slept.append)
    assert slept == [30, 10, 10]
    slept.clear()
    cool_down(_Warm(float("inf")), 0, lambda _: None, slept.append)
    assert sum(slept) == LONGEST_SECONDS


def test_ends_are_explained() -> None:
    assert cause_of_end(137) == cause_of_end(-9) == "killed: most likely out of memory"
    assert cause_of_end(132).startswith("stopped at an instruction")
    assert cause_of_end(42) == "exit code 42"
