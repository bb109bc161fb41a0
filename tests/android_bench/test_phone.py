"""A phone behind the real adb: what is pushed, run and fetched, and every fault."""

import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from android_bench.adb import (
    _QUICK_SECONDS,
    Adb,
    Done,
    LostError,
    chosen_serials,
    find_adb,
    quoted,
)
from android_bench.build import API_LEVEL
from android_bench.doctor import Question, _device, _devices
from android_bench.phone import _MUTE_SECONDS, Phone
from android_bench.results import Results, read_results
from datasets.errors import InputError
from selection.selectors.fixed import Fixed
from tests.android_bench import compiled
from tests.android_bench.conftest import MakePhone
from tests.android_bench.phone_double import PhoneDouble
from tests.android_bench.scored_scripts import SETTINGS, rung_names, write_script

FOLDER = "/data/local/tmp/reswise"
NASTY = "/data/local/tmp/a b'c\"d$(touch pwned)`id`;x\n*é日"
IMAGES = 25
COMMAND = ("./runner", "test.script", "r.jsonl", "./libLiteRt.so")


def _phone(
    adb: Adb, double: PhoneDouble, folder: str = FOLDER, back_seconds: float = 15
) -> Phone:
    return Phone(adb, double.serial, folder, sleep=_short, back_seconds=back_seconds)


def _short(seconds: float) -> None:
    time.sleep(min(seconds, 0.05))


def _ready(adb: Adb, double: PhoneDouble, folder: str = FOLDER) -> Phone:
    phone = _phone(adb, double, folder)
    phone.prepare("x86_64", API_LEVEL)
    return phone


def _file(tmp_path: Path, size: int = 100_000, name: str = "file") -> Path:
    path = tmp_path / name
    path.write_bytes(np.random.default_rng(size).bytes(size))
    return path


def _job(tmp_path: Path, rounds: int = 1) -> dict[str, Path]:
    """Plan, runner, slow library: a run of a millisecond an image."""
    scores = np.random.default_rng(0).dirichlet(np.ones(5), IMAGES).astype(np.float32)
    ids = [f"picture {number}" for number in range(IMAGES)]
    settings = replace(SETTINGS, rounds=rounds)
    (rung,) = rung_names(1)
    folder = tmp_path / "job"
    script = write_script(
        folder, Fixed(rung), (scores,), ids, settings, keep_scores=True
    )
    files = {path.name: path for path in script.parent.iterdir()}
    runner = compiled.host_runner().files["runner"]
    library = compiled.fake_library("-DSLOW")
    return files | {"runner": runner, "libLiteRt.so": library}


def _results(phone: Phone, tmp_path: Path) -> Results:
    phone.get("r.jsonl", tmp_path / "r.jsonl")
    return read_results(tmp_path / "r.jsonl")


def _whole(results: Results, rounds: int) -> None:
    """Every image once a round, none lost, none twice."""
    assert results.done
    ids = [item.id for item in results.items]
    assert ids == [f"picture {n}" for n in range(IMAGES)] * rounds


# ---- pushing, quoting, deleting


@pytest.mark.parametrize("folder", [FOLDER, NASTY])
def test_files_come_whole_and_only_once(
    adb: Adb, make_phone: MakePhone, tmp_path: Path, folder: str
) -> None:
    double = make_phone()
    phone = _ready(adb, double, folder)
    files = {
        "abc": _file(tmp_path, 300_000, "plain"),
        "def": _file(tmp_path, 10, 'it\'s "a" $(touch pwned)\nfile é'),
    }
    phone.put(files)
    for name, path in files.items():
        assert (double.path(folder) / name).read_bytes() == path.read_bytes()
        phone.get(name, tmp_path / "back" / name)
        assert (tmp_path / "back" / name).read_bytes() == path.read_bytes()
    pushes = double.faults.log.count("sync:")
    _ready(adb, double, folder).put(files)
    assert double.faults.log.count("sync:") == pushes
    assert not list(double.root.rglob("pwned"))
    assert not list(double.root.rglob("*.part"))


def test_what_changed_is_pushed_again(
    adb: Adb, make_phone: MakePhone, tmp_path: Path
) -> None:
    double = make_phone()
    phone, path = _ready(adb, double), _file(tmp_path)
    phone.put({"abc": path})
    path.write_bytes(b"other")
    phone.put({"abc": path})
    assert (double.path(FOLDER) / "abc").read_bytes() == b"other"


