"""The arm64 runner under qemu decides as this machine's does, image by image.

The bionic executable is loaded by glibc's loader, with a stand-in for bionic's
__libc_init: what a phone's own loader and C library do is not shown here.
"""

import os
import platform
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from android_bench.agreement import between_scores, device_agreement
from android_bench.build import Built, build, needed_names
from android_bench.inputs import pack
from android_bench.machine import HostMachine
from android_bench.outcome import host_scores
from android_bench.results import read_results
from android_bench.script import Settings
from android_bench.session import Job, measure
from datasets.catalogue import open_dataset
from selection.selectors.cascade import Cascade
from selection.selectors.deferral import Deferral
from selection.selectors.rules import Linear
from tests.android_bench import compiled
from tests.android_bench.dense_models import bundle
from tests.android_bench.scored_scripts import run_well, rung_names, write_script

CROSS = "aarch64-linux-gnu-gcc"
EMULATOR = "qemu-aarch64-static"
# the default processor of qemu gives wrong int8 results
EMULATED = (EMULATOR, "-cpu", "cortex-a76", "-L")
ROOT = Path("/usr/aarch64-linux-gnu")
SHIM = """
#include <stdlib.h>
typedef int (*Main)(int, char **, char **);
void __libc_init(void *stack, void (*end)(void), Main main, const void *arrays) {
    long count = *(long *)stack;
    char **words = (char **)stack + 1;
    (void)end, (void)arrays;
    exit(main((int)count, words, words + count + 1));
}
"""
CPUINFO = """processor\t: 0
Features\t: fp asimd aes
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd0b
CPU revision\t: 1
"""
IMAGES = 200
IDS = [f"picture {number}" for number in range(IMAGES)]
LADDER = rung_names(3)


def _check_tools() -> None:
    for tool in (CROSS, EMULATOR):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed; it builds or runs arm64 here")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder in which glibc's loader stands for Android's."""
    _check_tools()
    folder = tmp_path_factory.mktemp("root")
    (folder / "proc").mkdir()
    # LiteRT reads the processor's features there and fails on another kind's
    (folder / "proc" / "cpuinfo").write_text(CPUINFO)
    loader = folder / "system" / "bin" / "linker64"
    loader.parent.mkdir(parents=True)
    shutil.copy(ROOT / "lib" / "ld-linux-aarch64.so.1", loader)
    shutil.copytree(ROOT / "lib", folder / "lib", ignore=shutil.ignore_patterns("*.a"))
    for name, target in (("libm.so", "libm.so.6"), ("libdl.so", "libdl.so.2")):
        (folder / "lib" / name).unlink(missing_ok=True)
        (folder / "lib" / name).symlink_to(target)
    (folder / "shim.c").write_text(SHIM)
    shim = (folder / "lib" / "libc.so", folder / "shim.c")
    shim[0].unlink(missing_ok=True)
    flags = ("-shared", "-fPIC", "-w", "-Wl,-soname,libc.so", "-o")
    subprocess.run([CROSS, *flags, *map(str, shim)], check=True)
    return folder


