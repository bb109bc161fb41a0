"""A phone for tests: files and a shell in a folder of this machine, behind real ADB.

The shell is this machine's, with a phone's tools before it (getprop, dumpsys, df);
paths that a phone has at its root are led into the folder. Faults are attributes.
"""

import contextlib
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.android_bench.adb_transport import Connection, HungUpError, Stream

_STDIN, _STDOUT, _STDERR, _EXIT, _CLOSE_STDIN = range(5)  # packets of shell v2
_ROOTS = ("data", "sdcard", "sys", "proc/sys")
_PROPERTIES = {
    "ro.product.name": "double",
    "ro.product.model": "Phone_Double",
    "ro.product.device": "double",
    "ro.soc.model": "none",
    "ro.product.cpu.abilist64": "x86_64",
    "ro.product.cpu.abi": "x86_64",
    "ro.build.version.release": "14",
    "ro.build.version.sdk": "34",
}
_DUMPSYS = """case "$1" in
thermalservice) echo "Thermal Status: {thermal}";;
battery) echo "  AC powered: false"; echo "  level: 80"; echo "  temperature: 251";;
power) echo "  mWakefulness=Asleep";;
esac"""


@dataclass(kw_only=True)
class Faults:
    """What goes wrong, until it is switched off."""

    unauthorized: bool = False
    features: str = "shell_v2,cmd,stat_v2,ls_v2,fixed_push_mkdir"
    drop_after_bytes: int = 0  # once: the connection breaks off after so many
    drop_at_command: str = ""  # once: it breaks off soon after such a command began
    drop_delay: float = 0.0
    lose_answer_to: str = ""  # once: such a command is done, then the connection breaks
    keep_running: bool = False  # a command outlives its connection
    reboot_at_drop: bool = False
    away_seconds: float = 0.0  # how long nothing listens after a drop
    truncate: int = 0  # so many pushed files lose their second half
    corrupt: int = 0  # so many pushed files get a wrong byte
    push_error: str = ""
    silent_at_command: str = ""  # such a command is never answered
    log: list[str] = field(default_factory=list)


