"""What adb and phones say, what an app wrote, and the runner under sanitizers."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from random import Random

from android_bench.adb import Adb
from android_bench.app_results import read_app_results
from android_bench.device_states import listed, read_devices
from android_bench.phone_facts import FACTS_SCRIPT, folder_name, free_bytes, read_facts
from android_bench.results import read_results
from convert.bundle import open_bundle
from convert.manifest import MANIFEST_FILE
from datasets.errors import InputError
from datasets.files import file_sha256
from tests.convert import tiny_bundle
from tests.fuzz.mutations import mutated
from tests.fuzz.target import Target

_DEVICES = (
    b"List of devices attached\n"
    b"emulator-5554          device product:sdk model:Pixel_8 transport_id:1\n"
    b"192.168.1.7:5555       offline\n"
    b"0a388e93               unauthorized usb:1-1\n"
    b"????????????           no permissions (user in plugdev?); see [http://x]\n"
)
_FACTS = (
    b"== model\nPixel 8\n== soc\nTensor G3\n== platform\nzuma\n== abi\narm64-v8a\n"
    b"== abi_first\narm64-v8a\n== android\n15\n== api\n35\n== boot_id\n1234-abcd\n"
    b"== online\n0-8\n== frequencies\n/sys/devices/system/cpu/cpu0/cpufreq 1704000 "
    b"1704000 sched_pixel\n== thermal\nThermal Status: 1\n== battery\n  level: 97\n"
    b"  temperature: 281\n  USB powered: true\n== power\nmWakefulness=Awake\n"
)
_DF = b"Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/x 9 1 8 12% /data\n"


def _said(content: bytes, _: Path) -> None:
    """As every answer of adb: devices, facts, free room, a program's end."""
    text = content.decode(errors="replace")
    devices = read_devices(text)
    listed(devices)
    for device in devices:
        assert "/" not in folder_name(device.serial)
        assert folder_name(device.serial) not in ("", ".", "..")
    json.dumps(read_facts(text), allow_nan=False)
    free_bytes(text)
    done = subprocess.CompletedProcess(["adb"], 0, content, b"")
    adb = Adb("adb", lambda _, __: done)
    adb.devices()
    adb.version()
    adb.shell("serial", FACTS_SCRIPT)


@cache
def _app_lines() -> bytes:
    """A bench in an app of the tiny bundle: four images."""
    import tempfile

    folder = tiny_bundle.write(Path(tempfile.mkdtemp(prefix="reswise-fuzz-")) / "b")
    settings = {"least_count": 0, "least_seconds": 0, "probe_every": 2, "threads": 1}
    app = {
        "bundle_sha256": file_sha256(folder / MANIFEST_FILE), "images": 4,
        "engine": "CompiledModel", "device": {"model": "Pixel", "android": "15"},
        "settings": settings,
    }  # fmt: skip
    start = {"event": "start", "app": app, "files": [{"load_ns": 5}],
             "first_ns": [1, 2], "threads": 1}  # fmt: skip
    images = [
        {"event": "image", "item": item, "id": f"{item}.png", "rungs": [0],
         "rung_ns": [9], "selector_ns": 1, "total_ns": 10, "decode_ns": 3,
         "prepare_ns": 4, "top": [[1, 0.5], [0, 0.25]]}
        for item in range(4)
    ]  # fmt: skip
    lines = [start, {"event": "probe", "item": 0, "ns": 7}, *images,
             {"event": "done", "items": 4, "peak_kb": 99}]  # fmt: skip
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _lines(content: bytes, folder: Path) -> None:
    path = folder / "device.jsonl"
    path.write_bytes(content)
    bundle = tiny_bundle.write(folder / "b")
    refused = []
    for read in (
        lambda: read_app_results(path, open_bundle(bundle)),
        lambda: read_results(path).latency_us.sum(),
    ):
        try:
            read()
        except ValueError as error:
            refused.append(error)
    if refused:
        raise refused[0]


def _changed_lines(random: Random, _: object) -> bytes:
    return mutated(random, (_app_lines(),))


_SEPARATOR = b"\n\0\n"


@cache
def _script() -> Path:
    """A folder with what the runner reads: its script, model, ids and tensors."""
    import tempfile

    from tests.android_bench.test_runner import _script as made

    return made(Path(tempfile.mkdtemp(prefix="reswise-fuzz-")), probe_every=4).parent


def _changed_script(random: Random, _: object) -> bytes:
    names = sorted(path.name for path in _script().iterdir())
    name = random.choice([*names, "test.script", "test.script"])
    content = mutated(random, ((_script() / name).read_bytes(),))
    return name.encode() + _SEPARATOR + content


def _runner(content: bytes, folder: Path) -> None:
    """Ends by itself, with one line where it refuses; sanitizers see nothing."""
    from tests.android_bench import compiled

    job = folder / "job"
    shutil.copytree(_script(), job)
    name, _, held = content.partition(_SEPARATOR)
    if (job / name.decode("utf-8", "replace").replace("/", "_").strip("\0")).is_file():
        (job / name.decode()).write_bytes(held)
    done = subprocess.run(
        [compiled.checked_runner(), "test.script", "r.jsonl", compiled.fake_library()],
        cwd=job, capture_output=True, check=False, timeout=8,
    )  # fmt: skip
    said = done.stderr.decode(errors="replace")
    assert "Sanitizer" not in said, said[-1500:]
    assert "runtime error" not in said, said[-1500:]
    assert 0 <= done.returncode <= 8, (done.returncode, said[-500:])
    assert not done.returncode or said.count("\n") == 1, said[-500:]
    if done.returncode:
        raise InputError.of("runner", said.strip())


def _compiled() -> None:
    from tests.android_bench import compiled

    _script()
    compiled.checked_runner()
    compiled.fake_library()


ADB = Target(name="adb", starts=(_DEVICES, _FACTS, _DF), read=_said, cases=12_000)
APP = Target(
    name="device_jsonl", starts=(), read=_lines, cases=9_000, make=_changed_lines,
    prepare=_app_lines,
)  # fmt: skip
RUNNER = Target(
    name="runner", starts=(), read=_runner, cases=2_000, programs=True,
    make=_changed_script, prepare=_compiled,
)  # fmt: skip
