"""Six words of the field that a reader may not have: one hover away on the page."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

WORDS = {
    "rung": "A network at one input resolution, such as small_resnet@96: small_resnet "
    "for pictures of 96 x 96 pixels.",
    "ladder": "Some rungs in ascending cost, of which one is chosen for each picture.",
    "cascade": "Runs the cheapest rung first and goes on to the next only where the "
    "answer is not sure enough.",
    "MACs": "Multiply-accumulates, the computation of one picture. 1 MAC = 2 FLOPs; "
    "MMACs are millions.",
    "drop": "What is lost against the reference: of accuracy in points (percentage "
    "points, positive is worse), of FLOPs in per cent.",
    "certified": "Tested on pictures that had no part in the choice: with the "
    "confidence named, the true drop is within the limit.",
}
_FORMS = {
    "rungs": "rung", "ladders": "ladder", "cascades": "cascade", "mmacs": "MACs",
    "macs": "MACs", "drops": "drop", "certificate": "certified",
}  # fmt: skip
_FOUND = re.compile(
    r"(?<![\w@/-])(" + "|".join([*WORDS, *_FORMS]) + r")(?![\w@/-])", re.IGNORECASE
)


def explained(text: str) -> "Markup":
    """Escaped text in which each of the words, at its first place, can be hovered."""
    from markupsafe import Markup, escape

    seen: set[str] = set()

    def marked(match: "re.Match[str]") -> str:
        said = match[0].lower()
        word = _FORMS.get(said) or next(w for w in WORDS if w.lower() == said)
        if word in seen:
            return match[0]
        seen.add(word)
        told = escape(WORDS[word])
        return f'<dfn tabindex="0" data-tip="{told}">{match[0]}</dfn>'

    return Markup(_FOUND.sub(marked, str(escape(text))))
