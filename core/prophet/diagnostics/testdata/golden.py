"""Cut-offs, cross-validation and scores of Prophet that the tests compare with.

    pip install prophet==1.5.0
    python golden.py BENCH DATA > golden.json

Of the data, only Prophet's forecasts are written.
"""
import csv, gzip, json, logging, os, sys, warnings

import pandas as pd
from prophet import Prophet
from prophet.diagnostics import cross_validation, generate_cutoffs, performance_metrics

warnings.filterwarnings("ignore")
for name in ("cmdstanpy", "prophet"):
    logging.getLogger(name).setLevel(logging.ERROR)
bench, data = sys.argv[1:3]


def daily(name):
    return pd.read_csv(os.path.join(bench, name), parse_dates=["ds"])


def container(name, metric):
    cells = set()
    with gzip.open(os.path.join(data, name + ".csv.gz"), "rt", newline="") as f:
        for row in csv.DictReader(f):
            if row.get(metric) not in (None, ""):
                cells.add(int(float(row["timestamp"])) // 300 * 300)
    return pd.DataFrame({"ds": pd.to_datetime(sorted(cells), unit="s")})


out = {"cutoffs": []}
for name, df, horizon, initial, period in [
    ("peyton", daily("peyton_manning_wp_log.csv"), "365 days", "730 days", "180 days"),
    ("air", daily("air_passengers.csv"), "365 days", "1095 days", "182.5 days"),
    ("ccc/cluster5 cpu", container("ccc/cluster5", "cpu"), "3 hours", "2 days", "11 hours"),
]:
    h, i, p = (pd.Timedelta(x) for x in (horizon, initial, period))
    out["cutoffs"].append({"name": name, "horizon": h.total_seconds(), "initial": i.total_seconds(), "period": p.total_seconds(),
                           "cutoffs": [int(t.timestamp()) for t in generate_cutoffs(df, h, i, p)]})
m = Prophet()
m.fit(daily("peyton_manning_wp_log.csv"), seed=1)
cv = cross_validation(m, horizon="60 days", initial="2200 days", period="200 days", disable_tqdm=True)
out["rows"] = {"t": [int(t.timestamp()) for t in cv["ds"]], "cutoff": [int(t.timestamp()) for t in cv["cutoff"]],
               **{c: [float("%.9g" % v) for v in cv[c]] for c in ("yhat", "yhat_lower", "yhat_upper")}}
out["scores"] = []
for window in (0.1, 0, 0.5, 1):
    s = performance_metrics(cv, rolling_window=window)
    out["scores"].append({"window": window, "horizon": [h.total_seconds() for h in s["horizon"]],
                          **{c: s[c].tolist() for c in ("mse", "rmse", "mae", "mape", "mdape", "smape", "coverage")}})
json.dump(out, sys.stdout, separators=(",", ":"))
print()
