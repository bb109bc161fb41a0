"""What `reswise bench` measures: a bundle over pictures, by a runner built for it."""

import argparse
import os
from typing import TYPE_CHECKING

from commands import bench_flags

if TYPE_CHECKING:
    from android_bench.inputs import Inputs
    from android_bench.session import Job
    from convert.bundle import Bundle
    from datasets.dataset import Dataset


def pixels(bundle: "Bundle") -> str:
    """How pictures enter, for the summary."""
    preprocessings = {rung.preprocessing for rung in bundle.manifest.rungs}
    crops = ", ".join(sorted({preprocessing.crop for preprocessing in preprocessings}))
    resolutions = ", ".join(str(rung.resolution) for rung in bundle.manifest.rungs)
    return f"crop {crops}; {resolutions} pixels; normalised as the bundle says"


def with_classes(
    args: argparse.Namespace, bundle: "Bundle", dataset: "Dataset"
) -> "Dataset":
    """With the classes of the bundle, whose labels.txt says what they are called."""
    from android_bench.bundle_classes import classes_of
    from datasets.class_names_file import read_class_names
    from datasets.class_order import fitted

    given = read_class_names(args.class_names) if args.class_names else ()
    return fitted(dataset, classes_of(bundle, given, args.first_class))


def inputs_of(
    args: argparse.Namespace, bundle: "Bundle", dataset: "Dataset"
) -> "Inputs":
    """The pictures as input tensors, packed in the run folder."""
    from android_bench.inputs import pack

    return pack(dataset, bundle.manifest, args.run, args.max_unreadable)


def job_of(args: argparse.Namespace, bundle: "Bundle", inputs: "Inputs") -> "Job":
    """Builds the runner; the bundle, its inputs and how passes are measured."""
    from android_bench.build import build, choose, device_abi
    from android_bench.ndk import find_ndk
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
