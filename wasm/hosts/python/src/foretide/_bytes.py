"""The bytes that go into the module and come out of it (ABI.md, "Bytes")."""

from __future__ import annotations

import operator
import struct
from dataclasses import dataclass, field
from typing import Callable, Iterable, Mapping, Optional, Sequence, Union

import numpy as np

REASONS = (
    "short_history", "short_window", "no_long", "all_missing", "constant", "stale", "not_better", "shrunk",
    "not_finite", "fit_failed", "no_checkpoint", "shared_model", "uncalibrated", "interpolated_horizon", "no_input",
    "no_hour", "no_day", "no_week", "old_checkpoint",
)


@dataclass
class Window:
    """The recent past of one container on a regular grid: a value for each metric
    and step, NaN or None where it is missing.

    start is the Unix second of the first cell, a multiple of step (seconds). The
    more of the past the better, up to eight days. A program that keeps a coarse long
    part of its own, as Model.describe says what the model wants, gives it as long.
    """

    start: int
    step: int
    metrics: Mapping[str, Sequence[float]]
    container: str = ""
    long: Optional["Window"] = None


@dataclass
class Horizon:
    """The forecast for one time ahead: ahead in seconds after the origin, time in
    Unix seconds. reasons say why there is less than the best; model is the family
    that made it and detail how, for people."""

    ahead: int
    time: int
    mean: float
    quantiles: tuple
    levels: tuple = field(repr=False)
    reasons: tuple = ()
    model: str = ""
    detail: str = ""

    def quantile(self, p: float) -> float:
        """The value at a level, linear between those that there are."""
        return float(np.interp(p, self.levels, self.quantiles))

    @property
    def median(self) -> float:
        return self.quantile(0.5)

    def interval(self, coverage: float = 0.8) -> tuple:
        """The bounds between which the value is with a probability: (low, high)."""
        return self.quantile((1 - coverage) / 2), self.quantile((1 + coverage) / 2)


@dataclass
class Forecast:
    """The forecast of one metric of a container; origin is the Unix second at which
    the last cell of the data begins, levels those of the quantiles."""

    origin: int
    levels: tuple
    reasons: tuple
    horizons: list
    container: str = ""
    metric: str = ""

    def rows(self) -> list:
        """A dict for each horizon, in the columns of `foretide predict --csv`."""
        out = []
        for h in self.horizons:
            (lo80, hi80), (lo95, hi95) = h.interval(0.8), h.interval(0.95)
            out.append({
                "container": self.container, "metric": self.metric, "origin": self.origin, "horizon": h.ahead,
                "model": h.model, "median": h.median, "mean": h.mean,
                "lo80": lo80, "hi80": hi80, "lo95": lo95, "hi95": hi95, "reasons": " ".join(h.reasons),
            })
        return out


@dataclass
class Description:
    """What a checkpoint is and what it needs; all times are in seconds."""

    step: int
    recent_cells: int
    long_cells: int
    long_step: int
    lower: float
    upper: float
    first: int
    last: int
    observations: int
    horizons: tuple
    levels: tuple
    kind: str
    metric: str
    container: str
    family: str
    version: str
    ended: str
    chosen: str
    containers: tuple
    updatable: bool


def seconds(x, name: str) -> int:
    """A whole number of seconds, or an error that names the field."""
    try:
        return operator.index(x)
    except TypeError:
        if isinstance(x, float) and x.is_integer():
            return int(x)
    raise TypeError(f"foretide: {name} is {x!r}, not a whole number of seconds")


def copied(x, name: str) -> bytes:
    """A copy of what has bytes; bytes(5) were five zeros."""
    try:
        return bytes(memoryview(x))
    except TypeError:
        raise TypeError(f"foretide: {name} is a {type(x).__name__}, not bytes") from None


def doubles(values, name: str) -> np.ndarray:
    """Values as little-endian doubles; None is NaN."""
    try:
        array = np.asarray(values, dtype="<f8")
    except (TypeError, ValueError) as e:
        raise TypeError(f"foretide: {name} is not an array of numbers: {e}") from None
    if array.ndim != 1:
        raise TypeError(f"foretide: {name} has {array.ndim} dimensions; a metric is an array of one")
    return array


def _string(s: str) -> bytes:
    b = s.encode()
    return struct.pack("<I", len(b)) + b


def _padded(b: bytes) -> bytes:
    return b + bytes(-len(b) % 8)


def _part(window: Window, names: list, name: str) -> list:
    columns = []
    for metric in names:
        if metric not in window.metrics:
            raise TypeError(f"foretide: {name} has no {metric}")
        columns.append(doubles(window.metrics[metric], f"{name}[{metric!r}]"))
        if len(columns[-1]) != len(columns[0]):
            raise TypeError(f"foretide: {name}[{metric!r}] has {len(columns[-1])} values, {names[0]!r} has {len(columns[0])}")
    return columns


def _window(w: Window) -> bytes:
    names = list(w.metrics)
    if not names:
        raise TypeError("foretide: metrics names no metric")
    recent = _part(w, names, "metrics")
    long = _part(w.long, names, "long.metrics") if w.long else []
    times = [seconds(w.start, "start"), seconds(w.step, "step"), 0, 0]
    if w.long:
        times[2:] = seconds(w.long.start, "long.start"), seconds(w.long.step, "long.step")
    cells = len(long[0]) if long else 0
    head = struct.pack("<IIIIIqqqq", 0 if w.long else 1, len(names), len(recent[0]), cells, 0, *times)
    body = _padded(bytes(4) + head + b"".join(map(_string, [w.container, *names])))
    body += b"".join(c.tobytes() for c in recent + long)
    return struct.pack("<I", len(body)) + body[4:]


