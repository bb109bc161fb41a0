"""The exact front of three rungs, by branch and bound over tiles of threshold pairs.

There are up to (n + 1)^2 / 2 distinct pairs. Nothing that is left out can be on the
front, because something strictly better (or equal, and kept) is there:

1. A first cut is kept if it raises the best accuracy that any second cut could give
   (each climber answered by the better of its upper rungs) above that of all lower
   cuts. Else the lower cut, with the same second threshold, is as right and cheaper.
2. A second cut is kept if some image of its highest level is right at rung 2 and wrong
   at rung 1. Else the cut below is as right and costs no more.
3. The pairs left form a table, cut into tiles of 32 x 32. Cost ascends along both
   axes, so a tile costs at least its first corner; its accuracy is bounded by its first
   column and the gains that its further columns hold at most, and likewise by its
   first row. A tile that a known point beats at this bound is out.

The first columns of all tiles are the known points to start with. The tiles left are
filled by two-dimensional cumulative sums. All counts are exact integers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selection.arrays import Bools, Float64s, Ints
from selection.plans.cuts import records, sums, thresholds

_TILE = 32
_TILES_AT_ONCE = 1024  # 8 MB an int64 table


@dataclass(frozen=True, eq=False)
class Found:
    """Points of the front; `macs` of all images beyond those of the first rung."""

    thresholds: Float64s  # (points, 2)
    right: Ints
    macs: Ints


@dataclass(frozen=True, eq=False)
class _Axis:
    """The cuts of one rung that may be on the front, and where each image falls."""

    levels: Float64s  # distinct confidences, ascending
    cuts: Ints  # ascending, 0 first: how many levels climb
    first_cut: Ints  # (n,) index of the first of `cuts` under which the image climbs

    @property
    def tiles(self) -> int:
        return -(-len(self.cuts) // _TILE)

    @property
    def inside(self) -> Bools:
        """(n,): climbs under some of the cuts."""
        return np.asarray(self.first_cut < len(self.cuts))

    def threshold(self, index: Ints) -> Float64s:
        """Of cuts by their index; the padding of the last tile repeats the last cut."""
        index = np.minimum(index, len(self.cuts) - 1)
        return thresholds(self.levels, self.cuts[index])


def three_rungs(confidences: Float64s, right: Bools, macs: tuple[int, ...]) -> Found:
    """The front of all pairs of thresholds.

    Args:
        confidences: (n, 2). right: (n, 3).
        macs: of each rung for one image.
    """
    first, second = _first_axis(confidences, right), _second_axis(confidences, right)
    table = _Table(first, second, right, macs)
    cheapest = _cheapest(table.edge_right, table.edge_macs, len(right))
    tiles = np.argwhere(~_beaten(cheapest, table.bound, table.corner_macs))
    points = [np.empty((4, 0), np.int64)]
    for start in range(0, len(tiles), _TILES_AT_ONCE):
        filled = table.fill(tiles[start : start + _TILES_AT_ONCE])
        points.append(filled[:, ~_beaten(cheapest, filled[0], filled[1])])
    answered, cost, row, column = np.concatenate(points, axis=1)
    order = np.lexsort((column, row, -answered, cost))
    kept = order[records(answered[order])]
    pairs = (first.threshold(row[kept]), second.threshold(column[kept]))
    return Found(np.stack(pairs, axis=1), answered[kept], cost[kept])


def _first_axis(confidences: Float64s, right: Bools) -> _Axis:
    levels, level = np.unique(confidences[:, 0], return_inverse=True)
    gain = (right[:, 1] | right[:, 2]).astype(np.int64) - right[:, 0]
    hoped = np.concatenate([[0], np.cumsum(sums(level, gain, len(levels)))])
    cuts = records(hoped)
    return _Axis(levels, cuts, np.searchsorted(cuts, level, side="right"))


def _second_axis(confidences: Float64s, right: Bools) -> _Axis:
    levels, level = np.unique(confidences[:, 1], return_inverse=True)
    helped = np.unique(level[right[:, 2] & ~right[:, 1]])
    cuts = np.concatenate([[0], helped + 1]).astype(np.int64)
    return _Axis(levels, cuts, np.searchsorted(cuts, level, side="right"))


def _cheapest(right: Ints, cost: Ints, images: int) -> Ints:
    """(images + 2,): least known cost of answering at least so many right."""
    least = np.full(images + 2, np.iinfo(np.int64).max)
    np.minimum.at(least, right.ravel(), cost.ravel())
    return np.asarray(np.minimum.accumulate(least[::-1])[::-1])


def _beaten(cheapest: Ints, right: Ints, cost: Ints) -> Bools:
    """Whether a known point is strictly better in one and no worse in the other."""
    return np.asarray((cheapest[right] < cost) | (cheapest[right + 1] <= cost))


@dataclass(frozen=True, eq=False)
class _Sums:
    """Two-dimensional cumulative sums of one value per image, at the tiles' edges."""

    values: Ints  # of the images that climb to the top under some pair
    edges: Ints  # (rows, tiles across): under each row and each first column
    heads: Ints  # (tiles down, columns): under each first row and each column


