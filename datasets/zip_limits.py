"""How many members a zip may have, and what they may unpack to.

Weights hardly shrink when they are packed, a pruned network to a tenth; a bomb does to
a thousandth.
"""

import zipfile
from typing import Any

from datasets.user_files import UserFile

MOST_MEMBERS = 10_000
_FREE_BYTES, _TIMES = 64 << 20, 20


def most_unpacked(packed: int) -> int:
    """Bytes that so many may unpack to."""
    return _FREE_BYTES + _TIMES * packed


def check_zip(file: UserFile) -> list[zipfile.ZipInfo]:
    """The members of a zip within the limits.

    Raises:
        InputError: no plain file, no zip, too many members, a name twice or outside
            the zip's own folder, or more bytes than such a file unpacks to.
    """
    path = file.checked()
    try:
        with zipfile.ZipFile(path) as held:
            members = held.infolist()
    except Exception as error:  # a foreign zip may raise anything
        raise file.wrong(f"is no zip that can be read ({str(error)[:120]})") from None
    if len(members) > MOST_MEMBERS:
        raise file.wrong(f"has {len(members):,} members, over {MOST_MEMBERS:,}")
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise file.wrong("holds a member twice")
    for name in names:
        if name.startswith("/") or "\\" in name or ".." in name.split("/"):
            raise file.wrong(f"has a member {name[:60]!a} that lies outside of it")
    _check_sizes(file, members, path.stat().st_size)
    return members


def _check_sizes(file: UserFile, members: list[Any], packed: int) -> None:
    unpacked = sum(member.file_size for member in members)
    most = most_unpacked(packed)
    if unpacked > most:
        raise file.wrong(
            f"has {packed:,} bytes, would unpack to {unpacked:,}, over {most:,}"
        )
