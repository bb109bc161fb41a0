"""A flatbuffer is walked whole, once, before anything in it is believed or run.

The walk follows every offset that a reader of the format could follow, so a reader
that trusts the file stays inside it. Each table is visited once, and there is a limit
on all of them together, so tables that share or repeat parts end it early.
"""

from dataclasses import dataclass, field

from convert.untrusted.flatbuffer import Reader, Table
from convert.untrusted.flatbuffer_layouts import Layout

_MOST_STEPS = 500_000  # flatbuffers' own verifier has a million, but is not in Python
_SCALARS = {"1": 1, "2": 2, "4": 4, "8": 8}
_VECTORS = {"b": 1, "h": 2, "i": 4, "l": 8}


def check(content: bytes, layout: Layout, where: str) -> Table:
    """The root of a flatbuffer in which every offset stays inside the file.

    Raises:
        InputError: one does not, or there are more parts than any real file has.
    """
    reader = Reader(content, where)
    root = reader.root(layout.identifier)
    walk = _Walk(reader, layout)
    walk.table(root, layout.root, layout.tables[layout.root])
    return root


@dataclass
class _Walk:
    reader: Reader
    layout: Layout
    steps: int = 0
    seen: set[tuple[int, str]] = field(default_factory=set)

    def table(self, table: Table, name: str, fields: list[str]) -> None:
        if (table.position, name) in self.seen:
            return
        self.seen.add((table.position, name))
        self._spend(1)
        for number, kind in enumerate(fields):
            if table.place(number) is not None:
                self._field(table, number, kind)

    def _field(self, table: Table, number: int, kind: str) -> None:
        if kind in _SCALARS:
            self.reader.inside(table.place(number) or 0, _SCALARS[kind])
        elif kind in _VECTORS:
            table.vector(number, _VECTORS[kind])
        elif kind == "s":
            self._string(table.follow(number) or 0)
        elif kind.startswith("["):
            self._vector(table, number, kind[1:-1])
        elif kind.startswith("("):
            self._union(table, number, kind[1:-1])
        elif kind != "-":
            self._one(table.follow(number) or 0, kind)

    def _string(self, head: int) -> None:
        self._spend(1)
        length = self.reader.whole(head, "I")
        self.reader.inside(head + 4, length + 1)
        if self.reader.content[head + 4 + length]:
            raise self.reader.broken(f"the string at {head} has no end")

    def _vector(self, table: Table, number: int, name: str) -> None:
        self._spend(table.count(number))
        for position in table.positions(number):
            if name == "Text":
                self._string(position)
            else:
                self._one(position, name)

    def _one(self, position: int, name: str) -> None:
        if (position, name) not in self.seen:
            table = self.reader.table(position)
            self.table(table, name, self.layout.tables[name])

    def _union(self, table: Table, number: int, name: str) -> None:
        kind = table.number(number - 1, "B")
        kinds = self.layout.unions[name]
        if kind >= len(kinds):
            raise self.reader.broken(f"{name} of the unknown kind {kind}")
        inner = table.table(number)
        if inner is not None and kind:
            self.table(inner, f"{name} {kind}", kinds[kind])

    def _spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > _MOST_STEPS:
            raise self.reader.broken(f"more than {_MOST_STEPS} parts")
