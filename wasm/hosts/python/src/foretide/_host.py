"""The module and instances of it, in wasmtime. ../../../../ABI.md says what it
speaks."""

from __future__ import annotations

import os
import pathlib
import threading
import weakref
from collections import deque
from typing import Callable, Iterable, Mapping, Optional, Sequence, TypeVar, Union

from wasmtime import Config, Engine, Func, Linker, Memory, Module, Store, Trap, WasmtimeError

from . import _bytes, _system
from ._bytes import Description, Forecast, Window

T = TypeVar("T")

MAJOR = 1
CODES = (
    "ok", "bad_pointer", "bad_handle", "bad_request", "too_large", "not_checkpoint", "damaged", "bad_version",
    "bad_model", "no_metric", "bad_step", "no_data", "bad_horizon", "not_updatable", "internal",
)
FUNCTIONS = (
    "_initialize", "foretide_abi_version", "foretide_alloc", "foretide_free", "foretide_load", "foretide_unload",
    "foretide_describe", "foretide_forecast", "foretide_update", "foretide_restore", "foretide_clean",
    "foretide_checkpoint_name", "foretide_result", "foretide_result_size",
)


class ForetideError(Exception):
    """A failure of the module, in its own words. code is its name in ABI.md, "trap"
    where the module broke off, or "bad_module"; of a folder of checkpoints, "mismatch"
    or "io"."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def failure(status: int, message: str) -> ForetideError:
    return ForetideError(CODES[-status] if -status < len(CODES) else f"status_{status}", message)


def _config(cache: bool) -> Config:
    config = Config()
    if cache:
        try:
            config.cache = True  # compiled code, in the user's cache folder
        except WasmtimeError:
            pass  # there is no such folder; it is compiled again each time
    return config


class Foretide:
    """The module and an instance of it.

    module is a path or the module's bytes instead of the one in the package.
    memory_limit bounds the memory of the instance, in bytes. cache keeps the compiled
    code in the user's cache folder: a new process then starts at once. Threads may
    share one; their calls take turns.
    """

    def __init__(self, module: Union[str, os.PathLike, bytes, None] = None, *, memory_limit: int = 256 << 20, cache: bool = True):
        if module is None:
            module = pathlib.Path(__file__).with_name("foretide.wasm")
        code = bytes(module) if isinstance(module, (bytes, bytearray, memoryview)) else pathlib.Path(module).read_bytes()
        self._engine = Engine(_config(cache))
        try:
            self._module = Module(self._engine, code)
        except WasmtimeError as e:
            raise ForetideError("bad_module", f"foretide: not a WebAssembly module: {e}") from None
        self._memory_limit = memory_limit
        self._lock = threading.RLock()
        self._functions: Optional[dict] = None  # of the instance; None where there is none that works
        self._instances = 0  # that there were
        self._used = False  # whether there was a call of the instance
        # Where models were loaded that are no more: pairs of an instance and a handle. The
        # garbage collector adds to it from any thread, and in the middle of a call.
        self._gone: deque = deque()
        self._start()

    def _start(self) -> None:
        store = Store(self._engine)
        store.set_limits(memory_size=self._memory_limit)
        linker = Linker(self._engine)
        said = bytearray()

        def hear(text: bytes) -> None:  # no method: the store would keep this object, which keeps the store
            said.extend(text)
            del said[:-2000]

        _system.define(linker, hear)
        try:
            exports = linker.instantiate(store, self._module).exports(store)
            functions = {name: exports.get(name) for name in FUNCTIONS}
            memory = exports.get("memory")
            if not isinstance(memory, Memory) or not all(isinstance(f, Func) for f in functions.values()):
                raise ForetideError("bad_module", "foretide: not a module of Foretide")
            functions["_initialize"](store)
            version = functions["foretide_abi_version"](store)
        except (Trap, WasmtimeError, _system.Exit) as e:
            raise ForetideError("bad_module", f"foretide: the module does not start: {e}") from None
        if version >> 16 != MAJOR:
            raise ForetideError("bad_module", f"foretide: the module speaks version {version >> 16}.{version & 0xFFFF} of the interface, this host {MAJOR}")
        self._store, self._memory, self._functions, self._said = store, memory, functions, said
        self._instances += 1
        self._used = False

    def _instance(self) -> int:
        """Which instance is at work; another one after one has gone."""
        if self._functions is None:
            self._start()
        return self._instances

    @property
    def memory(self) -> int:
        """Bytes of memory that the instance has."""
        with self._lock:
            self._instance()
            return self._memory.data_len(self._store)

    def _drop(self) -> None:
        """Lets the instance and its memory go."""
        self._store = self._memory = self._functions = None

    def _run(self, f: Callable[[], T]) -> T:
        """Has f call the instance. Where that one breaks off, and something had called it
        before, f has another try with a fresh one: memory may have run out for what others
        left in it. One that is nearly full would break off soon, and goes."""
        with self._lock:
            self._instance()
            used = self._used
            try:
                try:
                    return f()
                except ForetideError as e:
                    if e.code != "trap" or not used:
                        raise
                return f()
            finally:
                if self._functions is not None and self._memory.data_len(self._store) > self._memory_limit // 4 * 3:
                    self._drop()

    def _call(self, name: str, handle: Optional[int] = None, data: Optional[bytes] = None) -> tuple:
        """Calls a function of the module with a handle and bytes, where there are
        any; returns what it returns and its result."""
        with self._lock:
            self._instance()
            self._said.clear()
            self._used = True
            try:
                self._unload_gone()
                return self._ask_instance(name, handle, data)
            except (Trap, WasmtimeError, _system.Exit) as e:
                why = self._said.decode(errors="replace").strip() or str(e)
                self._drop()  # it might still answer, and wrongly
            except ForetideError:
                raise
            except BaseException:
                self._drop()  # Ctrl-C within the call, say
                raise
        # Not where it was caught: the error would keep the instance's memory.
        raise ForetideError("trap", f"foretide: the module broke off: {why}")

    def _unload_gone(self) -> None:
        """Unloads the models that are no more."""
        while self._gone:
            instance, handle = self._gone.popleft()
            if instance == self._instances:
                self._functions["foretide_unload"](self._store, handle)

    def _ask_instance(self, name: str, handle: Optional[int], data: Optional[bytes]) -> tuple:
        store, memory, f = self._store, self._memory, self._functions
        values = [] if handle is None else [handle]
        address = 0
        if data is not None:
            if len(data) < 1 << 31:
                address = f["foretide_alloc"](store, max(1, len(data))) & 0xFFFFFFFF
            if address == 0:
                raise ForetideError("too_large", f"foretide: {len(data)} bytes are more than the module takes")
            memory.write(store, data, address)
            values += [_signed(address), len(data)]
        returned = f["foretide_" + name](store, *values)
        at = f["foretide_result"](store) & 0xFFFFFFFF
        result = bytes(memory.read(store, at, at + (f["foretide_result_size"](store) & 0xFFFFFFFF)))
        if address:
            f["foretide_free"](store, _signed(address))
        return returned, result

    def _ask(self, name: str, handle: Optional[int] = None, data: Optional[bytes] = None) -> tuple:
        """_call, where a negative number is an error."""
        returned, result = self._call(name, handle, data)
        if returned < 0:
            raise failure(returned, result.decode())
        return returned, result

    def load(self, checkpoint: bytes) -> "Model":
        """Returns the model of a checkpoint's bytes, which it keeps."""
        return Model(self, _bytes.copied(checkpoint, "checkpoint"))

    def clean(
        self,
        times: Sequence[int],
        metrics: Mapping[str, Sequence[float]],
        container: str = "",
        *,
        counters: Iterable[str] = (),
        step: int = 0,
        keep: int = 0,
    ) -> tuple:
        """Puts samples at any times, in any order, on a grid, as `foretide predict` does:
        the Window to forecast from, without the metrics that have no value, and a Report
        for each metric. times are Unix seconds; counters name the running totals, of which
        the rate per second is wanted; a step of 0 is inferred; with keep above 0 so many
        seconds of the past are kept."""
        request = _bytes.samples(times, metrics, container, counters, step, keep)
        return _bytes.cleaned(self._run(lambda: self._ask("clean", None, request))[1], metrics)

    def checkpoint_name(self, metric: str, container: str = "") -> str:
        """Where the checkpoint of a metric and container lies in a folder or bucket that
        `foretide train` writes; without a container, the one for every container."""
        request = _bytes.names(metric, container)
        return self._run(lambda: self._ask("checkpoint_name", None, request))[1].decode()

    def forecast(self, window: Window, metric: str, horizons: Iterable[int] = ()) -> Forecast:
        """Forecasts without a checkpoint, by the network in the module; horizons
        in seconds, 5, 15 and 30 minutes without any."""
        return _one(self.forecast_many([window], metric, horizons))

    def forecast_many(self, windows: Sequence[Window], metric: str, horizons: Iterable[int] = ()) -> list:
        """forecast of many windows; one that fails has a ForetideError in its place."""
        windows = list(windows)
        request = _bytes.request(windows, horizons, metric)
        return _forecasts(self._run(lambda: self._ask("forecast", 0, request)), windows, metric)


