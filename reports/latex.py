"""A table as LaTeX: booktabs, a label to refer to, headings that differ, escaped."""

import hashlib
import re
from collections.abc import Sequence

from datasets.shown import name_bytes

_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#",
    "_": r"\_", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "<": r"$<$", ">": r"$>$", "→": r"$\rightarrow$",
    "×": r"$\times$", "≥": r"$\geq$", "≤": r"$\leq$", "±": r"$\pm$", "·": r"$\cdot$",
    "…": r"\ldots{}", "µ": r"$\mu$", "−": r"$-$",
}  # fmt: skip
_UNITS = ("%", "ms", "MB", "kB", "minutes")
_LONGEST = 60


def latex(
    title: str,
    name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    words: int,
    notes: Sequence[str],
) -> str:
    r"""For a preamble with booktabs and graphicx.

    Args:
        name: what \ref refers to, of `label`.
        words: the first columns, which are aligned left.
    """
    marks = "l" * words + "r" * (len(columns) - words)
    lines = [
        r"\begin{table}",
        rf"\caption{{{escaped(title)}}}",
        rf"\label{{{name}}}",
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{marks}}}",
        r"\toprule",
        _row([with_unit(name) for name in distinct(columns)]),
        r"\midrule",
        *map(_row, rows),
        r"\bottomrule",
        r"\end{tabular}}",
        *(rf"\par\footnotesize {escaped(note)}" for note in notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def label(kind: str, title: str) -> str:
    """tab:KIND-TITLE, of letters that a label may have; a long one ends in a hash."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    if len(words) > _LONGEST:
        digest = hashlib.sha256(name_bytes(title)).hexdigest()[:6]
        words = f"{words[:_LONGEST].strip('-')}-{digest}"
    return f"tab:{kind}-{words}"


def with_unit(name: str) -> str:
    """`drop, points` -> `drop (points)`, `top-1 % (95 %)` -> `top-1 (%; 95 %)`."""
    told, _, rest = name.partition(" (")
    words = told.replace(", points", " points").split()
    unit = words[-1] if words and words[-1] in (*_UNITS, "points") else ""
    if not unit or len(words) == 1:
        return name
    more = f"; {rest}" if rest else ")"
    return f"{' '.join(words[:-1])} ({unit}{more}"


def distinct(columns: Sequence[str]) -> list[str]:
    """Headings that differ: one that is there already says what it stands beside."""
    told: list[str] = []
    for index, name in enumerate(columns):
        said = name
        if columns.count(name) > 1 and index:
            said = f"{columns[index - 1]}, {name}"
        number = told.count(said)
        told.append(f"{said} ({number + 1})" if number else said)
    return told


def escaped(text: str) -> str:
    """Text as LaTeX reads it back."""
    # two hyphens would become one dash, and a flag could not be copied
    text = re.sub(r".", lambda letter: _ESCAPES.get(letter[0], letter[0]), text)
    return re.sub(r"-(?=-)", "-{}", text)


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"
