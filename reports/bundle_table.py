"""A bundle's rungs, one a line; selector, savings and certificate below."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convert.bundle import Bundle
    from reports.table import Table


def bundle_table(bundle: "Bundle") -> "Table":
    """The rungs, one a line; selector, savings and certificate below."""
    from convert.bundle_words import notes, summary
    from reports.table import Table

    columns = (
        "rung", "recipe", "file", "signature", "input", "output", "resolution",
        "MMACs", "parameters", "file MB",
    )  # fmt: skip
    sizes = {rung.file: rung.size_bytes for rung in bundle.manifest.files}
    rows = tuple(
        (
            rung.rung,
            rung.recipe,
            rung.file,
            rung.signature or f"(subgraph {rung.subgraph})",
            rung.input.dtype,
            rung.output.dtype,
            str(rung.resolution),
            f"{rung.macs / 1e6:,.2f}",
            f"{rung.parameters:,}",
            f"{sizes[rung.file] / 1e6:,.2f}",
        )
        for rung in bundle.manifest.rungs
    )
    title = f"{bundle.manifest.name}: {summary(bundle)}"
    return Table(
        title=title,
        columns=columns,
        rows=rows,
        words=6,
        notes=notes(bundle),
        kind="bundle",
        more=("signature", "input", "output", "resolution"),
    )
