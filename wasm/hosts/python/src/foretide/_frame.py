"""From a table of samples, a pandas frame or a dict of arrays, to the window of one
container on a regular grid, as `foretide predict` reads a CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any, Optional

import numpy as np

from . import _cells
from ._bytes import Window
from ._host import Foretide, ForetideError

# More than any model looks back; eight days are the most.
KEPT = 9 * 86400

# What a table may be, for messages.
ACCEPTED = 'data are a pandas frame, or a dict of arrays such as {"timestamp": [...], "cpu": [...]}'

# The metrics that Foretide knows; a column of another name may hold text.
METRICS = ("cpu", "memory", "disk_read", "disk_write", "net_rx", "net_tx", "requests")


def window(foretide: Foretide, table: Any, container: Optional[str], metrics: Sequence[str] = ()) -> Window:
    """The recent past of a container, on the grid that the module puts it on. The table
    has a column timestamp (Unix seconds, or times), one for each metric, and container
    where there are several. A column of text is left out, but for the metrics that are
    asked for or known: there it is an error."""
    columns = _columns(table)
    names = [name for name in columns if name not in ("timestamp", "container")]
    if not names:
        raise ValueError(f"foretide: the data have no metric, only {', '.join(columns)}; add a column such as cpu")
    rows, container = _rows(columns, None if container is None else str(container))
    times = _cells.times(columns["timestamp"], "timestamp")[rows]
    values = {}
    for name in names:
        column = _cells.metric(name, columns[name], rows, text=name not in METRICS and name not in metrics)
        if column is not None:
            values[name] = column
    if not values:  # all are text
        return Window(0, 60, {name: np.empty(0) for name in names}, container)
    try:
        return foretide.clean(times, values, container, keep=KEPT)[0]
    except ForetideError as e:
        if e.code != "too_large":
            raise
        raise ValueError(f"foretide: {e}; remove the rows that are wrong") from None


def moment(since: Any) -> int:
    """A time as Unix seconds: such as that of a table, or a datetime; without a zone it
    is UTC."""
    return int(_cells.times([since], "since")[0])


def cells_of(foretide: Foretide, window: Window, metric: str, step: int) -> tuple:
    """The second at which the first of a metric's cells of a coarser step begins, and
    the means of these, as far as the window reaches their end."""
    values = window.metrics[metric]
    times = window.start + np.arange(len(values)) * window.step
    coarse, _ = foretide.clean(times, {metric: values}, step=step)
    n = (window.start + len(values) * window.step - coarse.start) // step
    return coarse.start, coarse.metrics[metric][: max(0, n)]


def until(window: Window, end: int) -> Window:
    """The part of a window before a time."""
    n = (end - window.start) // window.step
    return replace(window, metrics={name: v[:n] for name, v in window.metrics.items()})


def _columns(table: Any) -> dict:
    """The columns by name. The index of a pandas frame is its timestamp, where it is
    of times and there is no such column."""
    pandas = hasattr(table, "columns") and hasattr(table, "iloc")
    if not pandas and not isinstance(table, Mapping):
        raise TypeError(f"foretide: data is a {type(table).__name__}; {ACCEPTED}")
    columns: dict = {}
    for i, key in enumerate(table.columns if pandas else table):
        name = str(key)
        if name in columns:
            raise ValueError(f'foretide: column "{name}" is there twice; rename or remove one')
        columns[name] = table.iloc[:, i] if pandas else table[key]
    if "timestamp" not in columns and pandas and getattr(table.index.dtype, "kind", "") == "M":
        columns["timestamp"] = table.index
    if "timestamp" not in columns:
        raise ValueError(f"foretide: the data have no column timestamp; there are {', '.join(columns) or 'none'}")
    lengths = {name: _length(name, column) for name, column in columns.items()}
    for name, n in lengths.items():
        if n != lengths["timestamp"]:
            raise ValueError(f"foretide: column {name} has {n} rows, timestamp {lengths['timestamp']}")
    return columns


def _length(name: str, column: Any) -> int:
    dimensions = getattr(column, "ndim", 1)
    if dimensions > 1:
        raise ValueError(f'foretide: column "{name}" has {dimensions} dimensions; it is an array of one')
    if dimensions == 0 or isinstance(column, (str, bytes, Mapping, Set)) or not hasattr(column, "__len__"):
        raise TypeError(f'foretide: column "{name}" is a {type(column).__name__}; {ACCEPTED}')
    return len(column)


def _rows(columns: dict, container: Optional[str]) -> tuple:
    """Which rows are the container's, and its name."""
    if "container" not in columns:
        return slice(None), container or ""
    of = np.asarray(columns["container"], dtype=str)
    have = np.unique(of)
    _named(columns["container"], of, have)
    if container is None:
        if len(have) > 1:
            raise ValueError(f"foretide: the data have {len(have)} containers; say which one: container_name={str(have[0])!r}, say")
        container = str(have[0]) if len(have) else ""
    elif container not in have:
        first = ", ".join(have[:10]) + (", …" if len(have) > 10 else "")
        raise ValueError(f"foretide: the data have no container {container!r}; there are {first or 'none'}")
    return np.nonzero(of == container)[0], container


def _named(column: Any, of: np.ndarray, have: np.ndarray) -> None:
    """Refuses rows without a container's name: numpy writes None and NaN as names. Text
    that reads the same is a name."""
    empty = [name for name in have if _cells.is_missing(name)]
    cells = list(column) if empty else []
    for row in np.nonzero(np.isin(of, empty))[0]:
        cell = cells[row]
        if not isinstance(cell, str) or not cell.strip():
            raise ValueError(f"foretide: the container's name is empty (row {row}); every row needs one")
