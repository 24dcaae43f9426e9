"""What the cells of a column hold: numbers, or nothing."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np

# The words for a missing value, as `foretide predict` reads them, and pandas' NaT.
MISSING = frozenset(("", "nan", "+nan", "-nan", "null", "none", "na", "n/a", "<na>", "nat"))


def shown(cell: Any) -> str:
    """A cell's value for a message, cut where it is long."""
    text = str(cell)
    text = f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'
    return text if isinstance(cell, str) else text[1:-1]


def is_missing(cell: Any) -> bool:
    """Whether a cell has no value: None, any kind of NaN, or a word that says so."""
    return str(cell).strip().lower() in MISSING


def numbers(column: Any) -> Optional[np.ndarray]:
    """A copy of a column as floats; None where a cell is not a number."""
    try:
        if getattr(getattr(column, "dtype", None), "kind", "") in ("M", "m", "b"):
            return None
        if hasattr(column, "to_numpy"):
            return np.array(column.to_numpy(dtype=float, na_value=np.nan))
        array = np.asarray(column)
        return None if array.dtype.kind in ("M", "m", "b") else np.array(array, dtype=float)
    except (TypeError, ValueError, OverflowError):
        return None


def metric(name: str, column: Any, rows: Any, text: bool) -> Optional[np.ndarray]:
    """The values of a metric in some rows, NaN where they are missing. None stands for a
    column of text, where there may be one; any other cell of the rows that is not a number
    is an error, or else all the values around it were lost without a word."""
    array = numbers(column)
    if array is not None:
        return array[rows]
    cells = list(column)
    values = [_number(cell) for cell in cells]
    if text and all(v is None or v != v for v in values):
        return None
    wanted = np.arange(len(cells))[rows]
    at = next((i for i in wanted if values[i] is None), None)
    if at is None:
        return np.array([values[i] for i in wanted], dtype=float)
    raise ValueError(
        f'foretide: column "{name}": {shown(cells[at])} is not a number (row {at}); write it without a unit, '
        f"and leave the cell empty where there is no value"
    )


def _number(cell: Any) -> Optional[float]:
    """The number in a cell, NaN where it is missing; None where it is something else."""
    if is_missing(cell):
        return float("nan")
    if isinstance(cell, (bool, np.bool_, np.datetime64, np.timedelta64)):
        return None
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return None
