"""The kinds of bundles that the in-app bench is tried on, each by its name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import reswise
from convert.foreign.importing import ForeignChoice, import_bundle
from tests.android_app import app_bundles
from tests.android_app.app_bundles import Ends
from tests.android_bench import dense_models
from tests.android_bench.test_bench import SELECTORS
from tests.convert import tiny_tflite
from tests.convert.tiny_tflite import classifier, ends_in

PICTURES = 500
KINDS: dict[str, tuple[Any, ...]] = {
    "float32, shared, cascade": (
        "float32", False, app_bundles.cascade("top1", "last"),
    ),
    "float32, separate, mean": (
        "float32", True, app_bundles.cascade("margin", "mean"),
    ),
    "float32, entropy": ("float32", False, app_bundles.cascade("entropy", "last")),
    "float32, deferral": ("float32", True, app_bundles.deferral),
    "int8, shared, cascade": ("int8", False, app_bundles.cascade("top1", "last")),
    "uint8, separate, cascade": ("uint8", True, app_bundles.cascade("top1", "mean")),
    "float32, random": ("float32", False, app_bundles.drawn),
    "int8, fixed": ("int8", True, app_bundles.fixed),
    # what a rung's `scores` says of its output
    "logits, float32, cascade": (
        "float32", False, app_bundles.cascade("entropy", "last"), Ends("logits"),
    ),
    "logits, int8, mean, cascade": (
        "int8", True, app_bundles.cascade("margin", "mean"), Ends("logits", flat=True),
    ),
    "one logit, float32, mean, cascade": (
        "float32", False, app_bundles.cascade("top1", "mean"),
        Ends("one_logit", flat=True),
    ),
    "one logit, int8, deferral": (
        "int8", True, app_bundles.deferral, Ends("one_logit"),
    ),
    "one probability, float32, cascade": (
        "float32", True, app_bundles.cascade("calibrated", "last"),
        Ends("one_probability"),
    ),
    "one probability, int8, mean, cascade": (
        "int8", False, app_bundles.cascade("top1", "mean"),
        Ends("one_probability", flat=True),
    ),
}  # fmt: skip
# of three rungs, no labels; learned looks through the bundle's own .tflite
DENSE: dict[str, dict[str, Any]] = {
    "learned": {"selector": SELECTORS["learned"], "look": True},
    "calibrated": {"selector": SELECTORS["calibrated"]},
    "two of three rungs": {"selector": SELECTORS["two of three rungs"]},
    "files without signatures": {"signatures": False},
}
# what `bundle import` makes of a file of somebody else
IMPORTED: dict[str, Callable[[], tuple[bytes, str]]] = {
    "imported, class 0 the background": lambda: (
        dense_models.model((16,), "uint8", False, 6), "background\na\nb\nc\nd\ne\n",
    ),
    "imported, one sigmoid": lambda: (
        ends_in(classifier((16,)), 14).packed(), "no\nyes\n",
    ),
    "imported, a dense layer the last": lambda: (
        ends_in(classifier((16,)), tiny_tflite.DENSE, 5).packed(), "a\nb\nc\nd\ne\n",
    ),
}  # fmt: skip


def write(kind: str, bundle: Path, pictures: Path) -> None:
    """The bundle of a kind, into a folder that is not there yet."""
    if kind in KINDS:
        app_bundles.write(bundle, pictures, *KINDS[kind])
    elif kind in IMPORTED:
        _import_file(bundle, *IMPORTED[kind]())
    else:
        dense_models.bundle(bundle, **DENSE[kind])


def _import_file(bundle: Path, content: bytes, labels: str) -> None:
    file, names = bundle.parent / "mobilenet.tflite", bundle.parent / "labels.txt"
    file.write_bytes(content)
    names.write_text(labels)
    import_bundle(file, bundle, ForeignChoice(labels=names))


def judged(bundle: Path, pictures: Path, lines: Path, run: Path) -> int:
    """Exit code of the import."""
    return reswise.run(
        [
            *("bench", "--bundle", str(bundle), "--import", str(lines)),
            *("--dataset", f"folder:{pictures}", "--run", str(run)),
        ]
    )
