"""Event files are read back by TensorBoard's own reader: scalars, steps, hparams."""

import builtins
from pathlib import Path
from typing import Any

import pytest

from datasets.errors import InputError
from reports.event_files import HPARAMS, SCALARS, run_name, write_events
from reports.rows import Row

ROWS = [
    Row(model="m", weights="w", dataset="d", split="s", resolution=96, crop="0.875",
        selector="fixed", ladder="m@96", images=500, top1=0.9375, macs=35e6,
        drop_points=0.0),
    Row(model="m", dataset="d", split="s", selector="cascade", ladder="m@32,m@96",
        images=500, top1=0.925, macs=7e6, drop_points=1.25),
]  # fmt: skip


def _read(folder: Path) -> Any:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder)).Reload()


def test_scalars_and_hparams_of_each_row(tmp_path: Path) -> None:
    written = write_events(ROWS, tmp_path)
    assert len(written) == 3  # a row each, and the columns of hparams
    for row in ROWS:
        events = _read(tmp_path / run_name(row))
        kept = set(events.Tags()["tensors"])
        known = {name for name in SCALARS if getattr(row, name) is not None}
        assert known <= kept
        (top1,) = events.Tensors("top1")
        assert top1.step == (row.resolution or 0)
        assert top1.tensor_proto.float_val[0] == pytest.approx(row.top1)
        told = _hparams(events)
        assert told == {
            name: getattr(row, name)
            for name in HPARAMS
            if getattr(row, name) is not None
        }


def _hparams(events: Any) -> dict[str, object]:
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    content = events.PluginTagToContent("hparams")[metadata.SESSION_START_INFO_TAG]
    data = plugin_data_pb2.HParamsPluginData.FromString(content)
    start = data.session_start_info
    return {
        name: getattr(value, str(value.WhichOneof("kind")))
        for name, value in start.hparams.items()
    }


def test_written_again_a_row_has_one_file(tmp_path: Path) -> None:
    write_events(ROWS, tmp_path)
    write_events(ROWS, tmp_path)
    for folder in (tmp_path, *(tmp_path / run_name(row) for row in ROWS)):
        assert len(list(folder.glob("events.out.tfevents.*"))) == 1
    assert len(_read(tmp_path / run_name(ROWS[0])).Tensors("top1")) == 1


def test_without_tensorboard_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("tensorboard"):
            raise ImportError(name)
        return own(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"TensorBoard is not installed"):
        write_events(ROWS, tmp_path)
    assert list(tmp_path.iterdir()) == []
