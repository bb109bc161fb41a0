"""A bundle's selector and each of its rungs on this machine: the function `bench`."""

from pathlib import Path

from android_bench.build import build
from android_bench.bundle_classes import classes_of
from android_bench.inputs import pack
from android_bench.machine import HostMachine
from android_bench.outcome import host_scores, outcome
from android_bench.runtime import library_for
from android_bench.script import Settings
from android_bench.session import Job, measure
from commands.functions.arguments import called, images_of
from commands.functions.results import Benched
from convert.bundle import open_bundle
from datasets.class_order import fitted
from reports.bench_table import bench_rows, bench_table
from reports.run_folder import add_rows, add_tables


def bench(
    bundle: str | Path,
    dataset: str,
    run: str | Path = "runs/bench",
    *,
    split: str | None = None,
    limit: int | None = None,
    threads: int = 1,
    min_count: int = 1024,
    min_seconds: float = 60.0,
    timeout: float = 3600.0,
) -> Benched:
    """A bundle's selector, then each rung by itself, by the runner on this machine.

    Phones are benched on the command line (`reswise bench`): they need cables.

    Args:
        bundle: the folder that `convert` made.
        min_count, min_seconds: least images and time of a pass, as MLPerf Mobile.
        timeout: seconds that a pass may take.
    Raises:
        InputError: no C compiler, a bundle that is refused, pictures of more classes.

    Example:
        >>> import reswise
        >>> made = "runs/convert/small_resnet_float32"
        >>> reswise.bench(made, "glyphs")  # doctest: +SKIP
    """
    opened, folder = open_bundle(bundle), Path(run)
    images = fitted(images_of(dataset, split, limit), classes_of(opened))
    settings = Settings(
        threads=threads, least_count=min_count, least_seconds=min_seconds
    )
    inputs = pack(images, opened.manifest, folder, 0)
    built = build("host", folder / "build", None)
    library = library_for("host", built.abi, None)
    job = Job(
        bundle=opened,
        inputs=inputs,
        built=built,
        library=library,
        settings=settings,
        folder=folder,
        seconds=timeout,
    )
    machine = HostMachine(folder / "host" / "work")
    before = machine.facts()
    measured = measure(job, machine, False, lambda: None, lambda _: None)
    facts = (before, machine.facts())
    done = outcome(job, measured, machine.label, facts, host_scores(opened, inputs), {})
    named, command = (images.name, images.split), called("bench")
    table = bench_table(done, opened, " ".join(named))
    rows = bench_rows(done, opened, named, command)
    key = f"{opened.manifest.name}, {' '.join(named)}, {done.label}"
    add_tables(folder, "bench", [table], [key], command=command)
    add_rows(folder, rows)
    return Benched(
        rows=tuple(rows), tables=(table,), run=folder, valid=bool(done.passed)
    )
