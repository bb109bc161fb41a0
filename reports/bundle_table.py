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
    sizes = {one.file: one.size_bytes for one in bundle.manifest.files}
    rows = tuple(
        (
            one.rung,
            one.recipe,
            one.file,
            one.signature or f"(subgraph {one.subgraph})",
            one.input.dtype,
            one.output.dtype,
            str(one.resolution),
            f"{one.macs / 1e6:,.2f}",
            f"{one.parameters:,}",
            f"{sizes[one.file] / 1e6:,.2f}",
        )
        for one in bundle.manifest.rungs
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
