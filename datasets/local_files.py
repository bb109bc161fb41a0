"""Reading one picture's file, with guards against what is not a plain file."""

import errno
import os
import stat
from pathlib import Path

from datasets.decode import Unreadable
from datasets.errors import InputError
from datasets.user_files import UserFile

_MOST_BYTES = 1 << 30


def read_picture_file(path: Path) -> bytes:
    """The content of a plain file.

    Raises:
        OSError: missing, a folder, not permitted, ...
        Unreadable: a pipe or device, over 1 GiB, or a name that no file can have.
    """
    try:
        status = os.stat(path)
    except ValueError:  # a NUL in the name
        raise Unreadable("not a file name") from None
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("not a plain file")
    if status.st_size > _MOST_BYTES:
        raise Unreadable("larger than 1 GiB")
    try:
        return UserFile(path).content(_MOST_BYTES)
    except InputError as error:
        if not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None
        raise Unreadable(str(error.args[0]).rpartition("; ")[2].rstrip(".")) from None
