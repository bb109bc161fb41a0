"""Reading a flatbuffer from a stranger: every offset is checked, then followed.

Source of the format: https://flatbuffers.dev/internals/. A table begins with the
distance back to its vtable; that holds its own length, the table's, and one place per
field (0: absent). Vectors and strings begin with their length; offsets are forward.
"""

import struct
from dataclasses import dataclass

from datasets.errors import BundleError, InputError

_WIDTHS = {"b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "f": 4, "q": 8, "Q": 8}
_SIGNED = {4: "i", 8: "q"}


@dataclass(frozen=True)
class Reader:
    """The bytes of one file."""

    content: bytes
    where: str  # the file, for errors

    def number(self, position: int, code: str) -> int | float:
        """One little-endian scalar by its `struct` code.

        Raises:
            InputError: not whole inside the file.
        """
        self.inside(position, _WIDTHS[code])
        return struct.unpack_from("<" + code, self.content, position)[0]  # type: ignore[no-any-return]

    def whole(self, position: int, code: str) -> int:
        """`number`, of a whole one."""
        return int(self.number(position, code))

    def inside(self, position: int, length: int) -> None:
        """Raises InputError where bytes would be read outside the file."""
        if position < 0 or length < 0 or position + length > len(self.content):
            raise self.broken(
                f"{length} bytes at {position} lie outside its {len(self.content)}"
            )

    def broken(self, what: str) -> InputError:
        """The error of a file that is not what it should be."""
        return BundleError.of(self.where, f"broken flatbuffer: {what}")

    def root(self, identifier: bytes) -> "Table":
        """The first table.

        Raises:
            InputError: the file lacks the identifier, or the table is not inside it.
        """
        if self.content[4:8] != identifier:
            raise BundleError.of(
                self.where,
                f"no {identifier.decode()} file: its bytes 4 to 8 are "
                f"{self.content[4:8]!r}",
            )
        return self.table(self.whole(0, "I"))

    def table(self, position: int) -> "Table":
        """The table at a position, its vtable checked."""
        vtable = position - self.whole(position, "i")
        length, inline = self.whole(vtable, "H"), self.whole(vtable + 2, "H")
        if length < 4 or length % 2 or inline < 4:
            raise self.broken(f"the table at {position} has a vtable of {length} bytes")
        self.inside(vtable, length)
        self.inside(position, inline)
        places = struct.unpack_from(f"<{length // 2 - 2}H", self.content, vtable + 4)
        if places and max(places) >= inline:
            raise self.broken(f"the table at {position} has a field outside itself")
        return Table(self, position, places)


@dataclass(frozen=True)
class Table:
    """One table; fields by their number, absent ones by their default."""

    reader: Reader
    position: int
    places: tuple[int, ...]

    def place(self, field: int) -> int | None:
        """Where a field lies in the file; None: absent."""
        held = self.places[field] if field < len(self.places) else 0
        return self.position + held if held else None

    def number(self, field: int, code: str, default: int = 0) -> int:
        """A whole scalar."""
        place = self.place(field)
        return default if place is None else self.reader.whole(place, code)

    def follow(self, field: int) -> int | None:
        """Where the offset of a field leads; None: absent."""
        place = self.place(field)
        return None if place is None else place + self.reader.whole(place, "I")

    def vector(self, field: int, width: int) -> tuple[int, int]:
        """(start, count) of a vector whose elements take `width` bytes."""
        head = self.follow(field)
        if head is None:
            return 0, 0
        count = self.reader.whole(head, "I")
        self.reader.inside(head + 4, count * width)
        return head + 4, count

    def bytes(self, field: int) -> bytes:
        """A vector of bytes."""
        start, count = self.vector(field, 1)
        return self.reader.content[start : start + count]

    def text(self, field: int) -> str:
        """The first 200 bytes of a string; what is not UTF-8 in it is replaced."""
        start, count = self.vector(field, 1)
        return self.reader.content[start : start + min(count, 200)].decode(
            errors="replace"
        )

    def whole_numbers(self, field: int, width: int) -> tuple[int, ...]:
        """A vector of signed whole numbers of 4 or 8 bytes."""
        return self._unpacked(field, _SIGNED[width], width)

    def floats(self, field: int) -> tuple[float, ...]:
        """A vector of float32."""
        return self._unpacked(field, "f", 4)

    def table(self, field: int) -> "Table | None":
        """A table inside this one; None: absent."""
        position = self.follow(field)
        return None if position is None else self.reader.table(position)

    def count(self, field: int) -> int:
        """How many tables a vector of tables has."""
        return self.vector(field, 4)[1]

    def tables(self, field: int) -> tuple["Table", ...]:
        """A vector of tables."""
        start, count = self.vector(field, 4)
        return tuple(self.reader.table(self._led(start, i)) for i in range(count))

    def positions(self, field: int) -> tuple[int, ...]:
        """Where a vector of offsets leads."""
        start, count = self.vector(field, 4)
        return tuple(self._led(start, place) for place in range(count))

    def _led(self, start: int, place: int) -> int:
        return start + 4 * place + self.reader.whole(start + 4 * place, "I")

    def _unpacked(self, field: int, code: str, width: int) -> tuple:  # type: ignore[type-arg]
        start, count = self.vector(field, width)
        return struct.unpack_from(f"<{count}{code}", self.reader.content, start)
