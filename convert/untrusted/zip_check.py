"""The zip that TFLite metadata hangs behind a .tflite: its labels, read with limits.

Android's tools read files such as labels.txt from it. A zip can promise little and
unpack to much, so nothing is unpacked further than it declares, and it may declare
little.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator

from datasets.errors import BundleError, InputError

MOST_MEMBERS = 32
MOST_BYTES = 16 << 20  # unpacked, all members together
_END = b"PK\x05\x06"
_END_BYTES = 22 + 65535  # the record, and the longest comment behind it
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def zipped_files(content: bytes, where: str) -> dict[str, bytes]:
    """The files in a zip at the end of `content`; empty where there is no zip.

    Raises:
        InputError: broken, more or larger files than labels need, files that share
            bytes, or a size that lies.
    """
    if _END not in content[-_END_BYTES:]:
        return {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as zipped:
            return dict(_members(zipped, content, where))
    except InputError:
        raise
    except (
        zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError,
        RuntimeError, ValueError, OverflowError,
    ) as error:  # fmt: skip
        raise BundleError.of(
            where, f"the zip of its metadata is broken ({type(error).__name__})"
        ) from None


def _members(
    zipped: zipfile.ZipFile, content: bytes, where: str
) -> Iterator[tuple[str, bytes]]:
    members = zipped.infolist()
    declared = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if len(members) > MOST_MEMBERS or declared > MOST_BYTES or packed > len(content):
        raise BundleError.of(
            where,
            f"the zip of its metadata declares {len(members)} files of {declared:,} "
            "bytes",
            f"at most {MOST_MEMBERS} and {MOST_BYTES:,}",
        )
    for member in members:
        if member.compress_type not in _PACKED or member.flag_bits & 1:
            raise BundleError.of(
                where,
                f"{member.filename[:60]!a} in the zip of its metadata is neither "
                "stored nor deflated",
            )
        with zipped.open(member) as file:
            unpacked = file.read(member.file_size + 1)
        if len(unpacked) != member.file_size:
            raise BundleError.of(
                where,
                f"{member.filename[:60]!a} in the zip of its metadata is not as "
                "large as it declares",
            )
        yield member.filename, unpacked
