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
from pathlib import Path

from commands import (
    asked,
    bench_files,
    bench_flags,
    bench_job,
    bench_machines,
    flags,
    summary,
)
from datasets.errors import JoinedError

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
    machines = bench_machines.machines(args)
    dataset = bench_job.with_classes(args, bundle, asked.opened_dataset(args))
    summary.show(dataset, bundle.manifest.name, bench_job.pixels(bundle))
    job = bench_job.job_of(args, bundle, bench_job.inputs_of(args, bundle, dataset))
    host = host_scores(bundle, job.inputs)
    outcomes, failures = bench_machines.side_by_side(args, job, machines, host)
    if outcomes:
        bench_files.write(args, job, dataset, outcomes)
    if failures:
        raise JoinedError(failures)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


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
    findings = examine(question)
    for finding in findings:
        print(
            f"{'ok     ' if finding.good else 'MISSING'} {finding.what}: {finding.said}"
        )
    return 0 if all(finding.good for finding in findings) else 1
