"""What adaptations came to, as a table: match with the native scores, verdict."""

from typing import TYPE_CHECKING

import numpy as np

from reports.table import Table

if TYPE_CHECKING:
    from keras_models.adapted import Outcome
    from keras_models.adapting.trial import Trial

_COLUMNS = (
    "resolution",
    "verdict",
    "adapted on",
    "held out",
    "divergence before",
    "divergence after",
    "fell by (standard error)",
    "worth before %",
    "worth after % (standard error)",
    "numbers tuned",
)


def adapt_table(
    title: str,
    native: int,
    outcomes: "list[Outcome]",
    command: str,
) -> Table:
    """One line a resolution; divergence and agreement are on the held-out pictures."""
    rows = tuple(
        (
            str(outcome.resolution),
            "adapted" if outcome.accepted else "declined",
            str(outcome.pictures),
            str(outcome.held_out),
            f"{outcome.before.divergence:.3f}",
            f"{outcome.after.divergence:.3f}",
            f"{outcome.gain:.3f} ({outcome.gain_error:.3f})",
            f"{100 * outcome.before.expected:.1f}",
            f"{100 * outcome.after.expected:.1f} ({100 * outcome.worth_error:.1f})",
            f"{outcome.tuned:,}",
        )
        for outcome in outcomes
    )
    notes = (
        f"Divergence: Kullback-Leibler, nats a picture, of the scores from those at "
        f"{native} pixels. Worth: mean score at {native} of the class that comes first "
        "here. Both on held-out pictures, which chose nothing. Declined: the "
        "divergence fell, or the worth rose, by less than two standard errors; the "
        "network stays as it was there. No label was read.",
    )
    return Table(
        title=title,
        columns=_COLUMNS,
        rows=rows,
        words=2,
        notes=notes,
        kind="adaptation",
        more=("adapted on", "held out", "numbers tuned"),
        command=command,
    )


def trials_table(title: str, trials: "list[Trial]", splits: int, command: str) -> Table:
    """One line a resolution: gains in top-1 on the halves that no adaptation saw."""
    resolutions = list(dict.fromkeys(trial.resolution for trial in trials))
    rows = tuple(
        _trials_row([trial for trial in trials if trial.resolution == resolution])
        for resolution in resolutions
    )
    columns = (
        "resolution", "adapted", "native top-1 %", "before %", "after %",
        "gain, points: mean (sd)", "least..most", "gain if never declined",
        "pictures",
    )  # fmt: skip
    notes = (
        f"{splits} random halves, of {trials[0].tested} tested images each; means over "
        "them. Adapted: how often it was accepted; before stays where it was declined. "
        "Halves share images, so their spread is less than that of new ones.",
    )
    return Table(
        title=title,
        columns=columns,
        rows=rows,
        words=2,
        notes=notes,
        kind="adaptation-trial",
        more=("least..most", "gain if never declined", "pictures"),
        command=command,
    )


def _trials_row(trials: "list[Trial]") -> tuple[str, ...]:
    gains = 100 * np.array([trial.after - trial.before for trial in trials])
    tuned = 100 * np.array([trial.tuned - trial.before for trial in trials])
    spread = f"{gains.std(ddof=1):.2f}" if gains.size > 1 else "one split"
    parts = ("native", "before", "after")
    means = (np.mean([getattr(trial, part) for trial in trials]) for part in parts)
    return (
        str(trials[0].resolution),
        f"{sum(trial.accepted for trial in trials)}/{len(trials)}",
        *(f"{100 * mean:.2f}" for mean in means),
        f"{gains.mean():+.2f} ({spread})",
        f"{gains.min():+.2f}..{gains.max():+.2f}",
        f"{tuned.mean():+.2f}",
        str(trials[0].pictures),
    )
