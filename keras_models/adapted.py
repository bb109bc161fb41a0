"""An adaptation on disk: what was tuned for which resolution, and for which weights.

adapted.json  the network it belongs to, how it was made, the verdict per resolution
<R>.npz       the tensors that differ at resolution R, by their place in get_weights;
              only where the adaptation was accepted. One head for all resolutions may
              have changed the native one too
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import ModelError
from datasets.files import file_sha256, whole_file, write_text
from datasets.user_arrays import read_arrays
from datasets.user_files import UserFile
from keras_models.graphs.derived_state import renew_derived_state

_RECORD = "adapted.json"
_FORMAT = 1


@dataclass(frozen=True)
class Match:
    """How scores at a lower resolution match the native ones on some pictures."""

    divergence: float  # Kullback-Leibler, nats a picture
    agreement: float  # part of the pictures with the same first class
    expected: float  # mean native score of the class that comes first here


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an adaptation to one resolution came to."""

    resolution: int
    pictures: int  # adapted on
    held_out: int
    before: Match  # on the held-out pictures, which decide
    after: Match
    gain: float  # nats a picture that the divergence fell by
    gain_error: float  # its standard error
    worth_error: float  # standard error of the rise in `expected`
    accepted: bool
    tuned: int  # numbers that were free


@dataclass(frozen=True, kw_only=True)
class HeadOutcome:
    """What one head came to at one resolution, on the held-out pictures."""

    resolution: int
    pictures: int  # fitted on
    held_out: int
    right_before: float  # a fraction, with the trained head
    right_after: float
    loss_before: float  # nats a picture
    loss_after: float
    gain_error: float  # standard error of the fall in loss
    accepted: bool

    @property
    def gain(self) -> float:
        """Nats a picture that the loss fell by."""
        return self.loss_before - self.loss_after


@dataclass(frozen=True)
class Adaptation:
    """What `reswise adapt` left in a folder."""

    folder: Path
    accepted: Mapping[int, str]  # resolution -> SHA-256 of its tensors' file
    what: str = "adapted"  # how tables call it

    @property
    def sha256(self) -> str:
        """Of all that it changes."""
        text = json.dumps(
            {str(resolution): own for resolution, own in self.accepted.items()}
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def apply(self, model: keras.Model) -> None:
        """Puts the tuned tensors of its resolution into a model, if there are any.

        Raises:
            InputError: the file was changed, or does not fit the model.
        """
        resolution = int(model.inputs[0].shape[1])
        if resolution not in self.accepted:
            return
        path = self.folder / f"{resolution}.npz"
        if not path.is_file() or file_sha256(path) != self.accepted[resolution]:
            raise ModelError.of(
                path,
                f"not the file that {_RECORD} names",
                "",
                "Run `reswise adapt` again.",
            )
        values, file = model.get_weights(), _tensors(path)
        with file.shaped():
            for place, tensor in read_arrays(file).items():
                values[int(place)] = tensor
            model.set_weights(values)
        renew_derived_state(model)


def _tensors(path: Path) -> UserFile:
    expected = "tensors of `reswise adapt`"
    return UserFile(path, expected=expected, do="Run `reswise adapt` again.")


def write_tensors(
    folder: Path,
    resolution: int,
    before: list[NDArray[np.float32]],
    after: list[NDArray[np.float32]],
) -> int:
    """Writes the tensors that differ; returns their size in bytes as float32."""
    changed = {
        str(index): tuned
        for index, (first, tuned) in enumerate(zip(before, after, strict=True))
        if not np.array_equal(first, tuned)
    }
    with whole_file(folder / f"{resolution}.npz") as file:
        np.savez(file, **changed)  # type: ignore[arg-type]
    return sum(tensor.nbytes for tensor in changed.values())


def write_record(
    folder: Path,
    weights_sha256: str,
    facts: Mapping[str, object],
    outcomes: Sequence[Outcome | HeadOutcome],
    kept: Collection[int] = (),
) -> None:
    """Writes adapted.json; the tensors of accepted resolutions must lie there.

    Args:
        kept: further resolutions whose tensors lie there, of an earlier adaptation.
    """
    resolutions = [outcome.resolution for outcome in outcomes if outcome.accepted]
    files = {
        str(resolution): file_sha256(folder / f"{resolution}.npz")
        for resolution in dict.fromkeys([*resolutions, *kept])
    }
    record = {
        "format": _FORMAT,
        "weights_sha256": weights_sha256,
        "accepted": files,
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }
    text = json.dumps(record | dict(facts), indent=1)
    write_text(folder / _RECORD, text + "\n")


def read_adaptation(folder: Path, *weights_sha256: str) -> Adaptation:
    """The adaptation in a folder, for the network of these weights.

    Args:
        weights_sha256: every hash that its record may know the network by.
    Raises:
        InputError: there is none, or it belongs to other weights.
    """
    path = folder / _RECORD
    expected = f"the `run` folder of `reswise adapt`, with {_RECORD}"
    file = UserFile(path, "adapted", str(folder), expected)
    record = file.object()
    with file.shaped():
        known = record["format"] == _FORMAT
        own = record["weights_sha256"]
        accepted = {int(key): str(sha) for key, sha in record["accepted"].items()}
    if not known or own not in weights_sha256:
        raise ModelError(
            "adapted",
            folder,
            "",
            "Run `reswise adapt` with this `model` and `weights`.",
            fault="made for other weights than these, or by another version",
        )
    what = str(record.get("what", "adapted"))
    return Adaptation(folder, accepted, what)
