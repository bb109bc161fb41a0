"""Text from elsewhere, made fit to be shown: on a terminal, in Markdown, CSV, HTML.

Names of files, folders, classes and phones, and what other programs say, may hold
escape sequences that move a cursor, bytes that are no UTF-8, marks that turn a line
around, markup, formulas. `shown` is for any line of plain text; the others begin with
it.
"""

import re

# controls, line ends of other scripts, direction marks, surrogates, private marks
_UNSHOWABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?(\d[\d,.]*|\.\d+|inf|nan)(e[+-]?\d+)?( ?%)?", re.IGNORECASE)


def shown(text: str) -> str:
    r"""One line of text with nothing in it that acts: \x1b, \xff, \u202e stand spelt.

    A byte of a file name that is no UTF-8 is shown as that byte.
    """
    return _UNSHOWABLE.sub(_spelt, text)


def _spelt(letter: re.Match[str]) -> str:
    code = ord(letter[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name, as os.fsdecode has it
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def in_markdown(text: str) -> str:
    """For a cell or a line of GitHub Markdown: no HTML, no link, no picture."""
    plain = shown(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"(?<=\])\(", r"\\(", plain).replace("|", "\\|")


def in_csv(text: str) -> str:
    """For a cell that a spreadsheet may open: no formula; numbers stay as they are."""
    plain = shown(text)
    if plain.startswith(_FORMULA) and not _NUMBER.fullmatch(plain):
        return f"'{plain}"
    return plain


def safe_link(address: str) -> str:
    """An address for a page: https, http, or a path; anything else is none."""
    plain = shown(address)
    scheme = re.match(r"\s*([A-Za-z][A-Za-z0-9+.-]*)\s*:", plain)
    if scheme and scheme[1].lower() not in ("http", "https"):
        return ""
    return plain
