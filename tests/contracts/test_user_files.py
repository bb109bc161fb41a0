"""One door for every file that a user names: no other module opens or parses files."""

import ast
import os
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import commands
from datasets.errors import InputError
from datasets.user_arrays import read_array, read_arrays
from datasets.user_files import UserFile
from datasets.user_tables import read_rows
from datasets.zip_limits import check_zip

ROOT = Path(commands.__file__).parents[1]
PACKAGES = ("datasets", "keras_models", "selection", "convert", "android_bench",
            "reports", "commands")  # fmt: skip
_OPENERS = {
    "read_text", "read_bytes", "open", "load", "loads", "fromfile", "memmap",
    "ZipFile", "File", "reader", "DictReader", "genfromtxt", "loadtxt",
}  # fmt: skip
_OWNERS = {
    "load": ("np", "numpy", "json", "pickle"),
    "loads": ("json", "pickle"),
    "fromfile": ("np",),
    "memmap": ("np",),
    "File": ("h5py",),
    "reader": ("csv",),
    "DictReader": ("csv",),
    "genfromtxt": ("np",),
    "loadtxt": ("np",),
}
ALLOWED = {
    "datasets/user_files.py": "the door",
    "datasets/user_arrays.py": "the door, for arrays",
    "datasets/user_tables.py": "the door, for tables",
    "datasets/zip_limits.py": "the door, for zips",
    "datasets/strict_json.py": "the door's JSON",
    "convert/untrusted/bundle_files.py": "a bundle's files: no links either",
    "convert/untrusted/zip_check.py": "a zip in memory, with limits",
    "datasets/hdf5_limits.py": "checked, then counted",
    "keras_models/opening/model_files.py": "checked by the door, then Keras reads it",
    "keras_models/opening/weight_files.py": "checked by the door, then Keras reads it",
    "keras_models/training/callbacks.py": "checked by the door, then h5py reads it",
    "datasets/files.py": "writes; hashes what the door checked",
    "datasets/decode.py": "a picture in memory",
    "datasets/table_text.py": "text that the door read",
    "datasets/tfrecords.py": "parts of large files that the door checked",
    "android_bench/elf.py": "the first bytes of what the door checked",
    "android_bench/inputs.py": "a header of what the door checked, then mapped",
    "android_bench/app_results.py": "line by line what the door checked",
    "datasets/imagenet.py": "a file of an installed package",
    "keras_models/packaged.py": "package data",
    "convert/untrusted/schema.py": "package data",
    "reports/page.py": "package data",
    "reports/label_page.py": "package data",
    "reports/published.py": "package data",
    "android_bench/build.py": "package data: the runner's sources",
    "android_bench/machine.py": "/proc/cpuinfo; its own folder's results",
    "keras_models/compression/tfmot.py": "files of its own temporary folder",
    "keras_models/compression/tfmot_child.py": "files of its parent's folder",
    "convert/trial.py": "files of its own temporary folder",
    "convert/trial_child.py": "files of its parent's temporary folder",
    "keras_models/training/train.py": "a file of its own temporary folder",
    "convert/metadata.py": "adds to a zip in memory",
    "convert/foreign/free_size.py": "adds to a zip in memory",
    "convert/bundle.py": "syncs what it has written",
    "convert/sound.py": "a file of a bundle that verify has read",
    "reports/run_folder.py": "opens its own lock",
    "datasets/run_lock.py": "opens its own lock",
    "commands/command_line.py": "the null device",
}


