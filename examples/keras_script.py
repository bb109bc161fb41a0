"""From a trained Keras model to a bundle with a certified plan, as a script.

    python examples/keras_script.py [--limit 400] [--run runs/example]

It takes the glyphs network so that it runs anywhere; put your own model and
`folder:pictures` in its place.
"""

import argparse
import json
from pathlib import Path

import convert
import keras_models
import selection
from datasets.files import write_text
from keras_models.loading import ModelChoice, load


def main() -> None:
    """Rebuilds, sweeps, plans; prints what each gave."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--run", type=Path, default=Path("runs/example"))
    flags = parser.parse_args()

    model = load(ModelChoice("small_resnet", "glyphs")).model
    small = keras_models.rebuild(model, 48)
    print(f"{model.name}: {model.inputs[0].shape[1]} -> {small.inputs[0].shape[1]} px")

    rungs = keras_models.sweep(
        model, "glyphs", [64, 48, 32], flags.run, limit=flags.limit, normalisation="tf"
    )
    for name, rung in rungs.items():
        right = (rung.scores.argmax(axis=1) == rung.labels).mean()
        print(f"{name}: {rung.macs / 1e6:.2f} MMACs, top-1 {100 * right:.1f} %")

    found = selection.plan(rungs, f"{model.name}@96", max_drop_points=6, confidence=0.9)
    print(found.plan.certificate.sentence())
    print(f"{found.verdict.saved_percent:.1f} % of the MACs saved on other images")
    path = flags.run / "plan.json"
    write_text(path, json.dumps(found.to_json(), indent=1) + "\n")

    made = convert.to_bundle(
        [model], "glyphs", flags.run, plan=path, limit=100, normalisation="tf"
    )
    print(f"{made.bundle.folder}: {made.bundle.size_bytes / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
