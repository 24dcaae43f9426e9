"""Fits Prophet to one series a line, JSON in and out. The seconds are of the
processor: Python's own and those of cmdstan's process."""

import json
import logging
import resource
import sys
import warnings

warnings.filterwarnings("ignore")
for name in ("cmdstanpy", "prophet"):
    logging.getLogger(name).setLevel(logging.ERROR)
import pandas as pd
from prophet import Prophet


def processor():
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def answer(question):
    df = pd.DataFrame({"ds": pd.to_datetime(question["ds"], unit="s"), "y": question["y"]})
    began = processor()
    m = Prophet(weekly_seasonality=True, daily_seasonality=True, yearly_seasonality=False, uncertainty_samples=0)
    m.fit(df, seed=1)
    seconds = processor() - began
    f = m.predict(pd.DataFrame({"ds": pd.to_datetime([question["ahead"]], unit="s")}))
    return {"seconds": seconds, "yhat": float(f["yhat"].iloc[0])}


answer({"ds": [i * 3600 for i in range(400)], "y": [float(i % 24) + 0.1 * (i % 7) for i in range(400)], "ahead": 400 * 3600})
print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