def _opened(path: Path) -> Iterator[tuple[int, str]]:
    """Calls that open or parse a file: (line, what)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id == "open":
            yield node.lineno, "open"
        if isinstance(called, ast.Attribute) and called.attr in _OPENERS:
            owner = called.value.id if isinstance(called.value, ast.Name) else ""
            if owner == "webbrowser":
                continue
            if called.attr not in _OWNERS or owner in _OWNERS[called.attr]:
                yield node.lineno, f"{owner}.{called.attr}"


def test_no_other_module_opens_a_file() -> None:
    """A new one reads by `datasets.user_files`, or stands above with its reason."""
    strays = {
        f"{path.relative_to(ROOT)}:{line} {what}"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if str(path.relative_to(ROOT)) not in ALLOWED
        for line, what in _opened(path)
    }
    assert not strays


def test_every_exception_is_still_needed() -> None:
    idle = {name for name in ALLOWED if not list(_opened(ROOT / name))}
    assert not idle


def test_an_opening_is_seen(tmp_path: Path) -> None:
    stray = tmp_path / "stray.py"
    stray.write_text(
        "import json, numpy as np\njson.loads(p.read_text())\nnp.load(p)\n"
    )
    seen = {what for _, what in _opened(stray)}
    assert seen == {"json.loads", "p.read_text", "np.load"}


def test_nothing_is_unpickled() -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert "allow_pickle=True" not in text, path
            assert "import pickle" not in text, path
            assert "yaml.load(" not in text, path


_READERS: dict[str, Callable[[UserFile], Any]] = {
    "checked": UserFile.checked,
    "text": UserFile.text,
    "json": UserFile.json,
    "object": UserFile.object,
    "table": read_rows,
    "array": lambda file: read_array(file, "f"),
    "arrays": read_arrays,
    "zip": check_zip,
}


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    held = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(path.parent)  # such a name may be 100 letters long
    try:
        held.bind(path.name)
    finally:
        os.chdir(here)
        held.close()


_NO_FILES: dict[str, Callable[[Path], Any]] = {
    "a pipe": _pipe,
    "a socket": _socket,
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "cannot be opened": lambda path: path.symlink_to(path),  # a loop
    "No such file": lambda path: path.symlink_to(path.parent / "nowhere"),
}


@pytest.mark.parametrize("read", _READERS.values(), ids=list(_READERS))
@pytest.mark.parametrize("kind", _NO_FILES)
def test_what_is_no_plain_file_is_refused_at_once(
    tmp_path: Path, kind: str, read: Callable[[UserFile], Any]
) -> None:
    path = tmp_path / "named"
    _NO_FILES[kind](path)
    began = time.monotonic()
    with pytest.raises(InputError, match=kind) as caught:
        read(UserFile(path, "labels", do="Name a file."))
    assert time.monotonic() - began < 1
    assert "\n" not in str(caught.value)
    assert caught.value.as_flags().startswith(f"--labels {path}: ")
    assert "; expected a plain file. Name a file." in caught.value.as_flags()


_CONTENTS = {
    "empty": b"",
    "not_utf8": b'{"a": "\xff\xfe"}',
    "deep": b"[" * 100_000,
    "deep_closed": b"[" * 100_000 + b"]" * 100_000,
    "long_number": b'{"a": ' + b"9" * 5000 + b"}",
    "nan": b'{"a": NaN}',
    "twice": b'{"a": 1, "a": 2}',
    "cut_off": b'{"a": [1, 2',
    "nul": b"\0" * 100,
    "pickle": b"cos\nsystem\n(S'true'\ntR.",
    "huge_header": b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, "
    b"'shape': (1000000000000,), }" + b" " * 48 + b"\n",
    "objects": b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, "
    b"'shape': (1,), }" + b" " * 60 + b"\n",
    "header_of_code": b"\x93NUMPY\x01\x00v\x00__import__('os').abort()" + b" " * 93,
    "zip_start": b"PK\x03\x04" + b"\xff" * 60,
    "long_row": b"a,b\n" + b"x" * 200_000 + b",1\n",
    "many_cells": b"a,b\n1,2,3\n",
    "quote": b'a,b\n"1,2\n',
}


@pytest.mark.parametrize("content", _CONTENTS.values(), ids=list(_CONTENTS))
@pytest.mark.parametrize("read", _READERS.values(), ids=list(_READERS))
def test_any_content_is_read_or_refused(
    tmp_path: Path, content: bytes, read: Callable[[UserFile], Any]
) -> None:
    """No other error than one line of what was named."""
    path = tmp_path / "named"
    path.write_bytes(content)
    said = _refusal(read, path)
    assert not said or said.startswith(f"{path} ")
    assert not said or said.endswith("; expected a plain file.")
    assert "\n" not in said
    assert len(said) < 1000


def _refusal(read: Callable[[UserFile], Any], path: Path) -> str:
    """What it says; empty where it takes the file."""
    try:
        read(UserFile(path))
    except InputError as error:
        return str(error)
    return ""


def test_a_file_that_is_larger_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # holes: a terabyte that takes no room
    for read in _READERS.values():
        with pytest.raises(InputError):
            read(UserFile(path))


def test_a_file_that_only_pretends_to_be_plain_is_read_to_its_limit() -> None:
    """Files under /proc say that they are empty."""
    path = Path("/proc/self/maps")
    if not path.exists() or not stat.S_ISREG(path.stat().st_mode):
        pytest.skip("no /proc here")
    with pytest.raises(InputError, match="over 100 bytes"):
        UserFile(path).content(100)


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "a.npz", first=values, second=values.astype(np.int64))
    assert (read_array(UserFile(tmp_path / "a.npy"), "f", (3, None)) == values).all()
    held = read_arrays(UserFile(tmp_path / "a.npz"))
    assert list(held) == ["first", "second"]
    assert (held["second"] == values).all()
    for shape, kinds in (((4, 3), "f"), ((12,), "f"), ((3, 4), "i")):
        with pytest.raises(InputError):
            read_array(UserFile(tmp_path / "a.npy"), kinds, shape)


def test_a_zip_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, zeros=np.zeros(40_000_000, np.float32))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="would unpack to 160,000,"):
        read_arrays(UserFile(path))
