"""Prophet: fitted each day of the test part to the two weeks before, or at every
origin, of a quarter of them.

    additive.py FOLDER daily|each...

Cells of five minutes, seasons of a day and a week. It is not told what came
since the fit: "Prophet models can only be fit once"."""

import argparse
import logging
import warnings

import common

import numpy as np

warnings.filterwarnings("ignore")
for name in ("cmdstanpy", "prophet"):
    logging.getLogger(name).disabled = True
WINDOW = 4032


def fit(y, end, start5):
    import pandas as pd
    from prophet import Prophet

    lo = max(0, end - WINDOW)
    m = Prophet(weekly_seasonality=True, daily_seasonality=True, yearly_seasonality=False, interval_width=0.8, uncertainty_samples=200)
    m.fit(pd.DataFrame({"ds": pd.to_datetime(start5 + 300 * np.arange(lo, end), unit="s"), "y": y[lo:end]}), seed=1)
    return m


def run(tasks, out, each):
    import pandas as pd

    for t in tasks:
        model, fitted = None, -1
        for day, index, index5, when, shared in t.origins:
            if shared < (2 if each else 1):
                continue
            start5 = when - 300 * index5  # the mean of five minutes that ends with the origin has its time
            if each or day != fitted:
                began = common.processor()
                model = fit(t.fives, index5 + 1, start5)
                out.fit_s += common.processor() - began
                out.fits, fitted = out.fits + 1, day
            began = common.processor()
            f = model.predict(pd.DataFrame({"ds": pd.to_datetime([when + h for h in common.HORIZONS], unit="s")}))
            out.forecast_s += common.processor() - began
            out.forecasts += 1
            out.add(t, when, f["yhat"], f["yhat_lower"], f["yhat_upper"])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("modes", nargs="+", choices=("daily", "each"))
    o = p.parse_args()
    tasks = common.tasks(o.folder)
    began = common.processor()
    import prophet  # noqa: F401

    imported = common.processor() - began
    for mode in o.modes:
        out = common.Out(o.folder, "prophet-" + mode)
        run(tasks, out, mode == "each")
        out.close(import_s=imported)


main()
