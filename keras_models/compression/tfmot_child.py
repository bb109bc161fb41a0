"""The process that imports tensorflow-model-optimization: kernels in, kernels out.

Run as `python tfmot_child.py FOLDER`, with TF_USE_LEGACY_KERAS=1. FOLDER holds
asked.json and sent.npz; back.npz is written there. Every kernel becomes a layer of
tf-keras of its shape, in one model of as many inputs; the masks are those that its
own callback sets in one step of training at learning rate 0.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np


def main(folder: Path) -> None:
    """Reads, prunes or clusters, writes."""
    import tensorflow_model_optimization as tfmot
    import tf_keras

    asked = json.loads((folder / "asked.json").read_text())
    with np.load(folder / "sent.npz") as kept:
        sent = [kept[f"arr_{number}"] for number in range(len(kept.files))]
    model = _model(tf_keras, sent)
    if asked["what"] == "clustering":
        done = _clustered(tfmot, model, asked["centroids"])
    else:
        done = _pruned(tfmot, tf_keras, model, asked)
    layers = [done.get_layer(f"kernel_{number}") for number in range(len(sent))]
    back = [layer.get_weights()[0] for layer in layers]
    np.savez(folder / "back.npz", *back)


def _model(tf_keras: Any, sent: list[Any]) -> Any:
    """A model of one layer a kernel, each with an input of its own."""
    inputs, outputs = [], []
    for number, kernel in enumerate(sent):
        *window, depth, filters = kernel.shape
        image = tf_keras.Input((*window, depth))
        layer = _layer(tf_keras, f"kernel_{number}", window, filters)
        outputs.append(layer(image))
        inputs.append(image)
        layer.set_weights([kernel])
        if not np.array_equal(layer.get_weights()[0], kernel):
            raise ValueError(f"kernel {number} did not arrive as it was sent")
    return tf_keras.Model(inputs, outputs)


def _layer(tf_keras: Any, name: str, window: list[int], filters: int) -> Any:
    named = {"use_bias": False, "name": name}
    if not window:
        return tf_keras.layers.Dense(filters, **named)
    kind = tf_keras.layers.Conv1D if len(window) == 1 else tf_keras.layers.Conv2D
    return kind(filters, tuple(window), **named)


def _pruned(tfmot: Any, tf_keras: Any, model: Any, asked: dict[str, Any]) -> Any:
    sparsity = tfmot.sparsity.keras
    how: dict[str, Any] = {
        "pruning_schedule": sparsity.ConstantSparsity(asked["strength"], 0, frequency=1)
    }
    if asked["what"] == "two_four":
        how["sparsity_m_by_n"] = (2, 4)
    wrapped = sparsity.prune_low_magnitude(model, **how)
    wrapped.compile(tf_keras.optimizers.SGD(0.0), "mse")
    images = [np.zeros((1, *one.shape[1:]), np.float32) for one in wrapped.inputs]
    wanted = [np.zeros((1, *one.shape[1:]), np.float32) for one in wrapped.outputs]
    step = sparsity.UpdatePruningStep()
    wrapped.fit(images, wanted, epochs=1, batch_size=1, verbose=0, callbacks=[step])
    return sparsity.strip_pruning(wrapped)


def _clustered(tfmot: Any, model: Any, centroids: int) -> Any:
    clustering = tfmot.clustering.keras
    wrapped = clustering.cluster_weights(
        model,
        number_of_clusters=centroids,
        cluster_centroids_init=clustering.CentroidInitialization.KMEANS_PLUS_PLUS,
    )
    return clustering.strip_clustering(wrapped)


if __name__ == "__main__":
    # what the two packages were loaded for must be tf-keras, or nothing is done
    if os.environ.get("TF_USE_LEGACY_KERAS") != "1":
        sys.exit("expected TF_USE_LEGACY_KERAS=1")
    # the folder of this file would shadow packages of the same names
    sys.path[:] = [part for part in sys.path if Path(part) != Path(__file__).parent]
    main(Path(sys.argv[1]))
