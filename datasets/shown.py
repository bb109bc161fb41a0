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
_FORMULA = re.compile(r"\s*([=@]|[+-][^(|!]*[(|!])")
_TAG, _LINK = re.compile(r"<(?=[A-Za-z/!?])"), re.compile(r"\](?=[(\[:])")


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
    return _LINK.sub(r"\\]", _TAG.sub("&lt;", shown(text)))


def in_csv(text: str) -> str:
    """For a cell that a spreadsheet may open: no formula; numbers stay as they are."""
    plain = "\n".join(map(shown, text.split("\n")))
    return f"'{plain}" if _FORMULA.match(plain) else plain


def from_csv(cell: str) -> str:
    """What `in_csv` was given, as far as it could be shown."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def name_bytes(name: str) -> bytes:
    """The bytes of a name, to be hashed: those of a file's as the disk has them."""
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, of a JSON text
        return name.encode("utf-8", "surrogatepass")