def test_clean_deletes_ours_and_nothing_else(
    adb: Adb, make_phone: MakePhone, tmp_path: Path
) -> None:
    double = make_phone()
    phone = _ready(adb, double)
    phone.put({"runner": _file(tmp_path), "0123456789abcdef.script": _file(tmp_path)})
    (double.path(FOLDER) / "0123456789abcdef.tflite.part").write_text("half")
    theirs = double.path(FOLDER) / "holiday.jpg"
    theirs.write_text("theirs")
    phone.clean()
    assert [path.name for path in double.path(FOLDER).iterdir()] == ["holiday.jpg"]
    theirs.unlink()
    phone.clean()
    assert not double.path(FOLDER).exists()


def test_a_run_through_an_old_shell_that_tells_no_exit_codes(
    adb: Adb, make_phone: MakePhone, tmp_path: Path
) -> None:
    double = make_phone(attached=False)
    double.faults.features = "cmd"
    adb.connect(double.serial)
    phone = _ready(adb, double)
    phone.put(_job(tmp_path))
    phone.execute(COMMAND, 60)
    _whole(_results(phone, tmp_path), 1)
    with pytest.raises(InputError, match=r"no\.script: cannot be opened"):
        phone.execute((COMMAND[0], "no.script", *COMMAND[2:]), 60)


def test_facts(adb: Adb, make_phone: MakePhone) -> None:
    double = make_phone()
    core = double.root / "sys/devices/system/cpu/cpu0/cpufreq"
    core.mkdir(parents=True)
    (core / "cpuinfo_max_freq").write_text("2800000\n")
    (core / "scaling_max_freq").write_text("1400000\n")
    (core / "scaling_governor").write_text("schedutil\n")
    double.thermal_status(2)
    facts = _phone(adb, double).facts()
    assert facts["model"] == "Phone_Double"
    assert facts["abis"] == ["x86_64"]
    assert (facts["android"], facts["api"]) == ("14", 34)
    assert facts["max_mhz"] == {0: (1400, 2800)}
    assert facts["governors"] == ["schedutil"]
    assert facts["thermal_status"] == 2
    assert (facts["battery_percent"], facts["battery_celsius"]) == (80, 25.1)
    assert facts["charging"] is False
    assert facts["screen_on"] is False
    assert facts["boot_id"] == "boot-1"
    assert facts["online_cores"] is None  # the double has no such file


# ---- faults, each with the line that the user sees


def test_no_adb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(InputError, match="adb=/no/adb: expected a program"):
        find_adb("/no/adb")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(
        InputError, match=r"adb=none: it is not installed; .*`pip install adbutils`"
    ):
        find_adb(None)


def test_no_device(adb: Adb) -> None:
    with pytest.raises(InputError, match=r"adb: sees no device; .* Connect one"):
        chosen_serials(adb, None)
    with pytest.raises(InputError, match=r"adb: sees no device; .* Connect one"):
        chosen_serials(adb, "all")
    with pytest.raises(InputError, match=r"serial=R58: no such device; .*sees: none"):
        chosen_serials(adb, "R58")


def test_several_devices(adb: Adb, make_phone: MakePhone) -> None:
    one, two = make_phone(), make_phone()
    with pytest.raises(
        InputError, match=r"2 devices are there .*Name it with `serial`"
    ):
        chosen_serials(adb, None)
    assert chosen_serials(adb, two.serial) == [two.serial]
    assert set(chosen_serials(adb, "all")) == {one.serial, two.serial}


def test_a_tcp_device_is_connected_when_named(adb: Adb, make_phone: MakePhone) -> None:
    double = make_phone(attached=False)
    assert chosen_serials(adb, double.serial) == [double.serial]


def test_unauthorized(adb: Adb, make_phone: MakePhone) -> None:
    double = make_phone(attached=False)
    double.faults.unauthorized = True
    adb.connect(double.serial)
    for wanted in (None, double.serial):
        with pytest.raises(InputError, match="does not trust this computer: unlock it"):
            chosen_serials(adb, wanted)
    with pytest.raises(InputError, match="does not trust this computer: unlock it"):
        _phone(adb, double).facts()


