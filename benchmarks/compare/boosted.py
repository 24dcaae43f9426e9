"""LightGBM on features of mlforecast, one model for all series.

    boosted.py FOLDER [--share N] [--rounds N]

Cells of five minutes; inputs are lags, rolling means, medians, extremes and
deviations, exponential means, the same time of the last days and the week
before, time of day. Lags and means are relative to the last value and to the
series' usual change, as the target is. One model for each horizon and quantile:
absolute deviations, and pinball losses for the bounds of the 80 % interval.
Trained on the training parts alone, once."""

import argparse
import warnings

import common

import numpy as np

warnings.filterwarnings("ignore")
DAY, WEEK = 288, 2016
LEVELS = {"mean": 0.5, "lo": 0.1, "hi": 0.9}


def forecaster():
    """The features of mlforecast: all are of values up to the cell before."""
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import (ExponentiallyWeightedMean, RollingMax, RollingMean, RollingMin, RollingQuantile,
                                           RollingStd, SeasonalRollingMean, SeasonalRollingQuantile)

    lags = [1, 2, 3, 4, 5, 6, 7, 9, 12, 18, 24, 36, 48, 72]
    at = {1: [RollingMean(3), RollingMean(12), RollingMean(36), RollingMean(72), RollingMean(DAY), RollingMean(WEEK, min_samples=DAY),
              RollingQuantile(0.5, 12), RollingQuantile(0.5, 72), RollingQuantile(0.5, DAY), RollingMin(12), RollingMax(12),
              RollingMin(DAY), RollingMax(DAY), RollingStd(12), RollingStd(DAY),
              ExponentiallyWeightedMean(0.3), ExponentiallyWeightedMean(0.07)]}
    for h in (1, 3, 6):  # at the target's time: the row is of the cell after the origin
        lags += [12 + 1 - h, DAY + 1 - h, 2 * DAY + 1 - h, WEEK + 1 - h]
        at[DAY + 1 - h] = [SeasonalRollingMean(DAY, 7, min_samples=1), SeasonalRollingQuantile(0.5, DAY, 7, min_samples=1), RollingMean(3)]
        at[13 - h] = [SeasonalRollingMean(12, 6, min_samples=1)]
    for lag in (DAY + 4, DAY + 1 - 6 - 6):  # smoothed yesterday, at now and after the target
        at.setdefault(lag, []).append(RollingMean(6))
    return MLForecast(models=[], freq=1, lags=sorted(set(lags)), lag_transforms=at, num_threads=1)


def features(t):
    """The features of every cell after the first day; and the cell they are after."""
    import pandas as pd

    df = pd.DataFrame({"unique_id": 0, "ds": np.arange(len(t.fives) + 1), "y": np.append(t.fives, t.fives[-1])})
    x = forecaster().preprocess(df, dropna=False, static_features=[])
    x = x.drop(columns=["unique_id", "y"])
    after = x.pop("ds").to_numpy() - 1
    return x, after


def inputs(t, native):
    """Rows of all cells: inputs, the last value and the scale, by the cell of five
    minutes that is the origin. native is the index of its last native cell."""
    x, after = features(t)
    names = list(x.columns)
    x = x.to_numpy(dtype=np.float64)
    keep = after >= DAY
    x, after = x[keep], after[keep]
    last = t.filled[native[after]]
    change = np.abs(np.diff(t.fives, prepend=t.fives[0]))
    total = np.cumsum(change)
    usual = (total[after] - total[after - DAY]) / DAY
    scale = np.maximum(0.5 * usual + 0.5 * total[after] / (after + 1), 1e-9)
    spread = [i for i, n in enumerate(names) if "std" in n]
    level = np.delete(np.arange(len(names)), spread)
    x[:, level] = (x[:, level] - last[:, None]) / scale[:, None]
    x[:, spread] /= scale[:, None]
    when = t.start + native[after] * t.step
    extra = [np.sin(2 * np.pi * when / 86400), np.cos(2 * np.pi * when / 86400), when % 3600 / 3600, when % 86400 / 86400,
             usual / scale, np.full(len(when), t.step), np.full(len(when), METRICS.index(t.metric)),
             last / scale, (t.filled[np.maximum(0, native[after] - 1)] - last) / scale]
    return np.column_stack([x] + extra).astype(np.float32), after, last, scale


