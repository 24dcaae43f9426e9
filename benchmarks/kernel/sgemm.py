#!/usr/bin/env python3
"""Times float32 products in numpy and PyTorch, one thread: the best of many."""
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import time

import numpy as np

try:
    import torch
    torch.set_num_threads(1)
except ImportError:
    torch = None


def best(f, seconds=3.0):
    low, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        f()
        low = min(low, time.perf_counter() - start)
    return low


def main():
    print("numpy", np.__version__, *(("torch", torch.__version__) if torch else ()))
    rng = np.random.default_rng(1)
    # Rows of the left side, the length of the sums, columns; and whether the
    # left side lies transposed, as for the gradient of weights.
    for m, k, n, trans in [
        (32, 128, 512, False), (32, 256, 512, False), (32, 512, 128, False), (1, 128, 512, False),
        (240, 256, 512, False), (256, 128, 512, False), (128, 32, 512, True), (128, 1920, 512, True), (256, 1920, 512, True),
    ]:
        a = rng.standard_normal((k, m) if trans else (m, k), dtype=np.float32)
        b = rng.standard_normal((k, n), dtype=np.float32)
        c = np.zeros((m, n), np.float32)
        left, work = a.T if trans else a, 2e-9 * m * k * n
        line = f"{m}x{k}x{n}{' transposed' if trans else ''}: numpy {work / best(lambda: np.matmul(left, b, out=c)):.1f}"
        if torch:
            tl, tb, tc = torch.from_numpy(a), torch.from_numpy(b), torch.from_numpy(c)
            tl = tl.T if trans else tl
            with torch.no_grad():
                line += f", torch {work / best(lambda: torch.addmm(tc, tl, tb, out=tc)):.1f}"
        print(line, "GFLOP/s", flush=True)


if __name__ == "__main__":
    main()
