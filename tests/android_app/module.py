"""The Java module compiled against stubs by a plain JDK, and what runs its classes."""

import atexit
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP = ROOT / "android_app"
LIBRARY = APP / "reswise" / "src" / "main" / "java"
SAMPLE = APP / "sample" / "src" / "main" / "java"
HERE = Path(__file__).parent
STUBS, JAVA = HERE / "stubs", HERE / "java"


@functools.cache
def classes() -> Path:
    """The folder of all that is compiled: library, sample, stubs, tests; made once."""
    javac = shutil.which("javac")
    if javac is None or shutil.which("java") is None:
        pytest.skip("no JDK: javac and java are not installed")
    out = Path(tempfile.mkdtemp(prefix="reswise-java-"))
    atexit.register(shutil.rmtree, out, ignore_errors=True)
    folders = (LIBRARY, SAMPLE, STUBS, JAVA)
    sources = sorted(str(path) for one in folders for path in one.rglob("*.java"))
    command = [javac, "--release", "11", "-Xlint:all", "-Werror"]
    command += ["-encoding", "UTF-8", "-d", str(out), *sources]
    subprocess.run(command, check=True, timeout=300)
    return out


def java(*words: str | Path, options: tuple[str, ...] = ()) -> str:
    """What `Harness` prints for these words."""
    command = ["java", "-Dstdout.encoding=UTF-8", *options, "-cp", str(classes())]
    done = subprocess.run(
        [*command, "reswise.classifier.Harness", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
