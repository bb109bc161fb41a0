"""A phone behind adb, as a Machine: files are pushed whole, runs survive lost cables.

A file gets the name of its content and is pushed to NAME.part; its size and SHA-256 are
compared on the device before it is renamed, as adb leaves a truncated file where a push
broke off. The runner appends each image to its results, so after a lost connection, a
killed server or a reboot the same command goes on where it stopped.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from android_bench import phone_errors, phone_facts
from android_bench.adb import Adb, LostError, quoted, unauthorized
from android_bench.machine import Facts
from android_bench.phone_errors import Where
from datasets.errors import InputError
from datasets.files import file_sha256
from datasets.run_lock import UNFINISHED

BUSY = 8  # the runner's exit code: another one writes these results
_TRIES = 3  # pushes or pulls of a file whose content came out wrong
_BACK_SECONDS = 180.0  # a reboot takes about a minute
_MUTE_SECONDS = 10.0  # listed as a device all the while, and its shell answers nothing
_BYTES_A_SECOND = 1 << 20  # the slowest cable that a time limit allows for
_OURS = re.compile(
    r"runner|libLiteRt\.so|[0-9a-f]{16}\.(tflite|script|plan|jsonl|scores)|"
    r"choices-[0-9a-f]+\.bin|[0-9a-f]{20}-[\w-]+\.(bin|txt)|ld-linux-aarch64\.so\.1|lib[\w+]+\.so\.\d+"
)
_Result = TypeVar("_Result")


class Phone:
    """One device.

    Args:
        folder: where everything lies on it.
        tell: takes a line on what is going on.
        sleep: waits; a test passes one that does not.
    """

    def __init__(
        self,
        adb: Adb,
        serial: str,
        folder: str,
        tell: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        back_seconds: float = _BACK_SECONDS,
        mute_seconds: float = _MUTE_SECONDS,
    ) -> None:
        self._adb, self.serial, self._folder = adb, serial, folder.rstrip("/")
        self._tell, self._sleep, self._back_seconds = tell, sleep, back_seconds
        self._mute_seconds = mute_seconds
        self._there: dict[str, str] = {}  # name -> SHA-256, as compared
        self._model = ""
        self._where = Where(serial, self._folder)

    @property
    def label(self) -> str:
        return f"{self._model} ({self.serial})" if self._model else self.serial

    @property
    def slug(self) -> str:
        return phone_facts.folder_name(self.serial)

    def facts(self) -> Facts:
        """See `phone_facts`.

        Raises:
            InputError: the device is listed and mute: said within seconds.
        """
        self._greet()
        said, _ = self._shell(phone_facts.FACTS_SCRIPT)
        facts = phone_facts.read_facts(said)
        self._model = str(facts.get("model") or "")
        return facts

    def prepare(self, abi: str, least_api: int) -> None:
        """Makes the folder.

        Raises:
            InputError: the device is of another ABI or too old, or the folder cannot be
                made.
        """
        facts = self.facts()
        if abi not in facts["abis"]:
            runs = ", ".join(facts["abis"]) or "no known ABI"
            raise self._refused(
                f"runs {runs}; the runner is for {abi}",
                "",
                "LiteRT has no 32-bit library.",
            )
        if facts["api"] is not None and facts["api"] < least_api:
            raise self._refused(
                f"has Android API {facts['api']}", f"{least_api} or later"
            )
        said, code = self._shell(f"mkdir -p -- {quoted([self._folder])}")
        if code:
            raise phone_errors.cannot_write(self._where, said)

    def put(self, files: Mapping[str, Path]) -> None:
        """Pushes what does not lie there with the same content."""
        wanted = {name: file_sha256(path) for name, path in files.items()}
        unknown = [name for name in wanted if self._there.get(name) != wanted[name]]
        self._there |= self._sums(unknown)
        missing = [name for name in unknown if self._there.get(name) != wanted[name]]
        if missing:
            self._check_space(sum(files[name].stat().st_size for name in missing))
        for name in missing:
            self._again(lambda name=name: self._push(name, files[name], wanted[name]))  # type: ignore[misc]

    def execute(self, command: Sequence[str], seconds: float) -> None:
        script = f"cd {quoted([self._folder])} && exec {quoted(command)}"
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._refused(
                    f"the runner took more than {seconds:.0f} s; what it measured is "
                    "kept",
                    "",
                    "Repeat the command to go on, with a longer `timeout`.",
                )
            try:
                said, code = self._adb.shell(self.serial, script, left)
            except LostError as error:
                self._come_back(error)
                continue
            if code != BUSY:
                break
            self._sleep(2.0)  # the one that lost its connection still measures
        if code:
            raise phone_errors.failed(self._where, said, code)

    def output(self, command: Sequence[str], seconds: float) -> str:
        script = f"cd {quoted([self._folder])} && exec {quoted(command)}"
        said, code = self._again(lambda: self._adb.shell(self.serial, script, seconds))
        if code:
            raise phone_errors.failed(self._where, said, code)
        return said

    def get(self, name: str, path: Path) -> None:
        self._again(lambda: self._pull(name, path))

    def remove(self, names: Sequence[str]) -> None:
        self._shell(f"cd {quoted([self._folder])} && rm -f -- {quoted(names)}")

    def clean(self) -> None:
        """Deletes our files there, and the folder if nothing else lies in it."""
        folder = quoted([self._folder])
        said, _ = self._shell(f"cd {folder} && ls -a")
        names = [name.removesuffix(".part") for name in said.splitlines()]
        ours = [name for name in names if _OURS.fullmatch(name)]
        parts = [f"{name}.part" for name in ours]
        if ours:
            self.remove([*ours, *parts])
        self._shell(f"rmdir -- {folder}")
        self._there.clear()

    def _shell(self, script: str) -> tuple[str, int]:
        return self._again(lambda: self._adb.shell(self.serial, script))

    def _again(self, action: Callable[[], _Result]) -> _Result:
        """Does it; after a lost connection waits for the device and does it anew."""
        for _ in range(_TRIES):
            try:
                return action()
            except LostError as error:
                self._come_back(error)
        return action()

    def _come_back(self, error: LostError) -> None:
        self._tell(f"{error} Waiting for it to come back.")
        deadline = time.monotonic() + self._back_seconds
        mute: float | None = None  # since when it is listed and does not answer
        while time.monotonic() < deadline:
            try:
                state = self._adb.state(self.serial)
                listed = state == "device"
                mute = (mute or time.monotonic()) if listed else None
                if listed and self._answers():
                    self._tell(f"device {self.serial} is back; going on.")
                    return
                if state == "unauthorized":
                    raise unauthorized(self.serial)
                if ":" in self.serial:
                    self._adb.connect(self.serial)
            except LostError as again:
                error = again
            if mute is not None and time.monotonic() - mute > self._mute_seconds:
                raise phone_errors.mute(self._where, error) from error
            self._sleep(1.0)
        raise phone_errors.gone(self._where, self._back_seconds)

    def _greet(self) -> None:
        """One quick question, so that nobody waits a minute for a mute shell."""
        began = time.monotonic()
        try:
            self._answers()
        except LostError as error:
            if time.monotonic() - began >= self._mute_seconds:
                raise phone_errors.mute(self._where, error) from error
            # it said something at once: what follows waits for it to come back

    def _answers(self) -> bool:
        return self._adb.shell(self.serial, "true", self._mute_seconds)[1] == 0

    def _sums(self, names: Sequence[str]) -> dict[str, str]:
        """SHA-256 of those of the files that lie there."""
        if not names:
            return {}
        folder = quoted([self._folder])
        said, _ = self._shell(f"cd {folder} && sha256sum -- {quoted(names)}")
        if "sha256sum: not found" in said or "inaccessible or not found" in said:
            raise self._refused(
                "has no sha256sum, so what was pushed cannot be checked",
                "Android 8 or later",
            )
        pairs = re.findall(r"^([0-9a-f]{64})\s+\*?(.+)$", said, re.MULTILINE)
        return {name: digest for digest, name in pairs}

    def _size(self, name: str) -> int:
        """Bytes of a file that lies there; 0 of one that does not."""
        script = f"cd {quoted([self._folder])} && wc -c < {quoted([name])}"
        said, code = self._shell(script)
        last = (said.split() or [""])[-1]  # a warning may stand before it
        return int(last) if not code and re.fullmatch("[0-9]{1,15}", last) else 0

    def _refused(self, fault: str, expected: str = "", do: str = "") -> InputError:
        return InputError.of(f"device {self.serial}", fault, expected, do)

    def _check_space(self, needed: int) -> None:
        said, code = self._shell(f"df -k {quoted([self._folder])}")
        free = None if code else phone_facts.free_bytes(said)
        if free is not None and needed > free:
            raise phone_errors.no_space(
                self._where,
                f"{needed / 1e6:,.0f} MB are to be pushed, "
                f"{free / 1e6:,.0f} MB are free",
            )

    def _push(self, name: str, path: Path, wanted: str) -> None:
        part = f"{self._folder}/{name}.part"
        size = path.stat().st_size
        for _ in range(_TRIES):
            arguments = ["push", str(path.resolve()), part]
            done = self._adb.run(self.serial, arguments, self._limit(size))
            if done.returncode:
                raise phone_errors.cannot_write(
                    self._where, phone_errors.complaint(done)
                )
            pushed, sums = self._size(f"{name}.part"), {f"{name}.part": wanted}
            if pushed == size and self._sums([f"{name}.part"]) == sums:
                self._rename(name, wanted)
                self._there[name] = wanted
                return
            self._tell(f"{name}: {pushed} of {size} bytes arrived whole; once more.")
        raise self._refused(
            f"{path.name} came out wrong {_TRIES} times ({pushed} of {size} bytes lie "
            "there, and not with the SHA-256 of what was sent)",
            "",
            "Try another cable or port.",
        )

    def _rename(self, name: str, wanted: str) -> None:
        part, last = quoted([f"{name}.part"]), quoted([name])
        script = (
            f"cd {quoted([self._folder])} && chmod 755 {part} && mv -f {part} {last}"
        )
        said, code = self._shell(script)
        # done twice where only the answer was lost: then the part is gone already
        if code and self._sums([name]) != {name: wanted}:
            raise phone_errors.cannot_write(self._where, said)

    def _pull(self, name: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}{UNFINISHED}")
        for _ in range(_TRIES):
            wanted = self._sums([name]).get(name)
            if wanted is None:
                raise self._refused(
                    f"{self._folder}/{name} is not there", "", "Repeat the command."
                )
            part.unlink(missing_ok=True)  # adb would put a file into a folder
            size = phone_facts.checked_size(self.serial, name, self._size(name))
            arguments = ["pull", f"{self._folder}/{name}", str(part.absolute())]
            done = self._adb.run(self.serial, arguments, self._limit(size))
            if not done.returncode and file_sha256(part) == wanted:
                part.replace(path)
                return
        raise self._refused(
            f"{name} could not be fetched whole: {phone_errors.complaint(done)}"
        )

    def _limit(self, size: int) -> float:
        return 60.0 + size / _BYTES_A_SECOND
