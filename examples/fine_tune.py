"""Transfer learning as Keras's own guide teaches it: a model of your own, in minutes.

    python examples/fine_tune.py --images flowers --weights mobilenet_v2.weights.h5 \\
        --run runs/flowers

A MobileNetV2 that knows other pictures becomes a nested base under a new head: first
the head alone is trained, then the last blocks too, at a small learning rate. After
https://keras.io/guides/transfer_learning; nothing in it is made for reswise.

It needs class folders under IMAGES/train and IMAGES/validation, and the trained weights
of the base: `--weights imagenet` lets Keras download them (to ~/.keras, its own place),
a .weights.h5 file of keras.applications' MobileNetV2 needs no network, and `glyphs` are
those that reswise carries. It writes RUN/<name of RUN>.keras and RUN/history.json, and
nothing else. 1,400 pictures of 224 pixels take some ten minutes on 2 cores.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import keras

FIRST_TUNED = {"all": 0, "top": 116}  # of the base's layers: block 13 begins at 116


def main() -> None:
    """Trains in two steps; says how good each became on the validation pictures."""
    flags = _flags()
    keras.utils.set_random_seed(flags.seed)
    began = time.monotonic()
    pictures = {
        part: keras.utils.image_dataset_from_directory(
            flags.images / part,
            image_size=(flags.resolution, flags.resolution),
            batch_size=flags.batch,
            label_mode="int",
            seed=flags.seed,
        )
        for part in ("train", "validation")
    }
    base = pretrained_base(flags.weights, flags.resolution)
    model = with_new_head(base, len(pictures["train"].class_names), flags.resolution)
    history = [
        _trained(model, pictures, flags.epochs, 1e-3),
        _trained(model, pictures, flags.fine_tuning_epochs, 1e-4, base, flags.tuned),
    ]
    _save(model, flags, history, (time.monotonic() - began) / 60)


def _flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--images", type=Path, required=True, help="has train/ and validation/")
    add("--weights", default="imagenet", help="imagenet, glyphs, or a .weights.h5 file")
    add("--resolution", type=int, default=224, help="pixels, native from here on")
    add("--epochs", type=int, default=6, help="of the head alone")
    add("--fine-tuning-epochs", type=int, default=3, help="of the last blocks too")
    add("--tuned", choices=tuple(FIRST_TUNED), default="top", help="blocks tuned")
    add("--batch", type=int, default=32)
    add("--seed", type=int, default=0)
    add("--run", type=Path, default=Path("runs/mine"), help="where the model goes")
    return parser.parse_args()


def pretrained_base(weights: str, resolution: int) -> keras.Model:
    """MobileNetV2 without its classifier; with `glyphs`, the narrow packaged one."""
    shape = (resolution, resolution, 3)
    build = keras.applications.MobileNetV2
    if weights == "imagenet":
        return build(input_shape=shape, include_top=False, weights="imagenet")
    if weights == "glyphs":
        import reswise

        whole, alpha = reswise.model("mobilenet_v2", "glyphs"), 0.35
    else:
        whole, alpha = build(weights=None), 1.0
        whole.load_weights(weights)
    base = build(input_shape=shape, include_top=False, weights=None, alpha=alpha)
    base.set_weights(whole.get_weights()[: len(base.weights)])
    return base


def with_new_head(base: keras.Model, classes: int, resolution: int) -> keras.Model:
    """The guide's model: augmentation and scaling inside, pixels 0..255 come in."""
    base.trainable = False
    augmentation = keras.Sequential(
        [keras.layers.RandomFlip("horizontal"), keras.layers.RandomRotation(0.1)]
    )
    inputs = keras.Input((resolution, resolution, 3))
    x = augmentation(inputs)
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(x)
    x = base(x, training=False)  # batch norm keeps its statistics when it is unfrozen
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.2)(x)
    outputs = keras.layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, outputs)


def _trained(
    model: keras.Model,
    pictures: dict[str, Any],
    epochs: int,
    learning_rate: float,
    base: keras.Model | None = None,
    tuned: str = "all",
) -> dict[str, list[float]]:
    """One step of two. With a base, its last blocks are tuned too."""
    if base is not None:
        base.trainable = True
        for layer in base.layers[: FIRST_TUNED[tuned]]:
            layer.trainable = False
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    history = model.fit(
        pictures["train"],
        validation_data=pictures["validation"],
        epochs=epochs,
        shuffle=False,  # the data set shuffles itself
        verbose=2,
    )
    return {
        name: [float(one) for one in each] for name, each in history.history.items()
    }


def _save(
    model: keras.Model, flags: argparse.Namespace, history: list[Any], minutes: float
) -> None:
    flags.run.mkdir(parents=True, exist_ok=True)
    path = flags.run / f"{flags.run.name}.keras"
    unfinished = path.with_name(f".{path.name}")
    model.save(unfinished)
    unfinished.replace(path)
    facts = {"minutes": round(minutes, 1), "head": history[0], "tuned": history[1]}
    (flags.run / "history.json").write_text(json.dumps(facts, indent=1) + "\n")
    right = [f"{100 * one['val_accuracy'][-1]:.1f} %" for one in history if one]
    print(f"validation, head alone and then tuned: {', '.join(right)}")
    print(f"wrote {path} after {minutes:.1f} minutes")


if __name__ == "__main__":
    main()
