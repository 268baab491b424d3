"""The account of a sheet: where each of its cells went, and what had to be decided."""

from collections.abc import Iterable

from .grid import Cell, Grid, Place


class Account:
    """What became of each cell: taken into the source, or left out with a reason."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self.taken: dict[Place, str] = {}
        self.left: dict[Place, str] = {}
        self.decisions: list[str] = []

    def take(self, cells: Iterable[Cell], where: str) -> None:
        """Note that the text of `cells` stands in the source: `where`."""
        for cell in cells:
            self.left.pop(cell.place, None)
            self.taken[cell.place] = where

    def leave(self, cells: Iterable[Cell], reason: str) -> None:
        """Note that `cells` are left out, and why."""
        for cell in cells:
            if cell.place not in self.taken:
                self.left[cell.place] = reason

    def leave_places(self, places: Iterable[Place], reason: str) -> None:
        """Note that what stands at `places` cannot be read, and why."""
        self.left.update(dict.fromkeys(places, reason))

    def return_to_left(self, cells: Iterable[Cell], reason: str) -> None:
        """Note that `cells` are left out although they were taken for something before."""
        for cell in cells:
            self.taken.pop(cell.place, None)
            self.left[cell.place] = reason

    def decide(self, text: str) -> None:
        """Note what had to be decided, and how to change it."""
        if text not in self.decisions:
            self.decisions.append(text)

    def knows(self, cell: Cell) -> bool:
        """Whether it is known what becomes of `cell`."""
        return cell.place in self.taken or cell.place in self.left

    def close(self) -> None:
        """Name as left out whatever no stage had a use for."""
        rest = [cell for cell in self._grid.cells.values() if not self.knows(cell)]
        self.leave(rest, "表のどこにも当てはまらないもの(必要なら、元データに書き足してください)")

    def left_by_reason(self) -> dict[str, list[Place]]:
        """The cells that are left out, by reason."""
        found: dict[str, list[Place]] = {}
        for place, reason in sorted(self.left.items()):
            found.setdefault(reason, []).append(place)
        return found
