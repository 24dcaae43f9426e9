#!/usr/bin/env python3
"""What forecasts of a fleet cost a month on SageMaker, beside Lambda.

    python3 infra/sagemaker/costs.py [--predict-ms 2] [--train-ms 400] ...

Prices are AWS's for us-east-1, in dollars, as they were listed in 2025, without
the free tier; those below are arguments too: look them up before you rely on them.
Times are assumptions, the same as those of infra/deploy/costs.py.
"""
import argparse
import math
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "deploy"))
import costs as aws_lambda  # noqa: E402

MONTH_HOURS = 730


def month(series, a):
    """Dollars a month, by way of doing it."""
    trainings, predictions = 30 * 86400 / a.train_every, 30 * 86400 / a.predict_every
    train_hours = (a.start_s + series * a.train_ms / 1e3 / a.train_cores) / 3600
    requests = math.ceil(series / a.batch)
    seconds = a.request_ms / 1e3 + min(series, a.batch) * a.predict_ms / 1e3  # of a request
    # What a serverless endpoint is paid by: the time, and the bytes in and out.
    data = series * (a.points * 12 + 400) / 1e9
    instances = max(1, math.ceil(requests * seconds / a.serve_cores / (a.predict_every / 2)))
    transform_hours = (a.start_s + requests * seconds / a.serve_cores) / 3600
    return {
        "training, nightly": trainings * train_hours * a.train_hour,
        "training, nightly, on spot": trainings * train_hours * a.train_hour * (1 - a.spot_saving),
        "endpoint, always there": instances * MONTH_HOURS * a.serve_hour,
        "endpoint, serverless": predictions * (requests * seconds * a.memory_gb * a.serverless_gb_s + data * a.data_gb),
        "batch transform every time": predictions * transform_hours * a.transform_hour,
        "batch transform every hour": 720 * transform_hours * a.transform_hour,
    }


def lambdas(series):
    """The same by the Lambda deployment, as infra/deploy/costs.py has it."""
    parts, _ = aws_lambda.month(series, aws_lambda.defaults(), "auto")
    return {"Lambda: training, nightly": parts["train: Lambda"], "Lambda: forecasts": parts["predict: Lambda"],
            "Lambda: forecasts, read and stored in S3": parts["predict: Lambda"] + parts["predict: S3"]}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default, text in [
            ("train-hour", 0.23, "dollars an hour of ml.m5.xlarge for training"), ("train-cores", 2, "its cores (it has 4 threads)"),
            ("spot-saving", 0.6, "share that spot instances save"), ("start-s", 180, "seconds that a job is paid for before it works"),
            ("serve-hour", 0.056, "dollars an hour of ml.t2.medium for an endpoint"), ("serve-cores", 1, "its cores"),
            ("transform-hour", 0.115, "dollars an hour of ml.m5.large for a batch transform"),
            ("memory-gb", 1, "of a serverless endpoint"), ("serverless-gb-s", 0.00002, "dollars for a second of 1 GB"), ("data-gb", 0.016, "dollars for a GB in or out"),
            ("train-ms", round(aws_lambda.find(aws_lambda.measured("train"), model="auto")["cpu_ms"]), "to train a series of auto, as measured"), ("predict-ms", 2, "to forecast one"), ("request-ms", 10, "of a request beside its forecasts"),
            ("batch", 50, "series of a request"), ("points", 2304, "values that are sent for a series"),
            ("train-every", 86400, "seconds"), ("predict-every", 300, "seconds")]:
        p.add_argument("--" + name, type=float, default=default, help=f"{text} (default: {default})")
    a = p.parse_args()
    sizes = (100, 10_000)
    print(f"{'dollars a month':42}" + "".join(f"{n:>10,} series" for n in sizes))
    for rows in ([month(n, a) for n in sizes], [lambdas(n) for n in sizes]):
        for k in rows[0]:
            print(f"{k:42}" + "".join(f"{r[k]:17,.2f}" for r in rows))


if __name__ == "__main__":
    main()
