"""One head for all resolutions, as tables: verdicts, and gains over label counts."""

from typing import TYPE_CHECKING

import numpy as np

from reports.table import Table

if TYPE_CHECKING:
    from keras_models.adapting.head_choice import HeadFit
    from keras_models.adapting.head_trial import LabelTrial

_COLUMNS = (
    "resolution",
    "verdict",
    "fitted on",
    "held out",
    "right before %",
    "right after %",
    "loss before",
    "loss after",
    "fell by (standard error)",
)


def head_table(title: str, head_fit: "HeadFit", command: str) -> Table:
    """One line a resolution; all figures are of the held-out pictures."""
    rows = tuple(
        (
            str(outcome.resolution),
            "one head" if outcome.accepted else "declined",
            str(outcome.pictures),
            str(outcome.held_out),
            f"{100 * outcome.right_before:.1f}",
            f"{100 * outcome.right_after:.1f}",
            f"{outcome.loss_before:.3f}",
            f"{outcome.loss_after:.3f}",
            f"{outcome.gain:.3f} ({outcome.gain_error:.3f})",
        )
        for outcome in head_fit.outcomes
    )
    native = head_fit.outcomes[0].resolution
    notes = (
        "Loss: cross-entropy, nats a picture. All on held-out pictures, which also "
        f"chose how near the head stays to the trained one (strength "
        f"{head_fit.strength:g}), so that they flatter it a little: judge it with "
        "`reswise drop --adapted` on others. Declined: the loss fell by less than two "
        f"standard errors (at {native}: it rose), or fewer answers were right; the "
        "trained head stays there.",
    )
    return Table(
        title=title,
        columns=_COLUMNS,
        rows=rows,
        words=2,
        notes=notes,
        kind="adaptation",
        more=("fitted on", "held out"),
        command=command,
    )


def label_table(
    title: str, trials: "list[LabelTrial]", native: int, command: str
) -> Table:
    """One line a number of labels and resolution."""
    groups: dict[tuple[int | None, int], list[LabelTrial]] = {}
    for trial in trials:
        groups.setdefault((trial.count, trial.resolution), []).append(trial)
    columns = (
        "pictures a class", "resolution", "one head", "trained head %", "after %",
        "gain, points (95 %)", "least..most", "if never declined", "fitted on",
        "held out",
    )  # fmt: skip
    draws = len(next(iter(groups.values())))
    judged = len(np.unique(np.concatenate([trial.rows for trial in trials])))
    notes = (
        f"Means over {draws} random draw{'s' if draws > 1 else ''}, judged on {judged} "
        "pictures that fitted and decided nothing. One head: in how many draws it was "
        f"taken; the trained head stays elsewhere. {native} is the native resolution. "
        "The interval is over the pictures, of their mean over the draws; least and "
        "most are over the draws.",
    )
    rows = tuple(map(_row, groups.values()))
    return Table(
        title=title,
        columns=columns,
        rows=rows,
        words=2,
        notes=notes,
        kind="adaptation-trial",
        more=("least..most", "if never declined", "fitted on", "held out"),
        command=command,
    )


def _row(trials: "list[LabelTrial]") -> tuple[str, ...]:
    before, after, tuned = (
        100 * np.concatenate([getattr(one, part) for one in trials]).mean()
        for part in ("before", "after", "tuned")
    )
    gains = [100 * (one.after.mean() - one.before.mean()) for one in trials]
    low, high = _interval(trials)
    count = trials[0].count
    return (
        "all" if count is None else str(count),
        str(trials[0].resolution),
        f"{sum(one.accepted for one in trials)}/{len(trials)}",
        f"{before:.2f}",
        f"{after:.2f}",
        f"{after - before:+.2f} ({low:+.2f}..{high:+.2f})",
        f"{min(gains):+.2f}..{max(gains):+.2f}",
        f"{tuned - before:+.2f}",
        str(trials[0].pictures),
        str(trials[0].held_out),
    )


def _interval(trials: "list[LabelTrial]") -> tuple[float, float]:
    """Normal, over pictures: each counts once, with its mean over the draws."""
    rows = np.concatenate([one.rows for one in trials])
    each = np.concatenate([one.after.astype(float) - one.before for one in trials])
    times = np.bincount(rows)
    means = (np.bincount(rows, each)[times > 0] / times[times > 0]) * 100
    error = 1.96 * means.std(ddof=1) / np.sqrt(means.size)
    return float(means.mean() - error), float(means.mean() + error)
