"""What labels a cascade needs: stored scores of two networks, thresholds by hand.

The scores are those of `reswise drop --run DIR` over the same images, DIR given by the
environment variable RESWISE_SCORES: mobilenet_v2@224 and resnet50_v15 at 192 and 224.
Thresholds are those of a table once printed, so they were chosen in hindsight on other
images; the bounds are exact for each row alone. Then, for plans that the tool searches
itself, what is certified after how many labels.
"""

import os
from pathlib import Path

from keras_models.scoring.stored_scores import load_rungs
from selection.plans.bound import upper_bound
from selection.plans.known import Known, compared
from selection.plans.planning import parts_of, searched_family
from selection.plans.request import Request
from selection.replay import replay
from selection.scored import Scored, from_stored
from selection.selectors.cascade import Cascade
from selection.split import split

REFERENCE, CHEAP = "resnet50_v15@224", "mobilenet_v2@224"
SEEDS = (300, 301, 302)
PARTS = (1100, 300)  # images that choose; those of them that search
ROWS = (
    (REFERENCE, 0.4, "last"),
    (REFERENCE, 0.5, "last"),
    (REFERENCE, 0.7, "last"),
    (REFERENCE, 0.5, "mean"),
    (REFERENCE, 0.7, "mean"),
    ("resnet50_v15@192", 0.5, "mean"),
    ("resnet50_v15@192", 0.35, "mean"),
)


def main() -> None:
    """Prints a table of Markdown."""
    folder = Path(os.environ.get("RESWISE_SCORES", "runs/photographs"))
    if not folder.is_dir():
        print(f"labels: no scores at {folder}; set RESWISE_SCORES to a --run folder")
        return
    scored = from_stored(load_rungs(folder))
    print(
        f"labels: {scored.images:,} images, against {REFERENCE}, exact bounds at 95 %"
    )
    print("| ends at | top1 | answer | MACs saved % | answers differ % | labels "
          "| lost / won | measured | bound |")  # fmt: skip
    print("|---|---:|---|---:|---:|---:|---:|---:|---:|")
    for top, threshold, answer in ROWS:
        print(
            _row(
                scored,
                Cascade(ladder=(CHEAP, top), thresholds=(threshold,), answer=answer),
            )
        )
    print("\n| seed | labels: saving certified % by then | labels in all |")
    print("|---:|---|---:|")
    for seed in SEEDS:
        print(_front(scored, seed))


def _front(scored: Scored, seed: int) -> str:
    """A look after every label: what the plan saves that has passed by then."""
    calibration, _ = split(scored, PARTS[0], seed)
    request = Request(
        reference=REFERENCE,
        max_drop_points=1.0,
        seed=seed,
        search_part=PARTS[1],
        search_labels=False,
    )
    searching, certifying = parts_of(calibration, request)
    family = searched_family(searching, certifying, request)
    asked = family.asked(certifying.labels)
    steps = [f"{step.labels}: {step.saved_percent:.1f}" for step in asked.steps]
    return f"| {seed} | {', '.join(steps) or 'none'} | {asked.known.said} |"


def _row(scored: Scored, cascade: Cascade) -> str:
    done, column = replay(cascade, scored), scored.index(REFERENCE)
    reference = scored.answers[:, column]
    seen = compared(reference, done.answers, Known(scored.labels)).at_worst()
    saved = 100 * (1 - done.mean_macs / scored.macs[column])
    cells = (
        cascade.ladder[-1], f"{cascade.thresholds[0]:g}", cascade.answer,
        f"{saved:.1f}", f"{100 * seen.differing / seen.images:.1f}",
        str(seen.differing), f"{seen.lost} / {seen.won}", f"{100 * seen.drop:.2f}",
        f"{100 * upper_bound(seen, 0.95):.2f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"
