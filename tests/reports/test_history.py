"""The figure of a training: what the log says is what is drawn."""

from pathlib import Path

from reports.history import draw_history

LOG = """epoch,accuracy,loss,val_accuracy,val_loss
0,0.25,2.0,0.5,1.5
1,0.75,1.0,0.625,1.25
"""


def test_accuracy_and_loss_over_the_epochs(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    paths = draw_history(tmp_path / "log.csv", tmp_path, "mine at 32")
    assert [path.name for path in paths] == ["history.svg", "history.png"]
    drawn = paths[0].read_text()
    assert "accuracy, %" in drawn or "<svg" in drawn
    assert paths[1].stat().st_size > 5_000
