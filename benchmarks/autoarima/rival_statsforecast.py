"""Answers one series a line with statsforecast's AutoARIMA or AutoETS: JSON in and out."""

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np
from statsforecast.models import AutoARIMA, AutoETS


def answer(question):
    y = np.array([np.nan if v is None else v for v in question["y"]], dtype=np.float64)
    began = time.process_time()
    kind = AutoETS if question["model"] == "ets" else AutoARIMA
    model = kind(season_length=question["period"]).fit(y)
    seconds = time.process_time() - began
    mean = model.predict(h=question["ahead"])["mean"] if question["ahead"] else []
    if question["model"] == "ets":
        chosen = {"form": model.model_["method"]}
    else:
        p, q, sp, sq, m, d, sd = (int(v) for v in model.model_["arma"])
        chosen = {"order": [p, d, q, sp, sd, sq]}
    return chosen | {
        "aicc": float(model.model_["aicc"]),
        "seconds": seconds,
        "mean": [float(v) for v in mean],
    }


rng = np.random.default_rng(1)
for period in (1, 24):  # compiles what is compiled on first use
    for kind in (AutoARIMA, AutoETS):
        kind(season_length=period).fit(np.cumsum(rng.normal(size=120)))
print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
