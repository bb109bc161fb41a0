"""Streaming: order, bounds, and what cannot be read."""

import io
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets import batches
from datasets.batches import pictures, unreadable_line
from datasets.catalogue import open_dataset
from datasets.dataset import Dataset
from datasets.decode import decode
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing, resize

CENTRE, SQUASH = Preprocessing(), Preprocessing(None, "bicubic", antialias=False)


def picture(number: int, form: str = "PNG") -> bytes:
    pixels = np.random.default_rng(number).integers(0, 256, (20, 30, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


def numbered(count: int) -> Dataset:
    ids = [f"{index}.png" for index in range(count)]
    return Dataset("x", "all", ids, [0] * count, ["a"], picture)


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_pixels_are_those_of_one_picture_at_a_time(workers: int) -> None:
    dataset = numbered(10)
    seen: list[int] = []
    for batch in pictures(dataset, [8, 12], [CENTRE, SQUASH], 4, workers=workers):
        assert len(batch.pixels) == 4
        for (way, resolution), pixels in batch.pixels.items():
            for row, index in zip(pixels, batch.indices, strict=True):
                expected = resize(decode(dataset.read(index)), resolution, way)
                assert np.array_equal(row, expected)
        seen += batch.indices.tolist()
    assert seen == list(range(10))


def test_chosen_indices_keep_their_order() -> None:
    found = list(pictures(numbered(9), [4], [CENTRE], 2, indices=[7, 0, 3]))
    assert [batch.indices.tolist() for batch in found] == [[7, 0], [3]]


def test_each_picture_is_read_once_and_few_ahead() -> None:
    """At most batch + 2 workers are read beyond what was handed over."""
    lock, reads = threading.Lock(), []

    def read(index: int) -> bytes:
        with lock:
            reads.append(index)
        return picture(index)

    ids = [str(index) for index in range(60)]
    dataset = Dataset("x", "all", ids, [0] * 60, ["a"], read)
    handed = 0
    for batch in pictures(dataset, [4, 8], [CENTRE, SQUASH], 5, workers=2):
        handed += len(batch.indices)
        assert len(reads) <= handed + 5 + 2 * 2
    assert sorted(reads) == list(range(60))


def test_few_full_size_pictures_live_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, live, most = threading.Lock(), 0, 0
    whole = batches._prepared

    def counted(*args: object) -> object:
        nonlocal live, most
        with lock:
            live += 1
            most = max(most, live)
        try:
            return whole(*args)  # type: ignore[arg-type]
        finally:
            with lock:
                live -= 1

    monkeypatch.setattr(batches, "_prepared", counted)
    assert sum(len(b.indices) for b in pictures(numbered(50), [4], [CENTRE])) == 50
    assert 1 <= most <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone has it")
def test_a_process_of_one_core_decodes_in_one_thread() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        for _ in pictures(numbered(20), [4], [CENTRE], 2):
            decoding = [t for t in threading.enumerate() if t.name.startswith("decode")]
            assert len(decoding) <= 1
    finally:
        os.sched_setaffinity(0, before)


def test_leaving_early_stops_the_threads() -> None:
    stream = pictures(numbered(500), [4], [CENTRE], 2, workers=2)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert not [t for t in threading.enumerate() if t.name.startswith("decode")]


def damaged_folder(root: Path) -> Path:
    (root / "a").mkdir()
    (root / "a/empty.jpg").write_bytes(b"")
    (root / "a/fine.jpg").write_bytes(picture(1, "JPEG"))
    (root / "a/short.jpg").write_bytes(picture(2, "JPEG")[:-100])
    (root / "a/text.jpg").write_text("not a picture at all")
    rows = ["empty.jpg", "fine.jpg", "gone.jpg", "short.jpg", "text.jpg", ""]
    lines = [f"a/{name},0" for name in rows]
    (root / "t.csv").write_text("\n".join(["file,class_index", *lines]))
    return root / "t.csv"


def test_unreadable_files_are_named_and_counted(tmp_path: Path) -> None:
    """The last row names the folder itself."""
    dataset = open_dataset(f"csv:{damaged_folder(tmp_path)}")
    (batch,) = pictures(dataset, [4], [CENTRE])
    assert batch.indices.tolist() == [1]
    assert batch.pixels[CENTRE, 4].shape == (1, 4, 4, 3)
    assert unreadable_line(dataset, batch.unreadable) == (
        "5 of 6 unreadable: a/empty.jpg (empty file), a/gone.jpg (missing), "
        "a/short.jpg (truncated), a/text.jpg (not a picture), a/ (a folder, not a file)"
    )


def test_batch_of_unreadable_pictures_is_empty() -> None:
    dataset = Dataset("x", "all", "abcdefghijklm", [0] * 13, ["x"], lambda _: b"")
    found = list(pictures(dataset, [4], [CENTRE], 5))
    assert [len(batch.unreadable) for batch in found] == [5, 5, 3]
    assert all(batch.pixels[CENTRE, 4].shape == (0, 4, 4, 3) for batch in found)
    everything = dict.fromkeys(range(13), "gone")
    assert unreadable_line(dataset, everything).endswith("j (gone) and 3 more")


def test_pipe_and_strange_names_do_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "t.csv").write_text("file,class_index\npipe,0\n\\0,0\n/dev/zero,0\n")
    (batch,) = pictures(open_dataset(f"csv:{tmp_path}/t.csv"), [4], [CENTRE])
    assert batch.unreadable == {
        0: "not a plain file",
        1: "missing",
        2: "not a plain file",
    }


def test_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x.png").write_bytes(picture(1))
    (tmp_path / "a/x.png").chmod(0)
    dataset = open_dataset(f"folder:{tmp_path}")
    if os.geteuid() == 0:  # root may read everything, so the refusal is played

        def refused(index: int) -> bytes:
            raise PermissionError(13, "Permission denied", dataset.ids[index])

        dataset = Dataset("x", "all", dataset.ids, [0], ["a"], refused)
    (batch,) = pictures(dataset, [4], [CENTRE])
    assert batch.unreadable == {0: "permission denied"}
    assert len(dataset.fingerprint) == 64


def test_wrong_arguments_are_refused() -> None:
    for resolutions, batch in (([], 2), ([4], 0)):
        with pytest.raises(InputError, match=r"expected .*at least one"):
            pictures(numbered(2), resolutions, [CENTRE], batch)


def test_photographs_come_out_the_same_for_any_number_of_threads(
    shared_data: Path,
) -> None:
    dataset = open_dataset(f"csv:{shared_data / 'photographs/labels.csv'}").limited(40)
    runs = [
        [b.pixels[CENTRE, 96] for b in pictures(dataset, [96], [CENTRE], workers=n)]
        for n in (1, 2, 5)
    ]
    for run in runs[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(run, runs[0], strict=True))
