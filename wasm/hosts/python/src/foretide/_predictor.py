"""Forecasts from tables of metrics and a folder of checkpoints."""

from __future__ import annotations

import errno
import os
import pathlib
import stat
import threading
from collections import OrderedDict
from typing import Any, Iterable, Mapping, Optional, Union

import numpy as np

from . import _frame
from ._bytes import Forecast
from ._host import Foretide, ForetideError, Model

# Loaded at a time; the one that was not used for longest makes room.
_LOADED = 64

# Names of checkpoints that are kept.
_NAMES = 4096

Minutes = Union[float, Iterable[float], None]


class MultiMetricPredictor:
    """Forecasts the metrics of containers.

    model_dir is the folder that `foretide train` writes: METRIC/CONTAINER.ckpt, and
    METRIC/_shared.ckpt for containers without their own. It is looked at with each
    forecast: new and changed checkpoints serve from then on. Where there is none, or no
    folder is named, the network in the module forecasts, and the reasons have
    no_checkpoint. metrics are those of predict; all in the data without any. foretide
    is the module to use, where there is one already. Threads may share a predictor.
    """

    def __init__(
        self,
        model_dir: Union[str, os.PathLike, None] = None,
        metrics: Optional[Iterable[str]] = None,
        *,
        foretide: Optional[Foretide] = None,
    ):
        if isinstance(metrics, str):
            raise TypeError(f"foretide: metrics is {metrics!r}; it is a list, such as [{metrics!r}]")
        self.model_dir = None if model_dir is None else pathlib.Path(model_dir)
        if self.model_dir is not None and not self.model_dir.is_dir():
            raise NotADirectoryError(f"foretide: model_dir is {str(self.model_dir)!r}, which is no folder; `foretide train` writes one")
        self.metrics = list(metrics or ())
        self.foretide = foretide or Foretide()
        self._models: OrderedDict[pathlib.Path, tuple] = OrderedDict()  # path: revision, model
        self._states: dict = {}  # path: revision, state of what has learnt
        self._names: dict = {}  # of checkpoints, by metric and container
        self._lock = threading.Lock()

    def predict(self, data: Any, container_name: Optional[str] = None, horizon_minutes: Minutes = 15) -> dict:
        """Forecasts the predictor's metrics of a container, by their names.

        data is a pandas frame, or a dict of arrays, with the recent past, best of eight
        days: timestamp (Unix seconds or times), container where there are several, and
        a column for each metric, NaN where a value is missing. horizon_minutes is one
        horizon or several in ascending order; None is all that the model has. A failure
        is a ForetideError in the module's words."""
        window = _frame.window(self.foretide, data, container_name, self.metrics)
        return self._forecasts(window, self.metrics or list(window.metrics), horizon_minutes)

    def predict_all_metrics(self, data: Any, container_name: Optional[str] = None, horizon_minutes: Minutes = None) -> dict:
        """predict for every metric in the data, whatever the predictor's are, and
        for all horizons of the models unless some are named."""
        window = _frame.window(self.foretide, data, container_name)
        return self._forecasts(window, list(window.metrics), horizon_minutes)

    def update(self, data: Any, since: Any, container_name: Optional[str] = None) -> int:
        """Has the intervals of the predictor's metrics, of all in the data without any,
        learn from values that have come true: those of the cells of the model's
        step that end after since (Unix seconds or a time). Each is held against the forecasts that were
        made for it from the data before: intervals that were left too often become wider,
        others narrower; medians stay, but for a combination (auto), whose
        weights move towards the model that was right. data are those of predict. Returns how many pairs of a
        forecast and its value were used; a value that is given twice counts twice, and a
        metric without a checkpoint has nothing to learn. It lasts as long as the predictor
        and the checkpoint's file: see state."""
        window, since = _frame.window(self.foretide, data, container_name, self.metrics), _frame.moment(since)
        with self._lock:
            return sum(self._update(window, metric, since) for metric in self.metrics or list(window.metrics))

    def _update(self, window: _frame.Window, metric: str, since: int) -> int:
        path, model = self._serving(metric, window.container)
        if model is None:
            return 0
        if metric not in window.metrics:
            raise ForetideError("no_metric", f"foretide: no metric {metric!r} in the data, which have {', '.join(window.metrics)}")
        about = model.describe()
        if not about.updatable:
            return 0
        if about.step % window.step:
            raise ForetideError("bad_step", f"foretide: the data have a step of {window.step} s, which does not divide the model's of {about.step} s")
        start, values = _frame.cells_of(self.foretide, window, metric, about.step)
        used = 0
        for i in range(max(0, (since - start) // about.step), len(values)):
            for ahead in about.horizons:
                origin = start + i * about.step - ahead
                if origin >= start and not np.isnan(values[i]):
                    used += model.update(_frame.until(window, origin + about.step), {ahead: float(values[i])})
        if used:
            self._states[path] = (self._models[path][0], model.state)
        return used

    def state(self, metric: str, container_name: str) -> bytes:
        """What update has changed in the calibration of the checkpoint that serves a
        metric of a container, to go on with restore in another process; empty where
        nothing was."""
        with self._lock:
            _, model = self._serving(metric, container_name)
            return model.state if model else b""

    def restore(self, metric: str, container_name: str, state: bytes) -> None:
        """Sets what state gave for the same checkpoint; what is empty undoes all that was
        learnt."""
        with self._lock:
            path, model = self._serving(metric, container_name)
            if model is None:
                raise ForetideError("bad_handle", f"foretide: no checkpoint serves {_of(metric, container_name)}")
            model.state = state
            self._states[path] = (self._models[path][0], model.state)

    def _serving(self, metric: str, container: str) -> tuple:
        """The path and model of the checkpoint that serves; None where there is none."""
        for name in dict.fromkeys((str(container), "")):
            model = self._model(metric, name)
            if model is not None:
                return self._path(metric, name), model
        return None, None

    def _forecasts(self, window: _frame.Window, metrics: list, minutes: Minutes) -> dict:
        horizons = _seconds(minutes)
        return {metric: self._forecast(window, metric, horizons) for metric in metrics}

    def _forecast(self, window: _frame.Window, metric: str, horizons: list) -> Forecast:
        with self._lock:
            _, model = self._serving(metric, window.container)
            if model is not None:
                return model.forecast(window, horizons, metric)
            return self.foretide.forecast(window, metric, horizons)

    def _model(self, metric: str, container: str) -> Optional[Model]:
        """The model of a checkpoint; None where there is no such file."""
        if self.model_dir is None:
            return None
        path = self._path(metric, container)
        revision = _revision(path)
        if revision is None:
            return None
        have = self._models.get(path)
        if have is not None and have[0] == revision:
            self._models.move_to_end(path)
            return have[1]
        model = self._load(path, metric, container)
        learnt = self._states.get(path)
        if learnt is not None and learnt[0] == revision:
            model.state = learnt[1]
        if have is not None:
            have[1].free()
        self._models[path] = (revision, model)
        self._models.move_to_end(path)
        if len(self._models) > _LOADED:
            self._models.popitem(last=False)[1][1].free()
        return model

    def _path(self, metric: str, container: str) -> pathlib.Path:
        key = metric, container
        name = self._names.get(key)
        if name is None:
            if len(self._names) >= _NAMES:
                self._names.clear()
            name = self._names[key] = self.foretide.checkpoint_name(metric, container)
        return self.model_dir / name

    def _load(self, path: pathlib.Path, metric: str, container: str) -> Model:
        try:
            model = self.foretide.load(path.read_bytes())
        except OSError as e:
            raise _unreadable(path, e.strerror) from e
        except ForetideError as e:
            raise ForetideError(e.code, f"{path}: {e}") from None
        about = model.describe()
        if (about.metric, about.container) != (metric, container):
            model.free()
            raise ForetideError("mismatch", f"{path}: the checkpoint is of {_of(about.metric, about.container)}, not {_of(metric, container)}")
        return model


def _revision(path: pathlib.Path) -> Optional[tuple]:
    """What tells a file from the one that was there before; None where there is none. A
    name that is too long for a folder has no file, nor has one that begins with a file."""
    try:
        about = path.stat()
    except OSError as e:
        if e.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
            return None
        raise _unreadable(path, e.strerror) from e
    if not stat.S_ISREG(about.st_mode):  # reading a pipe would wait for ever
        raise _unreadable(path, "it is a folder" if stat.S_ISDIR(about.st_mode) else "it is no ordinary file")
    return about.st_mtime_ns, about.st_size, about.st_ino


def _unreadable(path: pathlib.Path, why: Optional[str]) -> ForetideError:
    return ForetideError("io", f"{path}: the checkpoint cannot be read: {why}")


def _of(metric: str, container: str) -> str:
    return f"{metric} of {container or 'every container'}"


def _seconds(minutes: Minutes) -> list:
    if minutes is None:
        return []
    if isinstance(minutes, Mapping) or isinstance(minutes, str):
        raise TypeError(f"foretide: horizon_minutes is {minutes!r}; it is a number, or a list of them")
    out = []
    for m in minutes if isinstance(minutes, Iterable) else [minutes]:
        seconds = float(m) * 60
        if not seconds.is_integer():
            raise ValueError(f"foretide: horizon_minutes has {m}, which is no whole number of seconds")
        out.append(int(seconds))
    return out
