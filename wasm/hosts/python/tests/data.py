"""The test vectors of the interface, and the command line to compare with."""

import atexit
import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest

from foretide import Window

HERE = pathlib.Path(__file__).resolve().parent
WASM = HERE.parents[2]
VECTORS = json.loads((WASM / "testdata" / "vectors.json").read_text())
MODELS = json.loads((WASM / "testdata" / "models.json").read_text())
KINDS = [m["name"] for m in MODELS if "checkpoint" in m]


def file(name):
    return (WASM / "testdata" / name).read_bytes()


def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="foretide-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def command():
    """The command line: FORETIDE names it."""
    path = os.environ.get("FORETIDE") or shutil.which("foretide")
    if not path:
        text = "FORETIDE names no foretide to compare with (go build -o foretide ./cmd/foretide)"
        if os.environ.get("FORETIDE_CI"):
            raise AssertionError(text)
        raise unittest.SkipTest(text)
    return path


def predict(*arguments):
    """What `foretide predict --json` prints, by metric."""
    out = subprocess.run([command(), "predict", "--json", *map(str, arguments)], check=True, capture_output=True, text=True).stdout
    return {f["metric"]: f for f in json.loads(out)}


def window_of(request):
    """The window of a request of one window, its metric and horizons."""
    _, n = struct.unpack_from("<II", request, 0)
    horizons = struct.unpack_from(f"<{n}q", request, 8)

    def text(at):
        (size,) = struct.unpack_from("<I", request, at)
        return request[at + 4 : at + 4 + size].decode(), at + 4 + size

    metric, at = text(8 + 8 * n)
    at = (at + 7) & ~7
    _, flags, metrics, recent, long, _, start, step, long_start, long_step = struct.unpack_from("<IIIIIIqqqq", request, at)
    container, at = text(at + 56)
    names = []
    for _ in range(metrics):
        name, at = text(at)
        names.append(name)
    at = (at + 7) & ~7

    def part(at, start, step, cells):
        return Window(start, step, {name: struct.unpack_from(f"<{cells}d", request, at + 8 * cells * i) for i, name in enumerate(names)}, container)

    window = part(at, start, step, recent)
    if not flags & 1:
        window.long = part(at + 8 * metrics * recent, long_start, long_step, long)
    return window, metric, horizons
