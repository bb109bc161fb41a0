"""A bundle: a folder of .tflite files with a manifest. Opened checked, written whole.

`open_bundle` is what runs a bundle's reader first, on the host; `write_bundle` is the
one way to make a bundle, so that none is written that would not be opened again.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from convert.manifest import MANIFEST_FILE, File, Manifest
from convert.untrusted.bundle_files import check_names, read_plain
from convert.untrusted.schema import read_manifest
from convert.untrusted.verify import verified
from datasets.errors import BundleError, InputError
from datasets.files import file_sha256
from datasets.run_lock import UNFINISHED
from datasets.strict_json import MOST_BYTES
from selection.contract import Selector

Content = bytes | Path  # or the file to copy it from


@dataclass(frozen=True)
class Bundle:
    """A bundle whose every byte was checked when it was opened."""

    folder: Path
    manifest: Manifest
    selector: Selector
    labels: tuple[str, ...]  # one a class of the models; empty: it has none

    def path(self, file: str) -> Path:
        """Where a file that the manifest declares lies.

        Raises:
            InputError: it declares no such file.
        """
        if file not in {one.file for one in self.manifest.files}:
            raise BundleError.of(self.folder, f"the manifest declares no file {file!r}")
        return self.folder / file

    @property
    def class_offset(self) -> int:
        """The models' class of a data set's class 0: 1 where class 0 is background."""
        return int(self.manifest.measured.get("class_offset", 0))

    @property
    def size_bytes(self) -> int:
        """Of all files, the manifest left out."""
        return sum(one.size_bytes for one in self.manifest.files)


def open_bundle(path: Path | str) -> Bundle:
    """The bundle in a folder, verified as `untrusted.verify` says; nothing is run.

    Raises:
        InputError: the first thing that is not as it should be, in one line.
    """
    folder = Path(path)
    manifest, selector, labels = verified(folder)
    return Bundle(folder, manifest, selector, labels)


def described(files: Mapping[str, Content]) -> tuple[File, ...]:
    """Name, size and SHA-256 of each file, as a manifest declares them."""
    return tuple(_described(name, content) for name, content in files.items())


def write_bundle(
    folder: Path, manifest: Manifest, files: Mapping[str, Content]
) -> Bundle:
    """Writes a bundle whole or not at all, and opens it.

    It is written beside `folder`, verified there and then renamed. A bundle that lay
    there is replaced; files in its folder that it did not declare stay. A kill
    between its two renames leaves the old bundle in a hidden folder beside it.

    Args:
        files: the content of each file that the manifest declares.
    Raises:
        InputError: the bundle would be refused when opened, or `folder` holds
            something that is no bundle.
    """
    check_names(manifest, MANIFEST_FILE, str(folder))
    _check_place(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _beside(folder) as made:
        for name, content in files.items():
            _write(made / name, content)
        _write(made / MANIFEST_FILE, _text(manifest, folder).encode())
        try:
            verified(made)
        except InputError as error:
            raise error.replaced(str(made), str(folder)) from None
        _replace(folder, made, {one.file for one in manifest.files})
    return open_bundle(folder)


def _described(name: str, content: Content) -> File:
    if isinstance(content, Path):
        return File(name, content.stat().st_size, file_sha256(content))
    return File(name, len(content), hashlib.sha256(content).hexdigest())


def _text(manifest: Manifest, folder: Path) -> str:
    try:
        return json.dumps(manifest.to_json(), indent=1, allow_nan=False) + "\n"
    except ValueError as error:  # NaN or infinity
        raise BundleError.of(
            folder, f"{error}; a manifest has finite numbers"
        ) from None


def _check_place(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise BundleError.of(
            folder, "exists and is no folder", "", "Name another place."
        )
    filled = folder.is_dir() and any(folder.iterdir())
    if filled and not (folder / MANIFEST_FILE).is_file():
        raise BundleError.of(
            folder, "holds files that are no bundle", "", "Name an empty or new folder."
        )


@contextlib.contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(UNFINISHED, f".{folder.name}.", folder.parent))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _write(path: Path, content: Content) -> None:
    if isinstance(content, Path):
        shutil.copyfile(content, path)
    else:
        path.write_bytes(content)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _replace(folder: Path, made: Path, new: set[str]) -> None:
    """Puts `made` in place of `folder`, which it leaves with the old bundle's files."""
    os.chmod(made, 0o755)  # mkdtemp makes folders that only their owner enters
    if not folder.exists():
        os.rename(made, folder)
        return
    old = _declared(folder) | new | {MANIFEST_FILE}
    with _beside(folder) as aside:
        os.rename(folder, aside / "old")
        try:
            os.rename(made, folder)
        except BaseException:
            os.rename(aside / "old", folder)
            raise
        for path in (aside / "old").iterdir():
            if path.name not in old:
                os.rename(path, folder / path.name)


def _declared(folder: Path) -> set[str]:
    """The files of the bundle that lies there, as far as its manifest can be read."""
    path = folder / MANIFEST_FILE
    try:
        manifest = read_manifest(read_plain(path, MOST_BYTES), str(path))
    except InputError:
        return set()
    return {one.file for one in manifest.files}
