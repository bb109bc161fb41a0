"""What the functions for scripts return: numbers as a data frame, a figure, a table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.errors import InputError
from keras_models.scoring.score_records import StoredRung
from reports.agreement import Agreement
from reports.rows import Row
from reports.table import Table

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from convert.compressing.outcome import Outcome as Compression
    from convert.converting import Result as Conversion
    from keras_models.adapted import Outcome
    from selection.plans.planned import Planned


@dataclass(frozen=True, kw_only=True)
class Result:
    """Rows of numbers, and the tables that a verb would print of them."""

    rows: tuple[Row, ...]
    tables: tuple[Table, ...]
    run: Path  # the folder that holds all of it

    def table(self) -> Any:
        """The numbers as a pandas.DataFrame, a row a measured thing.

        Raises:
            InputError: pandas is not installed.
        """
        return _frame([_values(row) for row in self.rows])

    def figure(self) -> "Figure":
        """A matplotlib figure: accuracy against the MACs of an image."""
        from reports.figures import macs_figure

        return macs_figure(list(self.rows))

    def _repr_html_(self) -> str:
        return "".join(map(as_html, self.tables))

    def __str__(self) -> str:
        return "\n".join(table.markdown() for table in self.tables)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sweep(Result, Mapping[str, StoredRung]):
    """Rung name, such as mobilenet_v2@160, -> its scores, labels, MACs."""

    rungs: Mapping[str, StoredRung]
    agreements: tuple[
        Agreement, ...
    ] = ()  # where an image has no label: in place of rows

    def table(self) -> Any:
        """A pandas.DataFrame of drops; where labels are missing, of agreement."""
        if self.agreements:
            return _frame([asdict(one) for one in self.agreements])
        return super().table()

    def __getitem__(self, rung: str) -> StoredRung:
        return self.rungs[rung]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rungs)

    def __len__(self) -> int:
        return len(self.rungs)

    def figure(self) -> "Figure":
        """Accuracy against resolution with 95 % intervals.

        Raises:
            InputError: an image has no label.
        """
        from reports.figures import accuracy_figure

        if self.agreements:
            raise InputError.of(
                self.run, "images without labels have no accuracy to draw", "labels"
            )

        return accuracy_figure(list(self.rows))


@dataclass(frozen=True, kw_only=True)
class Selection(Result):
    """Selectors over the same images: one row each, and one a fixed rung."""


@dataclass(frozen=True, kw_only=True)
class CertifiedPlan(Result):
    """A plan, what it did on images that chose nothing, and where its JSON lies."""

    planned: "Planned"
    path: Path  # plan.json

    @property
    def certified(self) -> bool:
        return self.planned.certified

    @property
    def sentence(self) -> str:
        """The certificate in words, or how many images it would take."""
        return self.planned.plan.certificate.sentence()


@dataclass(frozen=True, kw_only=True)
class Adapted(Result):
    """An adaptation: one outcome a resolution, adapted or declined."""

    outcomes: tuple["Outcome", ...]
    models: Mapping[int, "keras.Model"]  # by resolution, as they are now

    def table(self) -> Any:
        """The outcomes as a pandas.DataFrame, a row a resolution."""
        return _frame(
            [
                {
                    "resolution": outcome.resolution,
                    "accepted": outcome.accepted,
                    "pictures": outcome.pictures,
                    "held_out": outcome.held_out,
                    "divergence_before": outcome.before.divergence,
                    "divergence_after": outcome.after.divergence,
                    "worth_before": outcome.before.expected,
                    "worth_after": outcome.after.expected,
                }
                for outcome in self.outcomes
            ]
        )

    def figure(self) -> "Figure":
        """How far scores were from the native ones, before and after."""
        from reports.figures import match_figure

        return match_figure(self.outcomes)


@dataclass(frozen=True, kw_only=True)
class Bundled(Result):
    """A bundle, and how each of its rungs compares with its float parent."""

    conversion: "Conversion"

    @property
    def folder(self) -> Path:
        return self.conversion.bundle.folder

    @property
    def failures(self) -> list[str]:
        """The checks that it does not pass, a line each."""
        return self.conversion.failures


@dataclass(frozen=True, kw_only=True)
class Compressed(Result):
    """Variants of one network, a row each, and which of them to take."""

    outcome: "Compression"

    def table(self) -> Any:
        """The variants as a pandas.DataFrame, a row each, the parent first."""
        return _frame(self._facts()["points"])

    def figure(self) -> "Figure":
        """Accuracy against bytes, MACs and latency."""
        from reports.compress_front import front_figure

        return front_figure(self._facts())

    def _facts(self) -> Any:
        from reports.compress_front import front_facts

        return front_facts(self.outcome, "", {})

    @property
    def cheapest(self) -> Mapping[str, str]:
        """By bytes, MACs and latency the cheapest certified variant; "": none is."""
        from convert.compressing.outcome import COSTS

        best = {cost: self.outcome.cheapest(place) for place, cost in enumerate(COSTS)}
        return {cost: entry.text if entry else "" for cost, entry in best.items()}

    def keras_file(self, variant: str) -> Path:
        """The .keras file of a variant, as the table names it.

        Raises:
            InputError: it has none: it is no variant, or the parent's own network.
        """
        for entry in self.outcome.entries:
            if entry.text == variant and entry.variant and entry.variant.keras_file:
                return self.run / entry.variant.keras_file
        raise InputError("variant", variant, "one that changes the network")


@dataclass(frozen=True, kw_only=True)
class Benched(Result):
    """A bundle's selector and each of its rungs on a machine."""

    valid: bool

    def figure(self) -> "Figure":
        """Accuracy against the median latency of an image."""
        from reports.figures import latency_figure

        return latency_figure(list(self.rows))


@dataclass(frozen=True, kw_only=True)
class Page(Result):
    """Everything under run folders, and the HTML page that shows it."""

    path: Path


def as_html(table: Table) -> str:
    """The table for a notebook."""
    head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in table.rows
    )
    notes = "".join(f"<p>{escape(note)}</p>" for note in table.notes)
    return (
        f"<h4>{escape(table.title)}</h4><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{notes}"
    )


def _values(row: Row) -> dict[str, object]:
    return {field.name: getattr(row, field.name) for field in fields(row)}


def _frame(records: Sequence[Mapping[str, object]]) -> Any:
    """A data frame without the columns that nothing fills."""
    try:
        import pandas as pd
    except ImportError as error:
        raise InputError.of(
            "table()",
            "the package pandas is not installed",
            "",
            "Install it, or reswise[pandas]; 'rows' holds the same numbers.",
        ) from error
    return pd.DataFrame(records).dropna(axis="columns", how="all")
