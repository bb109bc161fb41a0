"""The flags of `reswise bench`: which machine and runner, how a pass is measured."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands import flags
from datasets.errors import InputError

if TYPE_CHECKING:
    from android_bench.script import Settings


def add_machine_flags(parser: argparse.ArgumentParser) -> None:
    """Host or devices, adb, library, build, folder, doctor."""
    add = parser.add_argument
    add("--host", action="store_true", help="run on this machine, without a phone")
    add(
        "--serial",
        metavar="SERIAL|all",
        help="which device of `adb devices`, or all of them side by side (default: the "
        "only one)",
    )
    add(
        "--adb",
        metavar="FILE",
        help="the adb program (default: adb of the PATH, else the one in adbutils)",
    )
    add(
        "--runtime-lib",
        type=Path,
        metavar="FILE",
        help="libLiteRt.so for the device (default with --host: of ai-edge-litert)",
    )
    add(
        "--build",
        default="auto",
        choices=("auto", "ndk", "bionic", "glibc", "host"),
        help="how the runner for arm64 is built: with an NDK, without one against "
        "names alone, with its own C library beside it, or as for this machine, for "
        "devices of its kind (default: auto, the first of ndk and bionic that is here)",
    )
    add(
        "--ndk",
        type=Path,
        metavar="DIR",
        help="the Android NDK (default: ANDROID_NDK_HOME, ANDROID_NDK_ROOT or "
        "ANDROID_NDK)",
    )
    add(
        "--device-dir",
        default="/data/local/tmp/reswise",
        metavar="DIR",
        help="folder on the device; files under /sdcard cannot be executed (default: "
        "/data/local/tmp/reswise)",
    )
    add(
        "--import",
        dest="imported",
        type=Path,
        metavar="FILE",
        help="judge a device.jsonl that an app wrote (android_app) against this "
        "machine's replay over the same pictures; nothing is run on a device",
    )
    add("--keep", action="store_true", help="leave everything on the device (default)")
    add("--clean", action="store_true", help="delete the device's folder at the end")
    add(
        "--doctor",
        action="store_true",
        help="say what a bench would use and what is missing; measures nothing",
    )


def add_measure_flags(parser: argparse.ArgumentParser) -> None:
    """Threads, cores, rounds, minimum, probe, pauses, the classic tool."""
    flags.add_wide_flag(parser)
    add = parser.add_argument
    add("--threads", type=int, default=1, metavar="N", help="of LiteRT (default: 1)")
    add(
        "--cores",
        default="0",
        metavar="MASK",
        help="cores to run on, as a mask such as 0xf0; 0 leaves it to the system "
        "(default: 0)",
    )
    add(
        "--warm-up",
        type=int,
        default=5,
        metavar="N",
        help="inferences of each rung before a pass (default: 5)",
    )
    add(
        "--rounds",
        type=int,
        default=1,
        metavar="N",
        help="how often a pass goes over all images at least (default: 1)",
    )
    add(
        "--min-count",
        type=int,
        default=1024,
        metavar="N",
        help="images of a pass at least, in whole rounds (default: 1024, as MLPerf "
        "Mobile)",
    )
    add(
        "--min-seconds",
        type=float,
        default=60.0,
        metavar="S",
        help="time of a pass at least, inference alone (default: 60, as MLPerf Mobile)",
    )
    add(
        "--probe-every",
        type=int,
        default=50,
        metavar="N",
        help="images between two timings of the probe that shows throttling; 0: no "
        "probe (default: 50)",
    )
    add(
        "--cool-down",
        type=float,
        default=30.0,
        metavar="S",
        help="pause before each pass on a phone; then up to ten minutes more until it "
        "reports no heat (default: 30)",
    )
    add(
        "--timeout",
        type=float,
        default=3600.0,
        metavar="S",
        help="of one pass, lost connections included (default: 3600)",
    )
    add("--fresh", action="store_true", help="measure again what is done")
    add(
        "--classic",
        type=Path,
        metavar="FILE",
        help="the classic benchmark_model, for this device: time each rung with it too "
        "and compare",
    )


def check(args: argparse.Namespace) -> None:
    """Refuses flags that are missing, out of range or against each other.

    Raises:
        InputError: the first of them.
    """
    if args.bundle is None or args.dataset is None:
        raise InputError(
            "bundle", "", "a bundle and `dataset` (`doctor` alone needs none)"
        )
    if args.host and args.serial is not None:
        raise InputError("host", "", "either this machine or `serial`")
    if args.keep and args.clean:
        raise InputError("keep", "", "either this or `clean`")
    for flag, least in (("threads", 0), ("warm_up", 0), ("rounds", 1), ("min_count", 0),
                        ("min_seconds", 0), ("probe_every", 0), ("cool_down", 0),
                        ("timeout", 1)):  # fmt: skip
        value = getattr(args, flag)
        if not least <= value <= 1_000_000:
            raise InputError(flag, value, f"{least} or more, up to a million")
    if not args.device_dir.startswith("/") or args.device_dir.strip("/") == "":
        raise InputError(
            "device_dir",
            args.device_dir,
            "a folder of its own, such as /data/local/tmp/reswise",
        )


def settings(args: argparse.Namespace) -> "Settings":
    """How passes are measured.

    Raises:
        InputError: --cores is no mask.
    """
    from android_bench.script import Settings

    try:
        cores = int(args.cores, 0)
    except ValueError:
        cores = -1
    if not 0 <= cores < 1 << 62:
        raise InputError("cores", args.cores, "a mask such as 0xf0, or 0")
    return Settings(
        threads=args.threads,
        cores=cores,
        warm_up=args.warm_up,
        rounds=args.rounds,
        least_count=args.min_count,
        least_seconds=args.min_seconds,
        probe_every=args.probe_every,
    )
