"""What adaptations came to, as a table: match with the native scores, verdict."""

from typing import TYPE_CHECKING

from reports.table import Table

if TYPE_CHECKING:
    from keras_models.adapt import Outcome

_COLUMNS = (
    "resolution",
    "verdict",
    "adapted on",
    "held out",
    "divergence before",
    "after",
    "fell by (standard error)",
    "worth before %",
    "after %",
    "numbers tuned",
    "minutes",
)


def adapt_table(
    title: str,
    native: int,
    outcomes: "list[Outcome]",
    minutes: list[float],
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
            f"{100 * outcome.after.expected:.1f}",
            f"{outcome.tuned:,}",
            f"{took:.1f}",
        )
        for outcome, took in zip(outcomes, minutes, strict=True)
    )
    notes = (
        f"Divergence: Kullback-Leibler, nats a picture, of the scores from those at "
        f"{native} pixels. Worth: mean score at {native} of the class that comes first "
        "here. Both on held-out pictures, which chose nothing. Declined: the "
        "divergence fell by less than two standard errors, or the worth fell; the "
        "network stays as it was there. No label was read.",
        f"Command: {command}",
    )
    return Table(title, _COLUMNS, rows, 2, notes)
