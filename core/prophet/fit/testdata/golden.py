"""Fits and forecasts of Prophet that the tests compare with.

    pip install prophet==1.5.0
    python golden.py BENCH DATA EVAL > golden.json

BENCH holds peyton_manning_wp_log.csv and air_passengers.csv, examples of
facebook/prophet; DATA the public metrics and EVAL the list of those that are
judged. No value of theirs is written: only what Prophet makes of them. Each
case is fitted to the first 70 % of its rows and forecasts all of them.
"""
import csv, gzip, json, logging, os, sys, warnings
from collections import defaultdict

import numpy as np
import pandas as pd
import prophet
from prophet import Prophet

warnings.filterwarnings("ignore")
for name in ("cmdstanpy", "prophet"):
    logging.getLogger(name).setLevel(logging.ERROR)
bench, data, evaluation = sys.argv[1:4]


def peyton():
    return pd.read_csv(os.path.join(bench, "peyton_manning_wp_log.csv"), parse_dates=["ds"])


def air():
    return pd.read_csv(os.path.join(bench, "air_passengers.csv"), parse_dates=["ds"])


def container(name, metric):
    """Means over cells of five minutes."""
    cells = defaultdict(list)
    with gzip.open(os.path.join(data, name + ".csv.gz"), "rt", newline="") as f:
        for row in csv.DictReader(f):
            if row.get(metric) not in (None, ""):
                cells[int(float(row["timestamp"])) // 300].append(float(row[metric]))
    at = sorted(cells)
    return pd.DataFrame({"ds": pd.to_datetime([t * 300 for t in at], unit="s"),
                         "y": [sum(cells[t]) / len(cells[t]) for t in at]})


playoffs = pd.DataFrame({
    "holiday": "playoff", "lower_window": 0, "upper_window": 1,
    "ds": pd.to_datetime(["2008-01-13", "2009-01-03", "2010-01-16", "2010-01-24", "2010-02-07", "2011-01-08",
                          "2013-01-12", "2014-01-12", "2014-01-19", "2014-02-02", "2015-01-11", "2016-01-17"])})
superbowls = pd.DataFrame({
    "holiday": "superbowl", "lower_window": -1, "upper_window": 1, "prior_scale": 3.0,
    "ds": pd.to_datetime(["2010-02-07", "2012-02-05", "2014-02-02"])})
games = pd.concat((playoffs, superbowls))


def on_season(df):
    df["on_season"] = (df["ds"].dt.month > 8) | (df["ds"].dt.month < 2)
    df["off_season"] = ~df["on_season"]
    return df


def conditional(m):
    m.add_seasonality(name="weekly_on", period=7, fourier_order=3, condition_name="on_season")
    m.add_seasonality(name="weekly_off", period=7, fourier_order=2, prior_scale=1, condition_name="off_season")


def regressors(df):
    day = (df["ds"] - pd.Timestamp("2007-12-10")).dt.days
    df["sunday"] = ((df["ds"].dt.weekday == 6) & (df["ds"].dt.month > 8)).astype(float)
    df["wave"] = (day % 97) * 0.03 - 1
    return df


def with_regressors(m):
    m.add_regressor("sunday")
    m.add_regressor("wave", prior_scale=0.5, mode="multiplicative")


def capped(cap, floor=None, growth=0.0):
    def f(df):
        day = (df["ds"] - pd.Timestamp("2007-12-10")).dt.days
        df["cap"] = cap + growth * day
        if floor is not None:
            df["floor"] = floor
        return df
    return f


same = lambda df: df
none = lambda m: None
cases = [
    ("peyton", peyton, {}, same, none),
    ("peyton holidays", peyton, dict(holidays=games), same, none),
    ("peyton holidays multiplied", peyton, dict(holidays=games, holidays_mode="multiplicative", yearly_seasonality=20), same, none),
    ("peyton multiplicative", peyton, dict(seasonality_mode="multiplicative"), same, none),
    ("peyton logistic", peyton, dict(growth="logistic"), capped(14.0), none),
    ("peyton logistic floor", peyton, dict(growth="logistic"), capped(13.0, 4.0, 0.001), none),
    ("peyton flat", peyton, dict(growth="flat"), same, none),
    ("peyton conditions", peyton, dict(weekly_seasonality=False), on_season, conditional),
    ("peyton regressors", peyton, {}, regressors, with_regressors),
    ("peyton minmax", peyton, dict(scaling="minmax", changepoint_prior_scale=0.5), same, none),
    ("peyton changepoints", peyton, dict(changepoints=["2009-06-01", "2011-01-01", "2012-03-15"], changepoint_prior_scale=0.5), same, none),
    ("air additive", air, {}, same, none),
    ("air multiplicative", air, dict(seasonality_mode="multiplicative"), same, none),
    ("air logistic", air, dict(growth="logistic", seasonality_mode="multiplicative"), capped(800.0), none),
    ("air flat", air, dict(growth="flat", n_changepoints=0), same, none),
]
with open(os.path.join(evaluation, "subset.txt")) as f:
    listed = [line.split() for line in f if line.strip()]
for i in range(20):
    name, metric = listed[i * len(listed) // 20]
    cases.append((f"{name} {metric}", lambda name=name, metric=metric: container(name, metric), {}, same, none))


def digits(values, n=8):
    return [float(f"%.{n}g" % v) for v in values]


out = {"prophet": prophet.__version__, "command": "python golden.py BENCH DATA EVAL", "cases": []}
for name, read, options, add, extend in cases:
    df = add(read())
    n = int(len(df) * 0.7)
    m = Prophet(uncertainty_samples=2000, **options)
    extend(m)
    np.random.seed(1)
    m.fit(df[:n].copy(), seed=1)
    at = sorted(set(np.linspace(0, n - 1, 16).astype(int)) | set(np.linspace(n, len(df) - 1, 16).astype(int)))
    # Not vectorised: the other sampler takes the rows for equally spaced.
    f = m.predict(df.iloc[at].drop(columns=["y"]), vectorized=False)
    p = {k: v.reshape(-1) for k, v in m.params.items()}
    components = {c: digits(f[c]) for c in m.train_component_cols.columns
                  if not c.startswith(("additive_terms", "multiplicative_terms", "extra_regressors"))}
    out["cases"].append({
        "name": name, "rows": len(df), "fitted": n,
        "start": int(m.start.timestamp()), "t_scale": m.t_scale.total_seconds(), "y_scale": m.y_scale, "y_min": float(m.y_min),
        "k": float(p["k"][0]), "m": float(p["m"][0]), "sigma": float(p["sigma_obs"][0]), "lp": float(p["lp__"][0]),
        "delta": digits(p["delta"], 12), "beta": digits(p["beta"], 12),
        "changepoints": digits(m.changepoints_t, 12),
        "at": [int(i) for i in at], "yhat": digits(f["yhat"]), "trend": digits(f["trend"]),
        "width80": digits(f["yhat_upper"] - f["yhat_lower"], 4), "components": components})
    print(name, len(df), file=sys.stderr)
json.dump(out, sys.stdout, separators=(",", ":"))
print()
