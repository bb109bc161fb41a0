"""From a trained Keras model to a bundle with a certified plan, as a script.

    python examples/keras_script.py [--limit 400] [--run runs/example]

It takes the glyphs network so that it runs anywhere; put your own model and
`folder:pictures` in its place.
"""

import argparse
from pathlib import Path

import reswise


def main() -> None:
    """Rebuilds, sweeps, plans, converts; prints what each gave."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--run", type=Path, default=Path("runs/example"))
    flags = parser.parse_args()

    model = reswise.model("small_resnet", "glyphs")
    small = reswise.rebuild(model, 48)
    print(f"{model.name}: {model.inputs[0].shape[1]} -> {small.inputs[0].shape[1]} px")

    run = flags.run
    rungs = reswise.sweep(
        model, "glyphs", [64, 48, 32], run, limit=flags.limit, normalisation="tf"
    )
    for row in rungs.rows:
        print(f"{row.ladder}: {(row.macs or 0) / 1e6:.2f} MMACs, top-1 {row.top1:.3f}")

    native = f"{model.name}@96"
    plan = reswise.plan(rungs, native, run / "plan", max_drop=6, confidence=0.9)
    print(plan.sentence)
    print(f"{plan.rows[0].flops_drop_percent:.1f} % of the MACs saved on other images")

    made = reswise.convert(
        [model],
        "glyphs",
        run / "convert",
        plan=plan.path,
        limit=100,
        normalisation="tf",
    )
    print(made)
    page = reswise.report([run], run / "report")
    print(f"wrote {page.path}")


if __name__ == "__main__":
    main()
