"""What training puts around a model: augmentation layers, precision, schedule."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

import keras
from keras import layers

PRECISIONS = ("auto", "float32", "bfloat16")
SCHEDULES = ("cosine", "one-cycle")
_WARM_UP = {"cosine": 0.1, "one-cycle": 0.3}  # part of all steps
# (first rate, last rate) as parts of the highest: one-cycle as torch's OneCycleLR does.
_ENDS = {"cosine": (0.1, 0.0), "one-cycle": (1 / 25, 1 / 250_000)}


@dataclass(frozen=True)
class Augmentation:
    """Random changes of training pictures; the defaults change nothing."""

    flip: bool = False  # left and right, half of the time
    random_crop: float = 0.0  # shift up to this part of the side, zeros beyond the edge
    cutout: float = 0.0  # a square hole of this part of the side, filled with zeros


def augmented(model: keras.Model, how: Augmentation) -> keras.Model:
    """The model behind augmentation layers, which act in training only.

    The model itself is inside, so what is trained is its own weights. Zeros are those
    of the normalised pixels. He et al. 2016, arXiv:1512.03385, section 4.2 (flip and
    shift); DeVries and Taylor 2017, arXiv:1708.04552 (cutout).
    """
    steps = _steps(how)
    if not steps:
        return model
    image = keras.Input(model.inputs[0].shape[1:])
    features = image
    for step in steps:
        features = step(features)
    return keras.Model(image, model(features), name=f"{model.name}_augmented")


def _steps(how: Augmentation) -> list[keras.Layer]:
    steps = []
    if how.flip:
        steps.append(layers.RandomFlip("horizontal", name="flip"))
    if how.random_crop:
        shift = layers.RandomTranslation(
            how.random_crop,
            how.random_crop,
            fill_mode="constant",
            interpolation="nearest",  # whole pixels, as a crop of a padded picture
            name="random_crop",
        )
        # It says that it cannot be compiled, which is true of TensorFlow alone; JAX
        # would take forty times as long for a step (Keras 3.15).
        shift.supports_jit = keras.backend.backend() == "jax"
        steps.append(shift)
    if how.cutout:
        area = how.cutout**2
        steps.append(
            layers.RandomErasing(
                (1.0, 1.0), (area, area), fill_value=0.0, name="cutout"
            )
        )
    return steps


@contextlib.contextmanager
def precision(name: str) -> Iterator[str]:
    """Within it, models are built for mixed precision, or not; weights stay float32.

    Args:
        name: one of PRECISIONS; auto is bfloat16 where the hardware has it.
    Returns:
        What is used: float32 or bfloat16.
    """
    used = name if name != "auto" else ("bfloat16" if _has_bfloat16() else "float32")
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32" if used == "float32" else f"mixed_{used}")
    try:
        yield used
    finally:
        keras.config.set_dtype_policy(before)


def scores_in_float32(model: keras.Model) -> None:
    """Lets the last layer compute in float32: a softmax of few bits trains badly."""
    model.layers[-1].dtype_policy = keras.DTypePolicy("float32")


def _has_bfloat16() -> bool:
    """An accelerator with bfloat16 units: CUDA capability 8 or more, or a TPU."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        if tf.config.list_physical_devices("TPU"):
            return True
        details = [
            tf.config.experimental.get_device_details(device)
            for device in tf.config.list_physical_devices("GPU")
        ]
        capabilities = [detail.get("compute_capability", (0, 0)) for detail in details]
        return bool(capabilities) and min(capabilities) >= (8, 0)
    if backend == "torch":
        cuda = import_module("torch").cuda
        return bool(cuda.is_available() and cuda.is_bf16_supported())
    if backend == "jax":
        return str(import_module("jax").default_backend()) in ("gpu", "tpu")
    return False


def schedule(
    name: str, highest: float, steps: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Warm-up to the highest rate, then half a cosine down.

    Loshchilov and Hutter 2017, arXiv:1608.03983; one-cycle: Smith and Topin 2018,
    arXiv:1708.07120, its rates without its cycle of momentum.
    """
    warm_up = max(1, round(_WARM_UP[name] * steps))
    first, last = _ENDS[name]
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=highest * first,
        decay_steps=max(1, steps - warm_up),
        alpha=last,
        warmup_target=highest,
        warmup_steps=warm_up,
    )
