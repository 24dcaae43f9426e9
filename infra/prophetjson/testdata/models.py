"""Writes models as Prophet serialises them, and what they forecast.

    pip install prophet==1.5.0
    python models.py

The data are made up here.
"""
import json, logging

import numpy as np
import pandas as pd
from prophet import Prophet
from prophet.serialize import model_to_json

for name in ("cmdstanpy", "prophet"):
    logging.getLogger(name).setLevel(logging.ERROR)


def frame(n, freq):
    ds = pd.date_range("2024-01-01", periods=n, freq=freq)
    x = np.arange(n)
    y = 100 + 0.2 * x + 9 * np.sin(2 * np.pi * x / 7) + 3 * np.cos(x * 1.3) + 2 * np.sin(x * x * 0.7)
    return pd.DataFrame({"ds": ds, "y": y, "queue": x % 11 * 2.5, "flag": (x % 5 == 0).astype(float),
                         "on": x % 14 < 7, "cap": 200 + 0.1 * x, "floor": 20.0})


events = pd.DataFrame({"holiday": ["fair", "fair", "sale"], "ds": pd.to_datetime(["2024-01-20", "2024-04-20", "2024-02-10"]),
                       "lower_window": [0, 0, -1], "upper_window": [1, 1, 0], "prior_scale": [10.0, 10.0, 3.0]})


def everything():
    m = Prophet(holidays=events, seasonality_mode="multiplicative", holidays_mode="additive", weekly_seasonality=False, n_changepoints=5)
    m.add_seasonality("weekly on", 7, 2, condition_name="on")
    m.add_seasonality("monthly", 30.5, 2, mode="additive")
    m.add_regressor("queue")
    m.add_regressor("flag", mode="additive")
    return m, frame(130, "D")


def logistic():
    return Prophet(growth="logistic", n_changepoints=4, weekly_seasonality=2), frame(110, "D")


def flat():
    return Prophet(growth="flat", scaling="minmax", n_changepoints=3), frame(120, "h")


def none():
    return Prophet(n_changepoints=0, weekly_seasonality=False), frame(60, "D")


for make in (everything, logistic, flat, none):
    m, df = make()
    n = len(df) - 20
    m.uncertainty_samples = 0
    m.fit(df[:n].copy(), seed=1)
    f = m.predict(df.drop(columns=["y"]))
    name = make.__name__
    with open(name + ".json", "w") as out:
        out.write(model_to_json(m))
    at = list(range(0, len(df), 7))
    with open(name + ".forecast.json", "w") as out:
        json.dump({"at": [int(t.timestamp()) for t in df["ds"].iloc[at]], "yhat": f["yhat"].iloc[at].tolist(),
                   "trend": f["trend"].iloc[at].tolist(),
                   "columns": {c: df[c].iloc[at].astype(float).tolist() for c in ("queue", "flag", "on", "cap", "floor")}}, out)
