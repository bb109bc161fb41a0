"""What a bench would use and what is missing, line by line; nothing is measured."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from android_bench.adb import Adb, find_adb, one_phone, quoted
from android_bench.build import API_LEVEL, ARM64, build, choose, compiler, device_abi
from android_bench.device_states import Device, listed, not_ready, nothing_ready
from android_bench.elf import abi_of, abi_of_machine
from android_bench.machine import Facts
from android_bench.ndk import find_ndk
from android_bench.phone import Phone
from android_bench.runtime import host_library, library_for, where
from datasets.errors import InputError, flags_in

RAN_ON = {
    "host": "runs here in the tests",
    "ndk": "never run: no NDK was at hand",
    "bionic": "run under emulation over a shim for Android's C library; no real phone",
    "glibc": "run under emulation; no real phone",
}


_EMULATOR = "built for x86_64, never run: no emulator was at hand"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's."""

    what: str
    good: bool
    said: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the doctor is to look at; fields as the flags of the same names."""

    adb: str | None
    serial: str | None
    build: str
    ndk: Path | None
    runtime_lib: Path | None
    device_dir: str
    folder: Path  # where builds are kept
    host: bool = False


def examine(
    question: Question, environment: Mapping[str, str] = os.environ
) -> list[Finding]:
    """Everything in the order in which a bench needs it."""
    if question.host:
        return [
            _found("C compiler", compiler),
            _found("runner", lambda: _built("host", question, None)),
            _found("LiteRT", lambda: str(question.runtime_lib or host_library())),
        ]
    kind = _found("way to build", lambda: _kind(question, environment))
    findings = [kind]
    word = kind.said.split(":")[0] if kind.good else "ndk"
    if kind.good:
        ndk = find_ndk(question.ndk, environment) if word == "ndk" else None
        findings.append(_found("runner", lambda: _built(word, question, ndk)))
    findings.append(_found("LiteRT", lambda: _library(word, question)))
    program = _found("adb", lambda: _adb(question.adb))
    findings.append(program)
    if program.good:
        return [*findings, *_devices(question, Adb(find_adb(question.adb)))]
    return [*findings, Finding("device", False, "adb finds devices; install adb first")]


def _found(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except InputError as error:
        return Finding(what, False, error.as_flags())


def _kind(question: Question, environment: Mapping[str, str]) -> str:
    ndk = find_ndk(question.ndk, environment)
    abi = device_abi(question.runtime_lib)
    kind = choose(question.build, ndk, abi)
    return f"{kind}: {RAN_ON[kind] if abi == ARM64 else _EMULATOR}"


def _built(kind: str, question: Question, ndk: Path | None) -> str:
    made = build(kind, question.folder, ndk, device_abi(question.runtime_lib))
    return f"{made.abi}, {made.files['runner']}"


def _library(kind: str, question: Question) -> str:
    this = abi_of_machine(os.uname().machine)
    abi = this if kind == "host" else device_abi(question.runtime_lib)
    return str(library_for(kind, abi, question.runtime_lib))


def _adb(given: str | None) -> str:
    program = find_adb(given)
    return f"{program}, {Adb(program).version()}"


def _devices(question: Question, adb: Adb) -> list[Finding]:
    try:
        devices = adb.devices()
    except InputError as error:
        return [Finding("device", False, error.as_flags())]
    wanted = [
        device for device in devices if question.serial in (None, "all", device.serial)
    ]
    if not wanted:
        missing = nothing_ready(devices)
        if devices:
            missing = InputError(
                "serial",
                question.serial,
                f"one that adb sees: {listed(devices)}",
                "Name one of these, or connect it: by cable, by `adb connect "
                "HOST:PORT`, or `emulator -avd NAME`.",
                "no such device",
            )
        return [Finding("device", False, missing.as_flags())]
    same = one_phone(adb, [one.serial for one in wanted if one.state == "device"])
    findings = []
    for device in wanted:
        if device.serial in same:
            line = f"the same phone as {same[device.serial]} (ro.serialno)"
            findings.append(Finding(f"device {device.serial}", True, line))
        else:
            findings += _device(question, adb, device)
    return findings


def _device(question: Question, adb: Adb, device: Device) -> list[Finding]:
    what = f"device {device.serial}"
    if device.state != "device":
        return [Finding(what, False, not_ready(device).as_flags())]
    phone = Phone(adb, device.serial, question.device_dir)
    try:
        facts = phone.facts()
    except InputError as error:
        return [Finding(what, False, error.as_flags())]
    abi = _abi(question, facts)
    new = facts["api"] is None or facts["api"] >= API_LEVEL
    return [
        Finding(what, True, _shown(facts)),
        Finding(f"{what}: ABI", *abi),
        Finding(f"{what}: API level", new, f"{facts['api']}; {API_LEVEL} or later"),
        *_folder(question, adb, device.serial, what),
    ]


def _abi(question: Question, facts: Facts) -> tuple[bool, str]:
    """Whether the library given fits the device; its ELF header says what it is for."""
    runs = ", ".join(facts["abis"])
    given = question.runtime_lib
    abi = ARM64
    if given is not None:
        try:
            abi = abi_of(given)
        except InputError as error:
            return False, f"{runs}; {error.as_flags()}"
    if abi in facts["abis"] or question.build == "host":
        return True, f"{runs}; LiteRT is {abi}"
    fits = "x86_64" in facts["abis"]  # an emulator on a PC
    advice = f". {flags_in(where('x86_64'))}" if fits else ""
    return False, f"{runs}; LiteRT is {abi}{advice}"


def _shown(facts: Facts) -> str:
    parts = (facts["model"], facts["soc"], f"Android {facts['android']}")
    heat = facts["thermal_status"]
    heat = "that cannot be read" if heat is None else heat
    state = (f"thermal status {heat}", f"battery {facts['battery_percent']} %")
    return ", ".join(str(part) for part in (*parts, *state))


def _folder(question: Question, adb: Adb, serial: str, what: str) -> Sequence[Finding]:
    """Whether files can be made there and executed, and the space that is free."""
    folder = quoted([question.device_dir])
    probe = quoted([f"{question.device_dir}/doctor"])
    write = f"mkdir -p -- {folder} && echo 'exit 0' > {probe} && chmod 755 {probe}"
    said, code = adb.shell(serial, write)
    last = said.strip().splitlines()[-1:] or [question.device_dir]
    written = Finding(f"{what}: folder", code == 0, last[0])
    said, code = adb.shell(serial, f"{probe}; c=$?; rm -f -- {probe}; exit $c")
    denied = "files there may not be executed; use one under /data/local/tmp"
    executed = Finding(
        f"{what}: execution", code == 0, "allowed" if code == 0 else denied
    )
    space, _ = adb.shell(serial, f"df -k {folder}")
    line = " ".join((space.strip().splitlines() or ["unknown"])[-1].split())
    return [written, executed, Finding(f"{what}: space", True, f"{line} (1K-blocks)")]
