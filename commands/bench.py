"""The bundle's selector over real pictures: on phones over adb, or on this machine.

Prints accuracy, MACs, latency and memory of the selector and of each rung by itself,
and whether the run may be believed. Pictures are decoded and resized here; the phone
gets input tensors. Finished passes are kept; the same command goes on with the rest.
Exit code 1: the run is INVALID, or decisions differ from the selector's replay.

Examples:
  reswise bench --bundle runs/convert/bundle --host --dataset glyphs
  reswise bench --doctor --runtime-lib libLiteRt.so
  reswise bench --bundle B --dataset csv:photos/labels.csv --runtime-lib libLiteRt.so
  reswise bench --bundle B --dataset glyphs --serial all --runtime-lib libLiteRt.so
  reswise bench --bundle B --dataset folder:pictures --import device.jsonl
"""

import argparse
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from commands import asked, bench_flags, echo, flags, summary
from datasets.errors import InputError

if TYPE_CHECKING:
    from android_bench.inputs import Inputs
    from android_bench.machine import Machine
    from android_bench.outcome import Outcome
    from android_bench.session import Job
    from android_bench.tensors import Float32s
    from convert.bundle import Bundle
    from datasets.dataset import Dataset

_FILES = ("bench.md", "bench.json", "rows.csv")
HELP = "the selector on phones over adb, or on this machine: accuracy, latency, memory"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Bundle, machine, how it is built, how it is measured, data set."""
    add = parser.add_argument
    add("--bundle", type=Path, metavar="DIR", help="what `reswise convert` wrote")
    bench_flags.add_machine_flags(parser)
    bench_flags.add_measure_flags(parser)
    flags.add_dataset_flags(parser, required=False)  # --doctor needs none
    flags.add_run_flag(parser, "bench")


def run(args: argparse.Namespace) -> int:
    """Benches; writes bench.md, bench.json, rows.csv and the chart."""
    if args.imported is not None:
        from commands import bench_import

        return bench_import.run(args)
    if args.doctor:
        return _doctor(args)
    bench_flags.check(args)
    from android_bench.outcome import host_scores
    from convert.sound import sound_bundle

    bundle = sound_bundle(args.bundle)
    machines = _machines(args)
    dataset = _fitted(args, bundle, asked.opened_dataset(args))
    summary.show(dataset, bundle.manifest.name, _pixels(bundle))
    job = _job(args, bundle, _inputs(args, bundle, dataset))
    host = host_scores(bundle, job.inputs)
    outcomes, failures = _side_by_side(args, job, machines, host)
    if outcomes:
        _write(args, job, dataset, outcomes)
    if failures:
        raise InputError(" Also: ".join(str(failure) for failure in failures))
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def _side_by_side(
    args: argparse.Namespace,
    job: "Job",
    machines: "list[Machine]",
    host: "dict[str, Float32s]",
) -> "tuple[list[Outcome], list[InputError]]":
    """What the machines did; one that fails takes no other's results away."""
    outcomes, failures = [], []
    with ThreadPoolExecutor(len(machines)) as pool:
        runs = [pool.submit(_bench, args, job, one, host) for one in machines]
        for one in runs:
            try:
                outcomes.append(one.result())
            except InputError as error:
                failures.append(error)
    return outcomes, failures


def _doctor(args: argparse.Namespace) -> int:
    from android_bench.doctor import Question, examine

    question = Question(
        adb=args.adb,
        serial=args.serial,
        build=args.build,
        ndk=args.ndk,
        runtime_lib=args.runtime_lib,
        device_dir=args.device_dir,
        folder=args.run / "build",
        host=args.host,
    )
    found = examine(question)
    for one in found:
        print(f"{'ok     ' if one.good else 'MISSING'} {one.what}: {one.said}")
    return 0 if all(one.good for one in found) else 1


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
    print(line, flush=True)


def _write(
    args: argparse.Namespace, job: "Job", dataset: "Dataset", outcomes: "list[Outcome]"
) -> None:
    from convert.manifest import MANIFEST_FILE
    from datasets.files import file_sha256, write_text
    from reports.bench_table import bench_rows, bench_table, draw_latency
    from reports.run_folder import add_rows, add_tables

    command, named = echo.command_line(), (dataset.name, dataset.split)
    tables = [bench_table(one, job.bundle, " ".join(named)) for one in outcomes]
    rows = [
        row for one in outcomes for row in bench_rows(one, job.bundle, named, command)
    ]
    facts = {
        "command": command,
        "bundle": job.bundle.manifest.name,
        "manifest_sha256": file_sha256(job.bundle.folder / MANIFEST_FILE),
        "build": job.built.kind,
        "settings": asdict(job.settings),
        "machines": [one.to_json() for one in outcomes],
    }
    what = f"{job.bundle.manifest.name}, {' '.join(named)}"
    keys = [f"{what}, {one.label}" for one in outcomes]
    add_tables(args.run, "bench", tables, keys)
    write_text(args.run / "bench.json", json.dumps(facts, indent=1) + "\n")
    add_rows(args.run, rows)
    drawn = draw_latency(outcomes, args.run)
    for table in tables:  # after the files: head may close the pipe
        table.show()
    for path in (*(args.run / name for name in _FILES), *drawn):
        print(f"wrote {echo.shown(path)}")


def _machines(args: argparse.Namespace) -> "list[Machine]":
    from android_bench.machine import HostMachine

    if args.host:
        return [HostMachine(args.run / "host" / "work")]
    from android_bench.adb import Adb, chosen_serials, find_adb
    from android_bench.phone import Phone

    adb = Adb(find_adb(args.adb))
    serials = chosen_serials(adb, args.serial, _tell)
    return [Phone(adb, serial, args.device_dir, _tell) for serial in serials]


def _pixels(bundle: "Bundle") -> str:
    ways = {rung.preprocessing for rung in bundle.manifest.rungs}
    crops = ", ".join(sorted({way.crop for way in ways}))
    resolutions = ", ".join(str(rung.resolution) for rung in bundle.manifest.rungs)
    return f"crop {crops}; {resolutions} pixels; normalised as the bundle says"


def _fitted(
    args: argparse.Namespace, bundle: "Bundle", dataset: "Dataset"
) -> "Dataset":
    """With the classes of the bundle, whose labels.txt says what they are called."""
    from android_bench.bundle_classes import classes_of
    from datasets.class_order import fitted, read_class_names

    given = read_class_names(args.class_names) if args.class_names else ()
    return fitted(dataset, classes_of(bundle, given, args.first_class))


def _inputs(args: argparse.Namespace, bundle: "Bundle", dataset: "Dataset") -> "Inputs":
    from android_bench.inputs import pack

    return pack(dataset, bundle.manifest, args.run, args.max_unreadable)


def _job(args: argparse.Namespace, bundle: "Bundle", inputs: "Inputs") -> "Job":
    from android_bench.build import build, choose, device_abi, find_ndk
    from android_bench.runtime import library_for
    from android_bench.session import Job

    ndk = None if args.host else find_ndk(args.ndk, os.environ)
    on_device = not args.host and args.build != "host"
    abi = device_abi(args.runtime_lib if on_device else None)
    kind = "host" if args.host else choose(args.build, ndk, abi)
    built = build(kind, args.run / "build", ndk, abi)
    library = library_for(kind, built.abi, args.runtime_lib)
    settings = bench_flags.settings(args)
    return Job(
        bundle=bundle,
        inputs=inputs,
        built=built,
        library=library,
        settings=settings,
        folder=args.run,
        seconds=args.timeout,
    )