class _Table:
    """Right answers and MACs of pairs of cuts, computed where they are asked for."""

    def __init__(
        self, first: _Axis, second: _Axis, right: Bools, macs: tuple[int, ...]
    ) -> None:
        used = first.inside & second.inside
        self._row, self._column = first.first_cut[used], second.first_cut[used]
        self._gain = right[used, 2].astype(np.int64) - right[used, 1]
        self._shape = (first.tiles, second.tiles)
        self._macs = macs[2]
        self._images = len(right)
        resolutions = first.tiles * _TILE
        inside = first.first_cut[first.inside]
        moved = right[first.inside, 1].astype(np.int64) - right[first.inside, 0]
        self._level = right[:, 0].sum() + np.cumsum(sums(inside, moved, resolutions))
        self._climb = macs[1] * np.cumsum(np.bincount(inside, minlength=resolutions))
        hoped = (right[:, 1] | right[:, 2]) & ~right[:, 0]
        strip = inside[hoped[first.inside]]
        strip = strip[strip % _TILE > 0] // _TILE
        self._hoped = np.bincount(strip, minlength=first.tiles)
        self._gains = self._sums_of(self._gain)
        self._tops = self._sums_of(np.ones_like(self._gain))

    @property
    def edge_right(self) -> Ints:
        """(rows, tiles across): right answers in the first column of each tile."""
        return np.asarray(self._level[:, None] + self._gains.edges)

    @property
    def edge_macs(self) -> Ints:
        return np.asarray(self._climb[:, None] + self._macs * self._tops.edges)

    @property
    def corner_macs(self) -> Ints:
        """(tiles down, tiles across): the least MACs in each tile."""
        return self.edge_macs[::_TILE]

    @property
    def bound(self) -> Ints:
        """(tiles down, tiles across): no pair in the tile answers more right."""
        down, across = self._shape
        by_column = self.edge_right.reshape(down, _TILE, across).max(axis=1)
        more = (self._gain > 0) & (self._column % _TILE > 0)
        further = np.zeros(self._shape, np.int64)
        np.add.at(further, (self._row[more] // _TILE, self._column[more] // _TILE), 1)
        by_column += further.cumsum(axis=0)
        by_row = self._gains.heads.reshape(down, across, _TILE).max(axis=2)
        by_row += (self._level[::_TILE] + self._hoped)[:, None]
        return np.asarray(np.minimum(np.minimum(by_column, by_row), self._images))

    def fill(self, tiles: NDArray[np.intp]) -> Ints:
        """(4, cells): right answers, MACs, row, column of every pair in the tiles."""
        rows = tiles[:, :1] * _TILE + np.arange(_TILE)
        columns = tiles[:, 1:] * _TILE + np.arange(_TILE)
        number = np.full(self._shape, -1)
        number[tiles[:, 0], tiles[:, 1]] = np.arange(len(tiles))
        tile = number[self._row // _TILE, self._column // _TILE]
        held = (tile >= 0) & (self._row % _TILE > 0) & (self._column % _TILE > 0)
        corner = (tile[held], self._row[held] % _TILE, self._column[held] % _TILE)
        cells = []
        for sums_here in (self._gains, self._tops):
            table = np.zeros((len(tiles), _TILE, _TILE), np.int64)
            np.add.at(table, corner, sums_here.values[held])
            table = table.cumsum(axis=1).cumsum(axis=2)
            edges = sums_here.edges[rows, tiles[:, 1:]]
            table += (edges - edges[:, :1])[:, :, None]
            cells.append(table + sums_here.heads[tiles[:, :1], columns][:, None, :])
        right = cells[0] + self._level[rows][:, :, None]
        cost = self._macs * cells[1] + self._climb[rows][:, :, None]
        row = np.broadcast_to(rows[:, :, None], right.shape)
        column = np.broadcast_to(columns[:, None, :], right.shape)
        return np.stack([part.ravel() for part in (right, cost, row, column)])

    def _sums_of(self, values: Ints) -> _Sums:
        down, across = self._shape
        # a pair of cuts sends up the images whose places are at most its own
        row_tile, column_tile = -(-self._row // _TILE), -(-self._column // _TILE)
        edges = _cumulated(self._row, column_tile, values, (down * _TILE, across))
        heads = _cumulated(row_tile, self._column, values, (down, across * _TILE))
        return _Sums(values, edges, heads)


def _cumulated(row: Ints, column: Ints, values: Ints, shape: tuple[int, int]) -> Ints:
    within = (row < shape[0]) & (column < shape[1])
    table = np.zeros(shape, np.int64)
    np.add.at(table, (row[within], column[within]), values[within])
    np.cumsum(table, axis=0, out=table)
    return np.cumsum(table, axis=1, out=table)