def _listing(state: str, details: str = " usb:1-1") -> Adb:
    """An adb that lists one device: this state cannot be had of a device over TCP."""
    said = f"List of devices attached\nR58N\t{state}{details}\n\n".encode()
    return Adb("adb", lambda *_: subprocess.CompletedProcess([], 0, said, b""))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("offline", "device R58N is offline; expected device. Plug it in"),
        ("recovery", "device R58N is recovery; expected device. .*adb -s R58N reboot"),
        ("sideload", "R58N is sideload; expected device. .*adb -s R58N reboot"),
        ("detached", "R58N is detached; expected device. .* attach.* udev rules"),
        ("unknown", "R58N is unknown; expected device. .* udev rules"),
        ("bootloader", "R58N is bootloader; .*fastboot reboot"),
        ("no device", "R58N is no device; expected device. Adb lists it and cannot"),
        ("dreaming", "R58N is dreaming; expected device. Plug it in again, or restart"),
        ("no permissions (missing udev rules?)", "R58N: this user may not open it"),
        (
            "no permissions (user u is not in the plugdev group); see "
            "[http://developer.android.com/tools/device.html]",
            "R58N: this user may not open it; install the udev rules",
        ),
    ],
)
@pytest.mark.parametrize("details", [" usb:1-1", " usb:1-1 transport_id:3", ""])
def test_offline_and_other_states(
    state: str, said: str, details: str, tmp_path: Path
) -> None:
    """The same line from a bench, with or without a serial, and from the doctor."""
    listing = _listing(state, details)
    lines = set()
    for wanted in (None, "all", "R58N"):
        with pytest.raises(InputError, match=said.replace("[", r"\[")) as caught:
            chosen_serials(listing, wanted)
        lines.add(str(caught.value))
    (device,) = listing.devices()
    question = Question(
        adb=None,
        serial=None,
        build="host",
        ndk=None,
        runtime_lib=None,
        device_dir="/data",
        folder=tmp_path,
    )
    (finding,) = _device(question, listing, device)
    assert (finding.good, {finding.said}) == (False, lines)


def test_a_name_of_mdns_may_have_a_space() -> None:
    said = (
        b"List of devices attached\n"
        b"adb-0A1-xyz (2)._adb-tls-connect._tcp device product:p model:M device:d "
        b"transport_id:4\n* daemon started successfully *\n"
    )
    found = Adb("adb", lambda *_: subprocess.CompletedProcess([], 0, said, b""))
    (device,) = found.devices()
    assert device.serial == "adb-0A1-xyz (2)._adb-tls-connect._tcp"
    assert (device.state, device.model) == ("device", "M")


def test_one_phone_over_two_connections(adb: Adb, make_phone: MakePhone) -> None:
    """As over a cable and over Wi-Fi: one ro.serialno, one boot."""
    double = make_phone(**{"ro.serialno": "0A123"})
    again = double.serial.replace("127.0.0.1", "localhost")
    adb.connect(again)
    told: list[str] = []
    try:
        assert len(adb.devices()) == 2
        for wanted in ("all", None):
            assert len(chosen_serials(adb, wanted, told.append)) == 1
        assert all("the same phone as" in line for line in told)
        assert chosen_serials(adb, again) == [again]
    finally:
        subprocess.run(
            [adb.program, "disconnect", again], capture_output=True, check=False
        )


def test_two_phones_of_one_serial_number_stay_two(
    adb: Adb, make_phone: MakePhone
) -> None:
    """Some makers number every phone 0123456789ABCDEF; the boots tell them apart."""
    doubles = [make_phone(**{"ro.serialno": "0123456789ABCDEF"}) for _ in range(2)]
    boot = "proc/sys/kernel/random/boot_id"
    (doubles[0].root / boot).write_text("another boot\n")
    assert set(chosen_serials(adb, "all")) == {one.serial for one in doubles}


def _odd(answer: Callable[[bytes], tuple[bytes, int]]) -> Adb:
    """An adb whose device is listed, and whose shell is this machine's, altered."""

    def run(command: Sequence[str], seconds: float) -> Done:
        del seconds
        if command[1] == "devices":
            listed = b"List of devices attached\n0A123 device model:M transport_id:1\n"
            return Done(command, 0, listed, b"")
        done = subprocess.run(
            ["sh", "-c", command[-1]], capture_output=True, check=False
        )
        stdout, code = answer(done.stdout)
        return Done(command, code, stdout, b"error: closed" if code else b"")

    return Adb("adb", run)