class PhoneDouble:
    """One device. `close` ends it and all it runs."""

    def __init__(self, root: Path, **properties: str) -> None:
        self.root, self.faults = root, Faults()
        self._properties = _PROPERTIES | properties
        self._running: set[subprocess.Popen[bytes]] = set()
        self._connections: set[Connection] = set()
        self._boots = 0
        for name in (*_ROOTS, "data/local/tmp", "system/bin"):
            (root / name).mkdir(parents=True, exist_ok=True)
        cases = "".join(f"{k}) echo '{v}';;\n" for k, v in self._properties.items())
        self.tool("getprop", f'case "$1" in\n{cases}esac')
        self.thermal_status(0)
        self.free_kb(10_000_000)
        self._new_boot()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def serial(self) -> str:
        return f"127.0.0.1:{self.port}"

    def tool(self, name: str, script: str) -> None:
        """Puts a program before those of this machine."""
        path = self.root / "system" / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def thermal_status(self, status: int) -> None:
        self.tool("dumpsys", _DUMPSYS.format(thermal=status))

    def free_kb(self, free: int) -> None:
        line = f"/dev/fake 99999999 {99999999 - free} {free} 1% /data"
        self.tool(
            "df", f"echo 'Filesystem 1K-blocks Used Available Use%'; echo '{line}'"
        )

    def path(self, name: str) -> Path:
        """Where a path of the phone lies here; none leads out."""
        return Path(f"{self.root}{os.path.normpath('/' + name)}")

    def close(self) -> None:
        self._listener.close()
        self._drop(reboot=True)

    def drop(self) -> None:
        """The cable is pulled; what runs dies with it, as adbd hangs it up."""
        self._drop(reboot=False)

    # ---- connections

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            if time.monotonic() < self._away_until:
                one.close()
                continue
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(
                one, self._banner, self._serve, self._trusts, self._received
            )
            self._connections.add(connection)
            threading.Thread(target=connection.run, daemon=True).start()

    _away_until = 0.0

    def _banner(self) -> bytes:
        names = ("ro.product.name", "ro.product.model", "ro.product.device")
        said = "".join(f"{name}={self._properties[name]};" for name in names)
        return f"device::{said}features={self.faults.features}".encode()

    def _trusts(self) -> bool:
        return not self.faults.unauthorized

    def _received(self, length: int) -> None:
        if self.faults.drop_after_bytes:
            self.faults.drop_after_bytes -= min(length, self.faults.drop_after_bytes)
            if not self.faults.drop_after_bytes:
                self._drop(reboot=self.faults.reboot_at_drop)
                raise HungUpError

    def _drop(self, reboot: bool) -> None:
        self._away_until = time.monotonic() + self.faults.away_seconds
        if reboot:
            self._new_boot()
        if reboot or not self.faults.keep_running:
            for process in list(self._running):
                _kill(process)
        for connection in list(self._connections):
            connection.close()
        self._connections.clear()

    def _new_boot(self) -> None:
        self._boots += 1
        path = self.root / "proc" / "sys" / "kernel" / "random" / "boot_id"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"boot-{self._boots}\n")

    # ---- services

    def _serve(self, service: str, stream: Stream) -> None:
        kind, _, argument = service.partition(":")
        self.faults.log.append(service)
        if kind.startswith(("shell", "exec")):
            self._shell(argument, stream, framed="v2" in kind.split(","))
        elif kind == "sync":
            self._sync(stream)

    def _shell(self, command: str, stream: Stream, framed: bool) -> None:
        process = subprocess.Popen(
            ["/bin/sh", "-c", self._led(command)],
            cwd=self.root,
            env={"PATH": f"{self.root}/system/bin:/usr/bin:/bin", "HOME": "/"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if framed else subprocess.STDOUT,
            start_new_session=True,
        )
        self._running.add(process)
        self._plan_drop(command)
        try:
            said, complaints = process.communicate()
        finally:
            self._running.discard(process)
        lost = self.faults.lose_answer_to
        if lost and re.search(lost, command):
            self.faults.lose_answer_to = ""
            self._drop(reboot=False)
            raise HungUpError
        silent = self.faults.silent_at_command
        while silent and re.search(silent, command) and stream.open:
            time.sleep(0.05)
        own = f"{self.root}/".encode()
        self._answer(
            stream,
            said.replace(own, b"/"),
            (complaints or b"").replace(own, b"/"),
            process.returncode if framed else None,
        )

    def _answer(
        self, stream: Stream, said: bytes, complaints: bytes, code: int | None
    ) -> None:
        if code is None:  # the first shell protocol tells no exit code
            stream.write(said)
            return
        for kind, data in ((_STDOUT, said), (_STDERR, complaints)):
            if data:
                stream.write(struct.pack("<BI", kind, len(data)) + data)
        status = code if code >= 0 else 128 - code
        stream.write(struct.pack("<BIB", _EXIT, 1, status & 255))

    def _led(self, command: str) -> str:
        roots = "|".join(_ROOTS)
        return re.sub(rf"(?<![\w./-])/(?=({roots})(?![\w]))", f"{self.root}/", command)

    def _plan_drop(self, command: str) -> None:
        at = self.faults.drop_at_command
        if at and re.search(at, command):
            self.faults.drop_at_command = ""
            reboot = self.faults.reboot_at_drop
            timer = threading.Timer(
                self.faults.drop_delay, self._drop, kwargs={"reboot": reboot}
            )
            timer.daemon = True
            timer.start()

    def _sync(self, stream: Stream) -> None:
        while True:
            name, length = struct.unpack("<4sI", stream.read(8))
            argument = stream.read(length).decode("utf-8", "surrogateescape")
            match name:
                case b"QUIT":
                    return
                case b"SEND":
                    self._receive(stream, argument)
                case b"RECV":
                    self._give(stream, argument)
                case b"STAT":
                    stream.write(b"STAT" + _old_stat(self.path(argument)))
                case b"STA2" | b"LST2":
                    stream.write(name + _new_stat(self.path(argument)))
                case _:
                    _refuse(stream, f"unknown command {name!r}")
                    return

    def _receive(self, stream: Stream, argument: str) -> None:
        target, _, mode = argument.rpartition(",")
        path = self.path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:  # a push that breaks off leaves a part
            while True:
                kind, length = struct.unpack("<4sI", stream.read(8))
                if kind != b"DATA":
                    break
                file.write(stream.read(length))
                file.flush()
        path.chmod(int(mode or "420") & 0o666 | 0o600)
        if self.faults.push_error:
            _refuse(stream, f"couldn't create file: {self.faults.push_error}")
            return
        self._spoil(path)
        stream.write(b"OKAY" + bytes(4))

    def _spoil(self, path: Path) -> None:
        data = path.read_bytes()
        if self.faults.truncate and len(data) > 1:
            self.faults.truncate -= 1
            path.write_bytes(data[: len(data) // 2])
        elif self.faults.corrupt and data:
            self.faults.corrupt -= 1
            path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))

    def _give(self, stream: Stream, name: str) -> None:
        try:
            data = self.path(name).read_bytes()
        except OSError as error:
            _refuse(stream, f"open failed: {error.strerror}")
            return
        for start in range(0, len(data), 1 << 16):
            part = data[start : start + (1 << 16)]
            stream.write(b"DATA" + struct.pack("<I", len(part)) + part)
        stream.write(b"DONE" + bytes(4))


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _refuse(stream: Stream, text: str) -> None:
    stream.write(b"FAIL" + struct.pack("<I", len(text)) + text.encode())


def _old_stat(path: Path) -> bytes:
    try:
        facts = path.lstat()
    except OSError:
        return bytes(12)
    size = facts.st_size & 0xFFFFFFFF
    return struct.pack("<III", facts.st_mode, size, int(facts.st_mtime))


def _new_stat(path: Path) -> bytes:
    try:
        facts = path.lstat()
    except OSError as error:
        return struct.pack("<IQQIIIIQqqq", error.errno or 2, *[0] * 10)
    times = (int(facts.st_atime), int(facts.st_mtime), int(facts.st_ctime))
    owner = (facts.st_nlink, 2000, 2000, facts.st_size)
    where = (0, facts.st_dev, facts.st_ino, facts.st_mode)
    return struct.pack("<IQQIIIIQqqq", *where, *owner, *times)
