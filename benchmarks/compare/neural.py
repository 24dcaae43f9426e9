"""neuralforecast's NHITS and TiDE, one network for all series, trained on the
training parts alone, once.

    neural.py FOLDER nhits|tide... [--steps N] [--all]

Cells of five minutes; two days are the input, beside the time of day. The loss
is of the median and the bounds of the 80 % interval (MQLoss)."""

import argparse
import logging
import os
import warnings

import common

import numpy as np

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
warnings.filterwarnings("ignore")
INPUT = 576


def frame(unit, cells, y, start5):
    import pandas as pd

    when = (start5 + 300 * cells) % 86400 / 86400 * 2 * np.pi
    df = pd.DataFrame({"unique_id": unit, "ds": cells, "sin": np.sin(when), "cos": np.cos(when)})
    if y is not None:
        df["y"] = y
    return df


def prepare(t):
    """The training part in units of the series' own change, and where it begins."""
    k = 300 // t.step
    first = t.test // k  # cells of five minutes before the test part, the last left out
    y = t.fives[:first - 1]
    t.level, t.unit = np.median(y), np.mean(np.abs(np.diff(y))) + 1e-9
    t.start5 = t.start + (((t.test + 1) % k) + k - 1) * t.step
    return frame(str(t.id), np.arange(len(y)), (y - t.level) / t.unit, t.start5)


def network(name, steps, batch):
    from neuralforecast.losses.pytorch import MQLoss
    from neuralforecast.models import NHITS, TiDE

    same = dict(h=6, input_size=INPUT, loss=MQLoss(level=[80]), max_steps=steps, scaler_type="robust", learning_rate=1e-3,
                batch_size=batch, windows_batch_size=256, start_padding_enabled=True, futr_exog_list=["sin", "cos"],
                random_seed=1, accelerator="cpu", enable_progress_bar=False, logger=False, enable_checkpointing=False,
                enable_model_summary=False)
    if name == "nhits":
        return NHITS(mlp_units=3 * [[256, 256]], **same)
    return TiDE(hidden_size=128, decoder_output_dim=8, **same)


def forecast(nf, windows):
    """Forecasts from (task, day, index5, time): an array of median, bounds by horizon."""
    import pandas as pd

    past, future = [], []
    for n, (t, i5, _) in enumerate(windows):
        cells = np.arange(max(0, i5 - INPUT + 1), i5 + 1)
        past.append(frame(n, cells, (t.fives[cells] - t.level) / t.unit, t.start5))
        future.append(frame(n, np.arange(i5 + 1, i5 + 7), None, t.start5))
    got = nf.predict(df=pd.concat(past, ignore_index=True), futr_df=pd.concat(future, ignore_index=True))
    got = got.reset_index() if "unique_id" not in got else got
    got = got.sort_values(["unique_id", "ds"])
    name = str(nf.models[0])
    columns = [c for c in got.columns if c.startswith(name)]
    at = {"mean": [c for c in columns if "median" in c][0], "lo": [c for c in columns if "lo" in c][0], "hi": [c for c in columns if "hi" in c][0]}
    level = np.array([t.level for t, _, _ in windows])[:, None]
    unit = np.array([t.unit for t, _, _ in windows])[:, None]
    return {k: level + unit * got[c].to_numpy().reshape(len(windows), 6)[:, [0, 2, 5]] for k, c in at.items()}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("models", nargs="+", choices=("nhits", "tide"))
    p.add_argument("--steps", type=int, default=500)
    p.add_argument("--batch", type=int, default=4, help="series of a step, of which 256 windows are drawn")
    p.add_argument("--all", action="store_true", help="from every origin, not the share's alone")
    o = p.parse_args()
    tasks = common.tasks(o.folder)
    began = common.processor()
    import neuralforecast
    import pandas as pd
    import torch

    torch.set_num_threads(1)
    for name in ("pytorch_lightning", "lightning", "lightning.pytorch", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    imported = common.processor() - began
    train = pd.concat([prepare(t) for t in tasks], ignore_index=True)
    windows = [(t, i5, when) for t in tasks for _, _, i5, when, shared in t.origins if shared or o.all]
    for name in o.models:
        out = common.Out(o.folder, name)
        began = common.processor()
        nf = neuralforecast.NeuralForecast(models=[network(name, o.steps, o.batch)], freq=1)
        nf.fit(train)
        out.fit_s, out.fits = common.processor() - began, 1
        for i in range(0, len(windows), 512):
            part = windows[i:i + 512]
            began = common.processor()
            got = forecast(nf, part)
            out.forecast_s += common.processor() - began
            out.forecasts += len(part)
            lo, hi = np.minimum(got["lo"], got["mean"]), np.maximum(got["hi"], got["mean"])
            for n, (t, _, when) in enumerate(part):
                out.add(t, when, got["mean"][n], lo[n], hi[n])
        began = common.processor()
        for w in windows[:5]:
            forecast(nf, [w])
        out.close(import_s=imported, one_s=(common.processor() - began) / 5, steps=o.steps, batch=o.batch)


main()
