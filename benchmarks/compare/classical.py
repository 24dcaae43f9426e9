"""statsforecast's automatic models, refitted each day of the test part and moved
on by forward() in between.

    classical.py FOLDER MODEL... [--fine] [--slow]

A model is arima, ets, theta, theta288, ces, ces288, mstl (STL by day, its trend
by AutoETS) or mstl-arima, in cells of five minutes; with "-native" behind it in
cells as they are sampled. It sees 2,016 cells: a week of five minutes."""

import argparse
import warnings

import common

import numpy as np

warnings.filterwarnings("ignore")
WINDOW = 2016


def make(name):
    from statsforecast.models import MSTL, AutoARIMA, AutoCES, AutoETS, AutoTheta

    return {
        "arima": lambda: AutoARIMA(season_length=1),
        "ets": lambda: AutoETS(season_length=1),
        "theta": lambda: AutoTheta(season_length=1),
        "theta288": lambda: AutoTheta(season_length=288),
        "ces": lambda: AutoCES(season_length=1),
        "ces288": lambda: AutoCES(season_length=288),
        "mstl": lambda: MSTL(season_length=[288], trend_forecaster=AutoETS(model="ZZN")),
        "mstl-arima": lambda: MSTL(season_length=[288], trend_forecaster=AutoARIMA()),
    }[name]()


def run(tasks, out, name, native, least):
    for t in tasks:
        y = t.filled if native else t.fives
        steps = [h // (t.step if native else 300) for h in common.HORIZONS]
        model, fitted = None, -1
        for day, index, index5, when, shared in t.origins:
            if shared < least:
                continue
            end = (index if native else index5) + 1
            window = y[max(0, end - WINDOW):end]
            try:
                if day != fitted:
                    began = common.processor()
                    model = make(name)
                    model.fit(window)
                    out.fit_s += common.processor() - began
                    out.fits += 1
                    fitted = day
                began = common.processor()
                f = model.forward(y=window, h=steps[-1], level=[80])
                out.forecast_s += common.processor() - began
                out.forecasts += 1
            except Exception as e:  # noted, and scored as the last value
                out.failures += 1
                if out.failures < 4:
                    print(f"{out.model} {t.container} {t.metric}: {e!r}", flush=True)
                continue
            at = [s - 1 for s in steps]
            got = np.array([f["mean"][at], f["lo-80"][at], f["hi-80"][at]], dtype=float)
            if np.isfinite(got).all():
                out.add(t, when, *got)
            else:
                out.failures += 1


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("models", nargs="+")
    p.add_argument("--fine", action="store_true", help="only the series with cells shorter than five minutes")
    p.add_argument("--slow", action="store_true", help="from a quarter of the origins")
    o = p.parse_args()
    tasks = [t for t in common.tasks(o.folder) if t.step < 300 or not o.fine]
    began = common.processor()
    import statsforecast.models  # noqa: F401

    imported = common.processor() - began
    for m in o.models:
        name = m.removesuffix("-native")
        began = common.processor()
        first = make(name).fit(tasks[0].fives[:WINDOW])  # compiles
        first.forward(y=tasks[0].fives[:WINDOW], h=6, level=[80])
        first = common.processor() - began
        out = common.Out(o.folder, "sf-" + m)
        run(tasks, out, name, m != name, 2 if o.slow else 1)
        out.close(import_s=imported, first_s=first)


main()
