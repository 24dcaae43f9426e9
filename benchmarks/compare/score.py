"""Runs evaluate.py on a share of its origins: of every DAYS days of a test part
the middle one, and of its origins each NTH.

    score.py EVALUATE.PY DAYS NTH DATA LIST FORECAST-FILE...

LIST may be "". Prints the table by source, then the one by series."""

import importlib.util
import sys

spec = importlib.util.spec_from_file_location("evaluate", sys.argv[1])
evaluate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(evaluate)
days, nth = int(sys.argv[2]), int(sys.argv[3])
every = evaluate.tasks


def share(step, start, values):
    test = int(len(values) * (1 - evaluate.TEST_SHARE))
    for i, h in every(step, start, values):
        day, number = (i - test) * step // 86400, (i - test) * step // evaluate.ORIGIN_EVERY
        if day % days == days // 2 and number % nth == 0:
            yield i, h


evaluate.tasks = share
data, listed, files = sys.argv[4], sys.argv[5], sys.argv[6:]
series = list(evaluate.read_series(data, "", {tuple(line.split()) for line in open(listed) if line.strip()} if listed else None))
evaluate.read_series = lambda *_: series
for by in ("source", "series"):
    evaluate.score(data, files, by, "", None)
