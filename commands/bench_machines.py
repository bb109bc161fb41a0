"""The machines of `reswise bench`: which they are, and benches side by side."""

import argparse
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from commands import echo
from datasets.errors import InputError

if TYPE_CHECKING:
    from android_bench.machine import Machine
    from android_bench.outcome import Outcome
    from android_bench.session import Job
    from android_bench.tensors import Float32s


def side_by_side(
    args: argparse.Namespace,
    job: "Job",
    machines: "list[Machine]",
    host: "dict[str, Float32s]",
) -> "tuple[list[Outcome], list[InputError]]":
    """What the machines did; one that fails takes no other's results away."""
    outcomes, failures = [], []
    with ThreadPoolExecutor(len(machines)) as pool:
        runs = [pool.submit(_bench, args, job, started, host) for started in machines]
        for started in runs:
            try:
                outcomes.append(started.result())
            except InputError as error:
                failures.append(error)
    return outcomes, failures


def _bench(
    args: argparse.Namespace,
    job: "Job",
    machine: "Machine",
    host: "dict[str, Float32s]",
) -> "Outcome":
    from android_bench.build import API_LEVEL
    from android_bench.classic import run_classic
    from android_bench.cooling import cool_down
    from android_bench.outcome import outcome
    from android_bench.phone import Phone
    from android_bench.session import measure

    if isinstance(machine, Phone):
        machine.prepare(job.built.abi, API_LEVEL)
    before = machine.facts()
    measured = measure(
        job,
        machine,
        args.fresh,
        lambda: cool_down(machine, args.cool_down, _tell),
        _tell,
    )
    after = machine.facts()
    classic = run_classic(job, machine, args.classic) if args.classic else {}
    if args.clean and isinstance(machine, Phone):
        machine.clean()
    return outcome(job, measured, machine.label, (before, after), host, classic)


def _tell(line: str) -> None:
    echo.say(line)


def machines(args: argparse.Namespace) -> "list[Machine]":
    """This one, or the phones of --serial."""
    from android_bench.machine import HostMachine

    if args.host:
        return [HostMachine(args.run / "host" / "work")]
    from android_bench.adb import Adb, chosen_serials, find_adb
    from android_bench.phone import Phone

    adb = Adb(find_adb(args.adb))
    serials = chosen_serials(adb, args.serial, _tell)
    return [Phone(adb, serial, args.device_dir, _tell) for serial in serials]