def test_a_warning_before_every_answer_is_no_part_of_it() -> None:
    """As linkers and shells of some builds print."""
    odd = _odd(lambda said: (b"WARNING: linker: something\n" + said, 0))
    assert odd.shell("0A123", "echo 7; exit 3") == ("7\n", 3)
    late = _odd(lambda said: (said + b"WARNING: on leaving\n", 0))
    assert late.shell("0A123", "echo 7") == ("7\n", 0)


def test_a_shell_that_is_closed_is_told_soon_and_in_adb_s_words() -> None:
    """Listed as a device all the while; never a matter of the cable."""
    odd = _odd(lambda _: (b"", 1))
    phone = Phone(odd, "0A123", "/data/local/tmp/x", mute_seconds=0.3)
    began = time.monotonic()
    with pytest.raises(
        InputError, match=r"listed as 'device'.*error: closed"
    ) as caught:
        phone.facts()
    assert "cable" not in str(caught.value)
    assert time.monotonic() - began < 5
    assert _MUTE_SECONDS + 2 * _QUICK_SECONDS <= 20  # by cable and by Wi-Fi


def test_a_shell_that_never_answers_is_told_soon() -> None:
    """Listed as a device, and each of its commands hangs."""
    asked: list[float] = []

    def run(command: Sequence[str], seconds: float) -> Done:
        if command[1] == "devices":
            listed = b"List of devices attached\n0A123 device transport_id:1\n"
            return Done(command, 0, listed, b"")
        asked.append(seconds)
        time.sleep(seconds)
        raise subprocess.TimeoutExpired(command, seconds)

    phone = Phone(Adb("adb", run), "0A123", "/data/local/tmp/x", mute_seconds=0.2)
    with pytest.raises(InputError, match=r"listed as 'device'.*no answer within"):
        phone.facts()
    assert asked == [0.2]
    assert chosen_serials(Adb("adb", run), None) == ["0A123"]
    assert asked == [0.2]  # one connection alone needs no serial number


def test_an_adb_that_fails_to_list_is_not_an_empty_list(tmp_path: Path) -> None:
    said = b"error: cannot connect to daemon"
    failing = Adb("adb", lambda command, _: Done(command, 1, b"", said))
    with pytest.raises(InputError, match="adb devices failed"):
        chosen_serials(failing, None)
    question = Question(
        adb=None,
        serial=None,
        build="host",
        ndk=None,
        runtime_lib=None,
        device_dir="/data",
        folder=tmp_path,
    )
    (finding,) = _devices(question, failing)
    assert not finding.good
    assert "cannot connect to daemon" in finding.said


def test_wrong_abi(adb: Adb, make_phone: MakePhone) -> None:
    old = {"ro.product.cpu.abilist64": "", "ro.product.cpu.abi": "armeabi-v7a"}
    phone = _phone(adb, make_phone(**old))
    with pytest.raises(
        InputError, match="runs armeabi-v7a; the runner is for arm64-v8a"
    ):
        phone.prepare("arm64-v8a", API_LEVEL)


def test_too_old(adb: Adb, make_phone: MakePhone) -> None:
    phone = _phone(adb, make_phone(**{"ro.build.version.sdk": "23"}))
    with pytest.raises(InputError, match="has Android API 23; expected 26 or later"):
        phone.prepare("x86_64", API_LEVEL)


def test_no_space_is_seen_before_pushing(
    adb: Adb, make_phone: MakePhone, tmp_path: Path
) -> None:
    double = make_phone()
    phone = _ready(adb, double)
    double.free_kb(50)
    with pytest.raises(InputError, match=r"not enough space in .* are to be pushed"):
        phone.put({"abc": _file(tmp_path)})
    assert "sync:" not in double.faults.log


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("No space left on device", "not enough space in /data/local/tmp/reswise"),
        ("Read-only file system", "/data/local/tmp/reswise is read-only; expected"),
        ("Permission denied", r"cannot be written .*Permission denied"),
    ],
)
def test_pushes_that_the_device_refuses(
    adb: Adb, make_phone: MakePhone, tmp_path: Path, error: str, said: str
) -> None:
    double = make_phone()
    phone = _ready(adb, double)
    double.faults.push_error = error
    with pytest.raises(InputError, match=said):
        phone.put({"abc": _file(tmp_path)})


def test_a_folder_that_cannot_be_made(adb: Adb, make_phone: MakePhone) -> None:
    double = make_phone()
    double.tool("mkdir", 'echo "mkdir: $3: Read-only file system"; exit 1')
    with pytest.raises(InputError, match="/system/reswise is read-only"):
        _ready(adb, double, "/system/reswise")


