"""An HDF5 file before it is believed: what its tensors unpack to, where they lie.

A file of some kilobytes may declare tensors of terabytes, packed or never written, or
tensors that lie in other files of the machine.
"""

import math
from typing import Any

from datasets.user_files import UserFile
from datasets.zip_limits import MOST_MEMBERS, most_unpacked

_DEEPEST = 40


def check_hdf5(file: UserFile) -> None:
    """Refuses what is no HDF5 file within the limits.

    Raises:
        InputError: no plain file, no HDF5, tensors in other files, or more bytes than
            such a file unpacks to.
    """
    import h5py

    path = file.checked()
    most = most_unpacked(path.stat().st_size)
    try:
        with h5py.File(path) as held:
            unpacked, members = _unpacked(held)
    except Exception as error:  # a foreign file may raise anything
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise file.wrong(f"is no HDF5 file that can be read ({first[:160]})") from None
    if unpacked > most or members > MOST_MEMBERS:
        raise file.wrong(
            f"has {members:,} tensors that would unpack to {unpacked:,} bytes, over "
            f"{most:,}"
        )


def _unpacked(group: Any, depth: int = 0) -> tuple[int, int]:
    """(bytes, tensors) of a group; counting ends soon after too many."""
    import h5py

    if depth > _DEEPEST:
        raise ValueError(f"groups within groups, over {_DEEPEST} deep")
    size = members = 0
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"{name[:40]!a} is a link")
        item = group[name]
        if isinstance(item, h5py.Group):
            more, inner = _unpacked(item, depth + 1)
            size, members = size + more, members + inner
            continue
        if item.is_virtual or item.external:
            raise ValueError(f"{name[:40]!a} lies in another file")
        size += math.prod(item.shape or ()) * item.dtype.itemsize
        members += 1
        if members > MOST_MEMBERS:
            break
    return size, members