class Model:
    """A checkpoint that is loaded."""

    def __init__(self, host: Foretide, checkpoint: bytes):
        self._host, self._checkpoint = host, checkpoint
        self._place = [0, 0]  # the instance in which it is loaded, and its handle there
        self._state = b""
        self._freed = False
        weakref.finalize(self, host._gone.append, self._place).atexit = False
        self._metric = self.describe().metric

    def _loaded(self) -> int:
        """Returns the handle, in an instance that may be new."""
        if self._freed:
            raise ForetideError("bad_handle", "foretide: the model was freed")
        instance = self._host._instance()
        if self._place[0] != instance:
            handle, _ = self._host._ask("load", None, self._checkpoint)
            self._place[:] = instance, handle
            if self._state:
                self._host._ask("restore", handle, self._state)
        return self._place[1]

    def _unload(self) -> None:
        """Has the next call unload it."""
        self._host._gone.append(tuple(self._place))
        self._place[:] = 0, 0

    def _ask(self, name: str, data: Optional[bytes] = None) -> tuple:
        return self._host._run(lambda: self._host._ask(name, self._loaded(), data))

    def describe(self) -> Description:
        """Says what the checkpoint is and what it needs."""
        return _bytes.description(self._ask("describe")[1])

    def forecast(self, window: Window, horizons: Iterable[int] = (), metric: str = "") -> Forecast:
        """Forecasts from a window; horizons in seconds, all that the model has
        without any. A metric, where given, must be the checkpoint's."""
        return _one(self.forecast_many([window], horizons, metric))

    def forecast_many(self, windows: Sequence[Window], horizons: Iterable[int] = (), metric: str = "") -> list:
        """forecast of many windows; one that fails has a ForetideError in its place."""
        windows = list(windows)
        return _forecasts(self._ask("forecast", _bytes.request(windows, horizons, metric)), windows, metric or self._metric)

    def update(self, window: Window, actuals: Mapping[int, float]) -> int:
        """Has the calibration learn from values that came true, by their seconds
        after the window's origin; returns how many were used."""
        request = _bytes.update(window, actuals)
        with self._host._lock:
            used, self._state = self._ask("update", request)
            return used

    @property
    def state(self) -> bytes:
        """The state of the calibration, to keep and to set again; empty where nothing was
        learnt, and setting that undoes what was."""
        return self._state

    @state.setter
    def state(self, state: bytes) -> None:
        state = _bytes.copied(state, "state")
        with self._host._lock:
            if state:
                self._ask("restore", state)
                self._state = state
            else:
                self._unload()  # for the module no bytes change nothing: it is loaded anew
                self._state = b""
                self._host._run(self._loaded)

    def free(self) -> None:
        """Frees the model's memory in the module, as the garbage collector does when it
        finds that the model is no more."""
        with self._host._lock:
            self._unload()
            self._freed, self._checkpoint = True, b""


def _signed(x: int) -> int:
    return x - (1 << 32) if x >= 1 << 31 else x


def _forecasts(answer: tuple, windows: list, metric: str) -> list:
    out = _bytes.forecasts(answer[1], failure)
    for window, forecast in zip(windows, out):
        if isinstance(forecast, Forecast):
            forecast.container, forecast.metric = window.container, metric
    return out


def _one(forecasts: list) -> Forecast:
    """Returns the only forecast, or raises what stands for it."""
    if isinstance(forecasts[0], ForetideError):
        raise forecasts[0]
    return forecasts[0]
