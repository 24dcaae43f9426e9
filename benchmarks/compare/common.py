"""What the programs in Python share: the tasks that the driver wrote, forecast
files, and times of the processor."""

import csv
import json
import os
import resource
import sys
import time

BEGAN = time.process_time()
HORIZONS = (300, 900, 1800)


def processor():
    """Seconds of user and system time of this process and of those it waited for."""
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


class Task:
    """A series: values and filled on its own grid, fives in cells of five minutes,
    origins as (day, index, index5, time, shared): shared is 1 for slow tools, 2 for the slowest too."""

    def __init__(self, row):
        self.id, self.container, self.metric = int(row["id"]), row["container"], row["metric"]
        self.step, self.start, self.test = int(row["step"]), int(row["start"]), int(row["test"])
        self.origins = []


def tasks(folder):
    """Reads the tasks."""
    import numpy as np

    out = {}
    for row in csv.DictReader(open(os.path.join(folder, "index.csv"), newline="")):
        out[int(row["id"])] = Task(row)
    for row in csv.DictReader(open(os.path.join(folder, "origins.csv"), newline="")):
        out[int(row["id"])].origins.append((int(row["day"]), int(row["index"]), int(row["index5"]), int(row["time"]), int(row["shared"])))
    for t in out.values():
        both = np.genfromtxt(os.path.join(folder, "values", f"{t.id}.csv"), delimiter=",", skip_header=1)
        t.values, t.filled = both[:, 0], both[:, 1]
        t.fives = np.genfromtxt(os.path.join(folder, "fives", f"{t.id}.csv"), skip_header=1)
    return list(out.values())


class Out:
    """A forecast file and the times of how it was made."""

    def __init__(self, folder, model):
        self.folder, self.model = folder, model
        self.file = open(os.path.join(folder, model + ".csv.part"), "w", newline="")
        self.rows = csv.writer(self.file, lineterminator="\n")
        self.rows.writerow(["container", "metric", "origin", "horizon", "model", "mean", "lo80", "hi80"])
        self.fit_s = self.forecast_s = 0.0
        self.fits = self.forecasts = self.failures = 0

    def add(self, task, origin, means, los, his):
        """Three horizons of a forecast; a missing bound is None."""
        for h, mean, lo, hi in zip(HORIZONS, means, los, his):
            self.rows.writerow([task.container, task.metric, origin, h, self.model, repr(float(mean)),
                                "" if lo is None else repr(float(lo)), "" if hi is None else repr(float(hi))])

    def close(self, **more):
        self.file.close()
        name = os.path.join(self.folder, self.model)
        with open(name + ".json", "w") as f:
            json.dump(dict(model=self.model, fit_s=self.fit_s, fits=self.fits, forecast_s=self.forecast_s,
                           forecasts=self.forecasts, failures=self.failures, total_s=processor(), **more), f)
        os.replace(name + ".csv.part", name + ".csv")
        print(f"{self.model}: {self.fits} fits of {self.fit_s / max(1, self.fits):.3f} s, {self.forecasts} forecasts of "
              f"{1e3 * self.forecast_s / max(1, self.forecasts):.3f} ms, {self.failures} failures", file=sys.stderr, flush=True)
