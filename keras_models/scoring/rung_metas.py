"""What a sweep writes down of a rung before it runs: engine, MACs, pixels, weights."""

import keras

from datasets.dataset import Dataset
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing
from keras_models.framework import versions
from keras_models.macs import count_macs
from keras_models.pretrained import Pretrained
from keras_models.scoring.engines import (
    litert_available,
)
from keras_models.scoring.score_records import RungMeta

ENGINES = ("auto", "litert", "keras")


def meta_of(
    source: Pretrained,
    dataset: Dataset,
    model: keras.Model,
    resolution: int,
    preprocessing: Preprocessing,
    engine: str,
) -> RungMeta:
    count = count_macs(model)
    parameters = int(model.count_params())
    return RungMeta(
        rung=f"{source.name}@{resolution}",
        model=source.name,
        weights=source.weights,
        weights_sha256=source.weights_sha256,
        resolution=resolution,
        classes=source.outputs,
        recipe="float32",
        engine=engine,
        normalisation=source.normalisation,
        preprocessing=preprocessing.describe(),
        dataset=dataset.name,
        split=dataset.split,
        fingerprint=dataset.fingerprint,
        images=len(dataset),
        macs=count.macs,
        parameters=parameters,
        size_bytes=4 * parameters,
        uncounted=count.uncounted,
        remarks=source.remarks,
    )


def engine_name(wanted: str) -> str:
    installed = versions()
    if wanted not in ENGINES:
        raise InputError("engine", wanted, f"one of {', '.join(ENGINES)}")
    if wanted == "litert" and not litert_available():
        raise InputError(
            "engine",
            "litert",
            "",
            "Use `engine=keras`.",
            fault=(
                "needs ai-edge-litert and Keras on the TensorFlow backend (here: "
                f"{keras.backend.backend()})"
            ),
        )
    if wanted == "litert" or (wanted == "auto" and litert_available()):
        return f"litert {installed['ai-edge-litert']}"
    return f"keras {installed['keras']} on {keras.backend.backend()}"
