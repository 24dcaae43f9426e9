"""The host for Python: FOLDER MODEL SECONDS."""

import json
import pathlib
import resource
import sys
import time
from statistics import median

import numpy as np
from foretide import Foretide, Window

folder, model, seconds = pathlib.Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
begin = time.perf_counter()
foretide = Foretide(folder / "foretide.wasm", cache=False)
compile_ms = 1e3 * (time.perf_counter() - begin)
begin = time.perf_counter()
loaded = foretide.load((folder / f"{model}.ckpt").read_bytes())
w = json.loads((folder / "window.json").read_text())
window = Window(w["start"], w["step"], {name: np.array(v) for name, v in w["metrics"].items()}, w["container"])
forecast = loaded.forecast(window)
first_ms = 1e3 * (time.perf_counter() - begin)
print(json.dumps(dict(compile_ms=compile_ms, first_ms=first_ms, values=[float(q) for h in forecast.horizons for q in h.quantiles])), flush=True)


def steady(call):
    begin = time.perf_counter()
    call()
    n = max(1, round(3e-3 / (time.perf_counter() - begin)))
    times, spent = [], []
    begin = time.perf_counter()
    while not times or (past := time.perf_counter() - begin) < 10 * seconds and (past < seconds or len(times) < 100):
        before, batch = time.process_time(), time.perf_counter()
        for _ in range(n):
            call()
        times.append(1e6 * (time.perf_counter() - batch) / n)
        spent.append(1e6 * (time.process_time() - before) / n)
    return dict(steady_us=min(times), median_us=median(times), processor_us=median(spent))


print(json.dumps(dict(
    **steady(lambda: loaded.forecast(window)),
    instance_bytes=foretide.memory,
    process_bytes=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
)))