@pytest.mark.parametrize("fault", ["truncate", "corrupt"])
def test_a_spoiled_push_is_repeated(
    adb: Adb, make_phone: MakePhone, tmp_path: Path, fault: str
) -> None:
    double, path = make_phone(), _file(tmp_path)
    phone = _ready(adb, double)
    setattr(double.faults, fault, 2)
    phone.put({"abc": path})
    assert (double.path(FOLDER) / "abc").read_bytes() == path.read_bytes()
    setattr(double.faults, fault, 99)
    with pytest.raises(InputError, match=r"file came out wrong 3 times .*Try another"):
        phone.put({"def": path})
    assert not (double.path(FOLDER) / "def").exists()


def test_no_sha256sum(adb: Adb, make_phone: MakePhone, tmp_path: Path) -> None:
    double = make_phone()
    phone = _ready(adb, double)
    double.tool("sha256sum", 'echo "sh: sha256sum: not found"; exit 127')
    with pytest.raises(InputError, match="has no sha256sum"):
        phone.put({"abc": _file(tmp_path)})


def test_executing_is_denied(adb: Adb, make_phone: MakePhone, tmp_path: Path) -> None:
    double = make_phone()
    double.tool("chmod", "exit 0")  # as on /sdcard, where modes mean nothing
    phone = _ready(adb, double, "/sdcard/reswise")
    phone.put(_job(tmp_path))
    with pytest.raises(InputError, match="may not be executed in /sdcard/reswise"):
        phone.execute(COMMAND, 60)


def test_a_runner_of_another_system(
    adb: Adb, make_phone: MakePhone, tmp_path: Path
) -> None:
    phone = _ready(adb, make_phone())
    script = tmp_path / "runner"
    script.write_text("#!/system/bin/linker64\n")
    phone.put({"runner": script})
    with pytest.raises(InputError, match=r"cannot be started .* another `build`"):
        phone.execute(COMMAND, 60)


def test_a_library_that_does_not_load(
    adb: Adb, make_phone: MakePhone, tmp_path: Path
) -> None:
    phone = _ready(adb, make_phone())
    phone.put(_job(tmp_path) | {"libLiteRt.so": _file(tmp_path)})
    with pytest.raises(InputError, match=r"device .*: runner: .*libLiteRt\.so"):
        phone.execute(COMMAND, 60)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("kill -9 $$", "killed: most likely out of memory"),
        ("kill -ILL $$", "an instruction that this processor does not have"),
        ("exit 77", "exit code 77"),
    ],
)
def test_a_runner_that_dies(
    adb: Adb, make_phone: MakePhone, tmp_path: Path, end: str, said: str
) -> None:
    phone = _ready(adb, make_phone())
    script = tmp_path / "runner"
    script.write_text(f"#!/bin/sh\n{end}\n")
    phone.put({"runner": script})
    with pytest.raises(InputError, match=said):
        phone.execute(COMMAND, 60)


def test_a_run_that_takes_too_long(
    adb: Adb, make_phone: MakePhone, tmp_path: Path
) -> None:
    double = make_phone()
    phone = _ready(adb, double)
    phone.put(_job(tmp_path, rounds=100_000))
    with pytest.raises(
        InputError, match="took more than 1 s; what it measured is kept"
    ):
        phone.execute(COMMAND, 1)
    double.drop()  # ends it there


def test_an_adb_that_does_not_answer(adb: Adb, make_phone: MakePhone) -> None:
    double = make_phone()
    double.faults.silent_at_command = "getprop"
    with pytest.raises(LostError, match="no answer within 1 s"):
        adb.shell(double.serial, "getprop", 1)


# ---- lost connections: what can go on, goes on


def test_a_drop_in_mid_push(adb: Adb, make_phone: MakePhone, tmp_path: Path) -> None:
    double, path = make_phone(), _file(tmp_path, 2_000_000)
    phone = _ready(adb, double)
    double.faults.drop_after_bytes = 900_000
    phone.put({"abc": path})
    assert (double.path(FOLDER) / "abc").read_bytes() == path.read_bytes()
    assert not double.faults.drop_after_bytes