METRICS = ["cpu", "memory", "disk_read", "disk_write", "net_rx", "net_tx", "requests"]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("--rows", type=int, default=200_000, help="training rows, a random share of all")
    p.add_argument("--rounds", type=int, default=300)
    p.add_argument("--name", default="lightgbm")
    o = p.parse_args()
    tasks = common.tasks(o.folder)
    began = common.processor()
    import lightgbm as lgb
    import mlforecast  # noqa: F401

    imported = common.processor() - began
    out = common.Out(o.folder, o.name)
    began = common.processor()
    train, tests = {h: [] for h in common.HORIZONS}, []
    for t in tasks:
        k = 300 // t.step
        offset = (t.test + 1) % k
        native = offset + (np.arange(len(t.fives)) + 1) * k - 1
        x, after, last, scale = inputs(t, native)
        row = np.full(len(t.fives), -1)
        row[after] = np.arange(len(after))
        mean_change = np.mean(np.abs(np.diff(t.fives[: (t.test - offset) // k]))) + 1e-9
        for h in common.HORIZONS:
            target = native[after] + h // t.step
            ok = target < t.test
            ok[ok] &= ~np.isnan(t.values[target[ok]]) & ~np.isnan(t.values[native[after][ok]])
            y = (t.values[target[ok]] - last[ok]) / scale[ok]
            train[h].append((x[ok], y.astype(np.float32), (scale[ok] / mean_change).astype(np.float32)))
        use = [(w, row[i5]) for _, _, i5, w, _ in t.origins if row[i5] >= 0]
        at = np.array([r for _, r in use])
        tests.append((t, [w for w, _ in use], x[at], last[at], scale[at]))
    fit_features = common.processor() - began
    models = {}
    rng = np.random.default_rng(1)
    for h in common.HORIZONS:
        x, y, w = (np.concatenate(p) for p in zip(*train.pop(h)))
        if len(x) > o.rows:
            pick = rng.choice(len(x), o.rows, replace=False)
            x, y, w = x[pick], y[pick], w[pick]
        data = lgb.Dataset(x, y, weight=w, params={"verbose": -1, "max_bin": 127}, free_raw_data=False)
        for name, level in LEVELS.items():
            models[h, name] = lgb.train(dict(
                objective="l1" if level == 0.5 else "quantile", alpha=level, learning_rate=0.05, num_leaves=63,
                min_data_in_leaf=100, feature_fraction=0.5, bagging_fraction=0.7, bagging_freq=1, lambda_l2=1.0,
                max_bin=127, num_threads=1, seed=1, verbose=-1), data, o.rounds if level == 0.5 else o.rounds // 2)
    out.fit_s, out.fits = common.processor() - began, 1
    for t, when, x, last, scale in tests:
        began = common.processor()
        got = {name: np.column_stack([last + scale * models[h, name].predict(x, num_threads=1) for h in common.HORIZONS]) for name in LEVELS}
        out.forecast_s += common.processor() - began
        out.forecasts += len(when)
        lo, hi = np.minimum(got["lo"], got["mean"]), np.maximum(got["hi"], got["mean"])
        for i, w in enumerate(when):
            out.add(t, w, got["mean"][i], lo[i], hi[i])
    # One forecast as a service makes it: the features of a week, nine trees' answers.
    t, _, x, _, _ = tests[0]
    week = common.Task.__new__(common.Task)
    week.__dict__.update(t.__dict__, fives=t.fives[-WEEK - DAY:])
    began = common.processor()
    for _ in range(5):
        features(week)
        for m in models.values():
            m.predict(x[:1], num_threads=1)
    out.close(import_s=imported, one_s=(common.processor() - began) / 5, features_s=fit_features)


main()
