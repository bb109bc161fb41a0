"""Names beside pictures that systems and programs leave there: never a class.

They are passed over and counted, and one line says so.
"""

from collections import Counter
from collections.abc import Iterable

# Folders and files by exact name, in lower case; whatever begins with a dot is one too.
_LEFT_BY = {
    "@eadir": "@eaDir",  # thumbnails of Synology's network storage
    "@recycle": "@Recycle",  # QNAP
    "#recycle": "#recycle",  # Synology
    "$recycle.bin": "$RECYCLE.BIN",
    "system volume information": "System Volume Information",
    "__macosx": "__MACOSX",  # what macOS's zip adds
    "__pycache__": "__pycache__",
    "lost+found": "lost+found",
    "thumbs.db": "Thumbs.db",
    "ehthumbs.db": "ehthumbs.db",
    "desktop.ini": "desktop.ini",
    "icon\r": "Icon",
}


def left_behind(name: str) -> str | None:
    """What kind of such a name it is; None: it may be a picture or a class."""
    known = _LEFT_BY.get(name.lower())
    if known:
        return known
    if name.startswith("._"):
        return "._* (AppleDouble)"
    if name in (".ipynb_checkpoints", ".DS_Store"):
        return name
    return "hidden names" if name.startswith(".") else None


def told(counts: "Counter[str]") -> Iterable[str]:
    """Notes, one at most: "passed over: @eaDir 1, Thumbs.db 3"."""
    named = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
    return (f"passed over: {named}",) if named else ()