def request(windows: Sequence[Window], horizons: Iterable[int] = (), metric: str = "") -> bytes:
    """A request of forecasts."""
    ahead = [seconds(h, "horizons") for h in horizons]
    head = struct.pack(f"<II{len(ahead)}q", len(windows), len(ahead), *ahead) + _string(metric)
    return _padded(head) + b"".join(map(_window, windows))


def update(window: Window, actuals: Mapping[int, float]) -> bytes:
    """A request to learn from values that came true."""
    head = struct.pack("<II", len(actuals), 0)
    for ahead, value in actuals.items():
        head += struct.pack("<qd", seconds(ahead, "ahead"), value)
    return head + _window(window)


@dataclass
class Report:
    """What was found in the samples of a metric: how many are used, missing, refused
    (infinite, beyond 1e150 or, of a counter, negative), older than what is kept, at
    the time of the sample before, earlier than it, and resets of a counter."""

    used: int
    missing: int
    refused: int
    old: int
    repeated: int
    unordered: int
    resets: int


def samples(times, metrics: Mapping[str, Sequence[float]], container: str, counters: Iterable[str], step: int, keep: int) -> bytes:
    """A request to put samples on a grid."""
    if not metrics:
        raise TypeError("foretide: metrics names no metric")
    at = np.asarray(times, dtype="<i8")
    head = struct.pack("<IIqq", len(metrics), 0, seconds(step, "step"), seconds(keep, "keep")) + _string(container)
    parts, counters = [_padded(head)], set(counters)
    for name, column in metrics.items():
        values = doubles(column, f"metrics[{name!r}]")
        if len(values) != len(at):
            raise TypeError(f"foretide: metrics[{name!r}] has {len(values)} values, times has {len(at)}")
        first = len(parts) == 1  # the others have its times
        flags = (1 if name in counters else 0) | (0 if first else 2)
        body = _padded(struct.pack("<IIII", 0, flags, len(values), 0) + _string(name)) + (at.tobytes() if first else b"") + values.tobytes()
        parts.append(struct.pack("<I", len(body)) + body[4:])
    return b"".join(parts)


def cleaned(b: bytes, metrics: Iterable[str]) -> tuple:
    """The window and the reports of a result, by the names of the request's metrics."""
    r = _Reader(b)
    n, _ = r.take("II")
    reports = {name: Report(*r.take("IIIIIIII")[:7]) for name, _ in zip(metrics, range(n))}
    _, _, n, cells, _, _ = r.take("IIIIII")
    start, step, _, _ = r.take("qqqq")
    container, *names = [r.string() for _ in range(n + 1)]
    r.at += -r.at % 8
    values = np.frombuffer(b, "<f8", n * cells, r.at).reshape(n, cells)
    return Window(start, step, dict(zip(names, values)), container), reports


def names(metric: str, container: str) -> bytes:
    """A request of the name of a checkpoint."""
    return _string(metric) + _string(container)


class _Reader:
    """Takes bytes of the module apart."""

    def __init__(self, b: bytes):
        self.bytes, self.at = b, 0

    def take(self, layout: str) -> tuple:
        values = struct.unpack_from("<" + layout, self.bytes, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def string(self) -> str:
        (n,) = self.take("I")
        self.at += n
        return self.bytes[self.at - n : self.at].decode()


def reasons(bits: int) -> tuple:
    """The names of a set of reasons; of one that a newer module has, its bit."""
    return tuple(REASONS[i] if i < len(REASONS) else f"bit_{i}" for i in range(32) if bits >> i & 1)


def forecasts(b: bytes, failure: Callable[[int, str], Exception]) -> list:
    """The forecasts of a result; failure makes what stands for a window that failed."""
    r = _Reader(b)
    windows, quantiles = r.take("II")
    levels = r.take(f"{quantiles}d")
    out: list[Union[Forecast, Exception]] = []
    for _ in range(windows):
        start = r.at
        size, status = r.take("Ii")
        out.append(_forecast(r, levels) if status == 0 else failure(status, r.string()))
        r.at = start + size
    return out


def _forecast(r: _Reader, levels: tuple) -> Forecast:
    origin, n, why = r.take("qII")
    horizons = []
    for _ in range(n):
        ahead, mean, own, _zero, *quantiles = r.take(f"qdII{len(levels)}d")
        horizons.append(Horizon(ahead, origin + ahead, mean, tuple(quantiles), levels, reasons(own)))
    for h in horizons:
        h.model, h.detail = r.string(), r.string()
    return Forecast(origin, levels, reasons(why), horizons)


def description(b: bytes) -> Description:
    """The description of a checkpoint."""
    r = _Reader(b)
    numbers = r.take("qqqqddqqq")
    horizons, levels, containers, flags = r.take("IIII")
    ahead, levels = r.take(f"{horizons}q"), r.take(f"{levels}d")
    texts = [r.string() for _ in range(7)]
    known = tuple(r.string() for _ in range(containers))
    return Description(*numbers, ahead, levels, *texts, known, bool(flags & 1))