def _run(built: Built, script: Path, library: Path, root: Path) -> None:
    for name, path in built.files.items():
        shutil.copy(path, script.parent / name)
    command = [
        *EMULATED,
        str(root),
        *built.command,
        script.name,
        "r.jsonl",
        str(library),
    ]
    done = subprocess.run(
        command, cwd=script.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _scores() -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(2)
    return tuple(
        random.dirichlet(np.full(20, 0.1), IMAGES).astype(np.float32) for _ in LADDER
    )


def _selectors() -> list[Cascade | Deferral]:
    random = np.random.default_rng(5)
    rules = [Linear(0.1, tuple(map(float, random.normal(size=w)))) for w in (6, 20)]
    thresholds = [random.uniform(0.4, 0.8, 2) for _ in range(6)]
    return [
        Cascade(ladder=LADDER, thresholds=tuple(thresholds[0])),
        Cascade(
            ladder=LADDER,
            thresholds=tuple(thresholds[1]),
            confidence="margin",
            answer="mean",
        ),
        Cascade(ladder=LADDER, thresholds=tuple(thresholds[2]), confidence="entropy"),
        Cascade(
            ladder=LADDER,
            thresholds=tuple(thresholds[3]),
            confidence="calibrated",
            answer="last",
            temperatures=(0.7, 1.9),
        ),
        Deferral(LADDER, tuple(rules), tuple(thresholds[4]), "mean"),
    ]


@pytest.mark.parametrize("kind", ["bionic", "glibc"])
def test_the_same_scores_give_the_same_decisions(
    kind: str, root: Path, tmp_path: Path
) -> None:
    built = build(kind, compiled.folder())
    assert built.abi == "arm64-v8a"
    library = compiled.folder() / "fake-arm64.so"
    source = Path(__file__).with_name("fake_litert.c")
    flags = ("-shared", "-fPIC", "-o", str(library))
    subprocess.run([CROSS, *flags, str(source)], check=True)
    for place, selector in enumerate(_selectors()):
        folders = (tmp_path / f"{place}-here", tmp_path / f"{place}-there")
        scripts = [write_script(one, selector, _scores(), IDS) for one in folders]
        runner = compiled.host_runner().files["runner"]
        here = run_well(runner, scripts[0], compiled.fake_library())
        _run(built, scripts[1], library, root)
        there = read_results(folders[1] / "r.jsonl")
        decisions = [
            [(item.id, item.rungs, item.top) for item in one.items]
            for one in (here, there)
        ]
        assert decisions[0] == decisions[1], selector
        assert len({item.rungs for item in there.items}) > 1


def test_the_bionic_runner_is_one_that_android_loads() -> None:
    """Loader, libraries, page size; no symbol versions of glibc, no other names."""
    _check_tools()
    built = build("bionic", compiled.folder())
    path = built.files["runner"]
    listed = subprocess.run(
        ["aarch64-linux-gnu-readelf", "-lVd", str(path)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "/system/bin/linker64" in listed
    assert "GLIBC" not in listed
    needed = [
        line.split("[")[1][:-1] for line in listed.splitlines() if "NEEDED" in line
    ]
    assert sorted(needed) == ["libc.so", "libdl.so", "libm.so"]
    assert "0x4000" in listed  # 16 kB pages, which Android 15 asks for
    names = needed_names([str(part) for part in path.parent.glob("*.o")])
    assert not [
        name for name in names if name.startswith("__") and "libc_init" not in name
    ]


class _Emulated(HostMachine):
    """This machine with an arm64 processor."""

    root = Path()

    def execute(self, command: object, seconds: float) -> None:
        super().execute((*EMULATED, str(self.root), *command), seconds)  # type: ignore[misc]


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_litert_itself_on_arm64(root: Path, tmp_path: Path, dtype: str) -> None:
    given = os.environ.get("RESWISE_TEST_LITERT_ARM64")
    if not given or platform.machine() != "x86_64":
        pytest.skip("RESWISE_TEST_LITERT_ARM64 names no libLiteRt.so of arm64 Linux")
    opened = bundle(tmp_path / "bundle", dtype=dtype)
    inputs = pack(open_dataset("glyphs").limited(40), opened.manifest, tmp_path)
    settings = Settings(least_count=0, least_seconds=0)
    built = build("glibc", compiled.folder())
    job = Job(
        bundle=opened,
        inputs=inputs,
        built=built,
        library=Path(given),
        settings=settings,
        folder=tmp_path,
    )
    machine = _Emulated(tmp_path / "work")
    machine.root = root
    measured = measure(job, machine)
    assert device_agreement(opened, measured, inputs.ids).whole
    host = host_scores(opened, inputs)
    assert not between_scores(opened, measured.scores, host, inputs.ids)