@pytest.mark.parametrize("command", ["wc -c", "sha256sum", "mv -f", "df -k"])
def test_a_command_done_whose_answer_is_lost(
    adb: Adb, make_phone: MakePhone, tmp_path: Path, command: str
) -> None:
    double, path = make_phone(), _file(tmp_path)
    phone = _ready(adb, double)
    double.faults.lose_answer_to = command
    phone.put({"abc": path})
    assert not double.faults.lose_answer_to
    there = [each.name for each in (double.path(FOLDER)).iterdir()]
    assert there == ["abc"]
    assert (double.path(FOLDER) / "abc").read_bytes() == path.read_bytes()


def _lost_in_mid_run(
    adb: Adb, double: PhoneDouble, tmp_path: Path, faults: Mapping[str, object]
) -> tuple[Phone, Results]:
    phone = _ready(adb, double)
    phone.put(_job(tmp_path, rounds=20))
    for name, value in faults.items():
        setattr(double.faults, name, value)
    double.faults.drop_delay = 0.2
    double.faults.drop_at_command = r"exec \./runner"
    phone.execute(COMMAND, 60)
    assert not double.faults.drop_at_command
    return phone, _results(phone, tmp_path)


@pytest.mark.parametrize("away", [0.0, 1.5])
def test_a_device_gone_in_mid_run(
    adb: Adb, make_phone: MakePhone, tmp_path: Path, away: float
) -> None:
    _, results = _lost_in_mid_run(adb, make_phone(), tmp_path, {"away_seconds": away})
    _whole(results, 20)
    assert len(results.starts) == 2


def test_a_reboot_in_mid_run(adb: Adb, make_phone: MakePhone, tmp_path: Path) -> None:
    faults = {"reboot_at_drop": True, "away_seconds": 1.0}
    phone, results = _lost_in_mid_run(adb, make_phone(), tmp_path, faults)
    _whole(results, 20)
    assert phone.facts()["boot_id"] == "boot-2"


def test_a_runner_that_outlives_its_connection(
    adb: Adb, make_phone: MakePhone, tmp_path: Path
) -> None:
    """The second one waits for the first: no line is written twice."""
    _, results = _lost_in_mid_run(adb, make_phone(), tmp_path, {"keep_running": True})
    _whole(results, 20)
    assert len(results.starts) == 2
    assert results.starts[1]["item"] == 20 * IMAGES


def test_an_adb_server_killed_in_mid_run(
    adb: Adb, make_phone: MakePhone, tmp_path: Path
) -> None:
    phone = _ready(adb, make_phone())
    phone.put(_job(tmp_path, rounds=20))
    kill = threading.Timer(
        0.2, lambda: subprocess.run([adb.program, "kill-server"], check=False)
    )
    kill.start()
    phone.execute(COMMAND, 60)
    kill.join()
    _whole(_results(phone, tmp_path), 20)


def test_a_device_that_does_not_come_back(
    adb: Adb, make_phone: MakePhone, tmp_path: Path
) -> None:
    double = make_phone()
    phone = _phone(adb, double, back_seconds=1)
    phone.prepare("x86_64", API_LEVEL)
    phone.put(_job(tmp_path, rounds=20))
    double.faults.away_seconds = 60
    double.faults.drop_delay = 0.1
    double.faults.drop_at_command = r"exec \./runner"
    with pytest.raises(
        InputError, match=r"did not come back within 1 s. What it measured"
    ):
        phone.execute(COMMAND, 60)


def test_a_pull_that_comes_out_wrong(
    adb: Adb, make_phone: MakePhone, tmp_path: Path
) -> None:
    double, path = make_phone(), _file(tmp_path)
    phone = _ready(adb, double)
    phone.put({"abc": path})
    double.tool("sha256sum", f"echo '{'0' * 64}  abc'")
    with pytest.raises(InputError, match="abc could not be fetched whole"):
        phone.get("abc", tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_every_call_names_the_device_and_has_a_limit() -> None:
    seen: list[tuple[list[str], float]] = []

    def start(command: object, seconds: float) -> Done:
        seen.append((list(command), seconds))  # type: ignore[call-overload]
        return subprocess.CompletedProcess([], 0, b"\nreswise-exit:0\n", b"")

    adb = Adb("adb", start)
    adb.shell("a b", f"ls {quoted(['x y'])}")
    adb.run("a b", ["push", "x", "y"], 5)
    assert all(command[:3] == ["adb", "-s", "a b"] for command, _ in seen)
    assert all(0 < seconds < 3600 for _, seconds in seen)
    assert "ls 'x y'" in seen[0][0][-1]
