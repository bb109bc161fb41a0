"""Pruning and clustering by tensorflow-model-optimization, in a process of its own.

Its layers wrap those of tf-keras alone, and importing it changes which Keras a process
has. So kernels go there as arrays, into layers of tf-keras of their shapes, and what
comes back is held against what was sent: a mask may only have made weights 0, clusters
only have left as many values as were asked for.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np

from datasets.errors import InputError, ModelError
from keras_models.compression.clustering import Clustering, centroids_of
from keras_models.compression.contract import Float32s, Technique, check_strength
from keras_models.compression.kernels import Change, Kernel, OnKernels, kernels
from keras_models.compression.magnitude import Magnitude
from keras_models.compression.two_four import TwoFour

PACKAGES = ("tensorflow_model_optimization", "tf_keras")
_CHILD = Path(__file__).with_name("tfmot_child.py")
_SECONDS = 1800
_LIBRARY = "tensorflow-model-optimization"
_INSTEAD = "Use the technique of the same name without tfmot_."
_SHOWN = 300  # letters of what it says where it fails


class Tfmot(OnKernels):
    """One of our techniques as tensorflow-model-optimization does it.

    Args:
        ours: the technique of this package that does the same.
    """

    def __init__(self, ours: Technique) -> None:
        self._ours = ours
        self.name = f"tfmot_{ours.name}"
        how = "the same" if ours.name != Clustering.name else "a few values (k-means++)"
        self.what = f"{how}, by tensorflow-model-optimization"
        self.strength_is = ours.strength_is
        self.strengths = ours.strengths
        self.keeps = ours.keeps

    def applies(self, model: keras.Model) -> str:
        missing = [name for name in PACKAGES if find_spec(name) is None]
        if missing:
            return f"needs {' and '.join(missing)}: pip install reswise[tfmot]"
        return super().applies(model)

    def change(self, model: keras.Model, strength: float) -> Change:
        check_strength(self.name, strength)
        if why := self.applies(model):
            raise ModelError.of(model.name, f"{self.name} does not apply ({why})")
        taken = {one.variable.path: one for one in kernels(model) if self._takes(one)}
        sent = [kernel.values for kernel in taken.values()]
        made = done_by_tfmot(self._ours.name, strength, sent)
        back = dict(zip(taken, made, strict=True))

        def values_of(kernel: Kernel) -> Float32s | None:
            return back.get(kernel.variable.path)

        return values_of

    def _takes(self, kernel: Kernel) -> bool:
        """Its groups of four run along the last axis but one, of 2 or 4 axes."""
        if self._ours.name != TwoFour.name:
            return True
        return kernel.inputs == -2 and kernel.values.ndim in (2, 4)


TFMOT = tuple(Tfmot(ours) for ours in (Magnitude(), TwoFour(), Clustering()))


def done_by_tfmot(
    what: str, strength: float, weights: Sequence[Float32s]
) -> list[Float32s]:
    """The kernels as it makes them, checked.

    Args:
        what: magnitude, two_four or clustering.
        weights: kernels of 2, 3 or 4 axes.
    Raises:
        InputError: it fails, or gives what it should not.
    """
    asked: dict[str, object] = {"what": what, "strength": strength}
    if what == Clustering.name:
        asked["centroids"] = centroids_of(strength)
    with tempfile.TemporaryDirectory(prefix="reswise-tfmot-") as made:
        folder = Path(made)
        (folder / "asked.json").write_text(json.dumps(asked))
        np.savez(folder / "sent.npz", *weights)
        _run(folder)
        with np.load(folder / "back.npz") as kept:
            back = [np.asarray(kept[f"arr_{n}"]) for n in range(len(weights))]
    for sent, own in zip(weights, back, strict=True):
        _check(what, strength, sent, own)
    return back


def _run(folder: Path) -> None:
    environment = os.environ | {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, str(_CHILD), str(folder)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            env=environment,
            timeout=_SECONDS,
            check=False,
            text=True,
        )
    except subprocess.TimeoutExpired:
        raise InputError.of(
            _LIBRARY, f"does not end within {_SECONDS} s", do=_INSTEAD
        ) from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise InputError.of(
            _LIBRARY, f"does not do it ({lines[-1][:_SHOWN]})", do=_INSTEAD
        )


def _check(what: str, strength: float, sent: Float32s, back: Float32s) -> None:
    if what == Clustering.name:
        values = len(np.unique(back))
        fits = values <= max(centroids_of(strength), 1)
    else:
        fits = bool(np.all((back == sent) | (back == 0)))
    if sent.shape != back.shape or not fits or not np.isfinite(back).all():
        raise InputError.of(
            _LIBRARY,
            f"gives a kernel {back.shape} for one of {sent.shape}",
            f"what {what} leaves of its weights",
            _INSTEAD,
        )
