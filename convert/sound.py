"""A bundle is sound: it is as it says, and LiteRT opens and runs every part of it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.bundle import Bundle, open_bundle
from convert.entering import Stored, normalised, stored
from convert.manifest import IMPORTED, Look, Rung, Tensor
from convert.running import dequantised, probabilities
from convert.score_kinds import PROBABILITIES
from convert.trial import Net, tried
from convert.untrusted.tflite_file import read_tflite
from datasets.errors import BundleError
from selection.contract import Selector
from selection.selectors.cascade import Cascade
from selection.selectors.deferral import Deferral

_PICTURES = 2
_STEP = 0.01  # a probability may lie so far outside 0..1, as rounding leaves it


def sound_bundle(path: Path | str) -> Bundle:
    """`open_bundle`, and each of its models run once in a process of its own.

    Raises:
        InputError: the first thing that is not as it should be, in one line.
    """
    bundle = open_bundle(path)
    networks: list[Rung | Look] = [*bundle.manifest.rungs]
    if bundle.manifest.look:
        networks.append(bundle.manifest.look)
    for file in dict.fromkeys(network.file for network in networks):
        _check_file(bundle, [network for network in networks if network.file == file])
    return bundle


def pictures(resolution: int, count: int = _PICTURES) -> NDArray[np.float32]:
    """(n, R, R, 3) made-up pictures in 0..255: patches of colour with noise on them."""
    generator = np.random.default_rng(0)
    patches = -(-resolution // 8)
    coarse = generator.uniform(0, 255, (count, patches, patches, 3))
    fine = coarse.repeat(8, 1).repeat(8, 2)[:, :resolution, :resolution]
    noise = generator.normal(0, 12, fine.shape)
    return np.asarray(np.clip(fine + noise, 0, 255), np.float32)


def _check_file(bundle: Bundle, networks: Sequence[Rung | Look]) -> None:
    nets = [
        Net(
            label=_label(network),
            signature=network.signature,
            subgraph=network.subgraph,
            images=images_of(network),
        )
        for network in networks
    ]
    file = bundle.path(networks[0].file)
    for network, ran in zip(
        networks, tried(file, [*nets, *_others(file, networks)]), strict=False
    ):
        where = f"{file}: {_label(network)}"
        if ran.outputs.shape[1:] != network.output.shape:
            raise BundleError.of(
                where,
                f"gives an output of shape {ran.outputs.shape[1:]}; the manifest "
                f"says {network.output.shape}",
            )
        if isinstance(network, Rung):
            _check_scores(network, ran.outputs, bundle.selector, where)


def _others(file: Path, networks: Sequence[Rung | Look]) -> list[Net]:
    """Signatures that no part names: a runtime compiles them with the rest.

    Files of others have some for training, which need not run on zeros.
    """
    if any(
        isinstance(network, Rung) and network.recipe == IMPORTED for network in networks
    ):
        return []
    known = {network.signature for network in networks}
    model = read_tflite(file.read_bytes(), str(file))
    return [
        Net(
            label=f"signature {signature.name[:60]!a}",
            signature=signature.name,
            subgraph=signature.subgraph,
            images=None,
        )
        for signature in model.signatures
        if signature.name not in known
    ]


def _label(network: Rung | Look) -> str:
    return network.rung if isinstance(network, Rung) else "look"


def images_of(network: Rung | Look) -> Stored:
    """(n, *shape) as the network's input stores them."""
    made = pictures(network.input.shape[1])
    if isinstance(network, Rung):
        made = normalised(made, network.preprocessing)
    return stored(made, network.input)[:, None]


def _check_scores(rung: Rung, given: Stored, selector: Selector, where: str) -> None:
    outputs = reals(given, rung.output)
    if not np.isfinite(outputs).all():
        raise BundleError.of(where, "gives scores that are no numbers")
    reads_scores = isinstance(selector, Cascade | Deferral)
    if not reads_scores or rung.rung not in selector.ladder:
        return
    if why := no_probabilities(probabilities(outputs, rung.scores)):
        raise BundleError.of(
            where,
            f"{why}; the bundle's selector reads them as probabilities",
            f"those, or 'scores' that says how to read them ({PROBABILITIES} where "
            "it is left out)",
        )


def reals(given: Stored, tensor: Tensor) -> NDArray[np.float32]:
    """(n, *shape) as stored -> (n, outputs) reals."""
    return dequantised(given.reshape(len(given), -1), tensor)


def no_probabilities(scores: NDArray[np.float32]) -> str:
    """Why (n, classes) scores are no probabilities of one class each; empty: they are.

    Sigmoids, a class each, need not add up to 1: they pass where all lie in 0..1.
    """
    low, high = float(scores.min()), float(scores.max())
    if low < -_STEP or high > 1 + _STEP:
        return f"scores of made-up pictures lie in {low:.3g}..{high:.3g}, not in 0..1"
    return ""
