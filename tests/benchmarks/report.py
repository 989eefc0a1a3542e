"""How figures are printed."""

from __future__ import annotations

import math
from statistics import geometric_mean


class Table:
    """A table whose rows appear as soon as they are known."""

    def __init__(self, *columns: str) -> None:
        self.widths = [max(len(column), 16 if i == 0 else 9) for i, column in enumerate(columns)]
        self.row(*columns)

    def row(self, *cells: str) -> None:
        """Print one row: the first cell to the left, the others to the right."""
        first, *others = (
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(cells, self.widths))
        )
        print(first, *others, sep="  ", flush=True)


def seconds(value: float) -> str:
    """A duration with a unit that fits.

    >>> seconds(0.00123), seconds(0.0000456), seconds(2)
    ('1.23 ms', '45.6 us', '2.00 s')
    """
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if value * factor >= 1:
            return f"{value * factor:#.3g} {unit}"
    return f"{value * 1e6:#.3g} us"


def memory(value: int) -> str:
    """Bytes as mebibytes."""
    return f"{value / 2**20:.0f}"


def within(one: float, two: float, tolerance: float = 1e-3) -> bool:
    """Whether two first values are the same up to rounding: then both libraries did the same work."""
    return math.isclose(one, two, rel_tol=tolerance, abs_tol=tolerance)


def operation_tables(found: dict[str, dict[str, float]], ours: str, theirs: str) -> None:
    """One row for each operation, size and direction, and the geometric mean of all ratios."""
    table = Table("operation", "size", "direction", "ours", "PyTorch", "NumPy", "/ PyTorch", "/ NumPy")
    ratios = []
    for key, mine in found[ours].items():
        name, size, direction = key.split("|")
        other, bare = found.get(theirs, {}).get(key), found["numpy"].get(key)
        if other:
            ratios.append(mine / other)
        table.row(
            name,
            size,
            direction,
            seconds(mine),
            seconds(other) if other else "-",
            seconds(bare) if bare else "-",
            f"{mine / other:.2f}" if other else "-",
            f"{mine / bare:.2f}" if bare else "-",
        )
    if ratios:
        print(f"geometric mean of {len(ratios)} ratios to PyTorch: {geometric_mean(ratios):.2f}")
