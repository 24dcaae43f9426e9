"""What the cells of a column hold: numbers, times, or nothing."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timezone
from typing import Any, Optional

import numpy as np

# The words for a missing value, as `foretide predict` reads them, and pandas' NaT.
MISSING = frozenset(("", "nan", "+nan", "-nan", "null", "none", "na", "n/a", "<na>", "nat"))

# What else a number begins with as text, or is.
_BEGINS = frozenset("0123456789+-.")
_WORDS = MISSING | {"inf", "infinity"}

# Larger numbers are no seconds: 10^11 s is the year 5138, and as milliseconds 1973.
MAX_SECONDS = 1e11

# A time as text, in the forms that `foretide predict` reads: a fraction of a second is
# dropped, and one without a zone is UTC. Python 3.10 reads neither Z nor every fraction.
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)?(?: ?(?:Z|([+-]\d\d):?(\d\d)(?: [A-Z]{1,5})?))?)?", re.ASCII)


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
        return None if array.dtype.kind in ("M", "m", "b") or array.ndim != 1 else np.array(array, dtype=float)
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
    if isinstance(cell, str):
        text = cell.strip()
        if text[:1] not in _BEGINS and text.lower() not in _WORDS:  # as nearly all text
            return None
    if is_missing(cell):
        return float("nan")
    if isinstance(cell, (bool, np.bool_, np.datetime64, np.timedelta64)):
        return None
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return None


def times(column: Any, name: str) -> np.ndarray:
    """Times as Unix seconds, from numbers, times of pandas, of numpy, of Python, or text;
    those without a zone are UTC, a fraction is dropped."""
    array = numbers(column)
    if array is not None:
        bad = np.nonzero(~(np.abs(array) < MAX_SECONDS))[0]
        if len(bad):
            raise ValueError(f"foretide: {name} {_no_second(array[bad[0]])} (row {bad[0]})")
        return np.floor(array).astype(np.int64)
    if hasattr(column, "to_numpy"):
        array = _of_pandas(column, name)
    elif getattr(getattr(column, "dtype", None), "kind", "") == "M":
        array = column
    else:
        return np.array([_second(cell, name, row) for row, cell in enumerate(column)], dtype=np.int64)
    missing = np.nonzero(np.isnat(array))[0]
    if len(missing):
        raise ValueError(f"foretide: {name} is missing (row {missing[0]})")
    return array.astype("datetime64[s]").astype(np.int64)


def _of_pandas(column: Any, name: str) -> np.ndarray:
    import pandas

    try:
        return pandas.DatetimeIndex(pandas.to_datetime(column, utc=True)).tz_localize(None).to_numpy()
    except (TypeError, ValueError) as e:
        raise ValueError(f"foretide: {name} is neither Unix seconds nor a time: {e}") from None


def _second(cell: Any, name: str, row: int) -> int:
    """The time in a cell, each by itself: numpy warns of every zone that it sees, and will
    one day not read it."""
    try:
        if isinstance(cell, str) and (form := _TIME.fullmatch(cell.strip())):
            day, clock, hours, minutes = form.groups()
            zone = f"{hours}:{minutes}" if hours else "+00:00"
            return int(datetime.fromisoformat(f"{day} {clock or '00:00'}{zone}").timestamp())
        if is_missing(cell):
            number = float("nan")
        elif isinstance(cell, np.datetime64):
            return int(cell.astype("datetime64[s]").astype(np.int64))
        elif isinstance(cell, datetime):
            time = cell if cell.tzinfo else cell.replace(tzinfo=timezone.utc)
            return math.floor(time.replace(microsecond=0).timestamp())
        elif isinstance(cell, date):
            return int(datetime(cell.year, cell.month, cell.day, tzinfo=timezone.utc).timestamp())
        else:
            number = float(cell)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(
            f"foretide: {name} is neither Unix seconds nor a time: {shown(cell)} (row {row}); write such as 1722467370 or 2024-07-31T23:09:30Z"
        ) from None
    if not abs(number) < MAX_SECONDS:
        raise ValueError(f"foretide: {name} {_no_second(number)} (row {row})")
    return math.floor(number)


def _no_second(number: float) -> str:
    if np.isnan(number):
        return "is missing"
    return f"is {number:.0f}, which are no seconds: divide milliseconds by 1000"
