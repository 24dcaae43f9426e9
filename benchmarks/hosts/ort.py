"""The LSTM's network in onnxruntime, one thread: FOLDER MODEL SECONDS. What goes in is
made before the time begins."""

import json
import resource
import sys
import time
from statistics import median

import numpy as np
import onnxruntime

folder, model, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
begin = time.perf_counter()
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(f"{folder}/{model}.onnx", options, providers=["CPUExecutionProvider"])
compile_ms = 1e3 * (time.perf_counter() - begin)
feeds = {}
for i in session.get_inputs():
    shape = [d if isinstance(d, int) else 1 for d in i.shape]
    feeds[i.name] = np.sin(np.arange(np.prod(shape))).astype(np.float32).reshape(shape)
begin = time.perf_counter()
session.run(None, feeds)
print(json.dumps(dict(compile_ms=compile_ms, first_ms=1e3 * (time.perf_counter() - begin))), flush=True)
times, spent = [], []
begin = time.perf_counter()
while not times or (past := time.perf_counter() - begin) < 10 * seconds and (past < seconds or len(times) < 100):
    before, t = time.process_time(), time.perf_counter()
    session.run(None, feeds)
    times.append(1e6 * (time.perf_counter() - t))
    spent.append(1e6 * (time.process_time() - before))
print(json.dumps(dict(steady_us=min(times), median_us=median(times), processor_us=median(spent), process_bytes=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)))
