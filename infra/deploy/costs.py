#!/usr/bin/env python3
"""What a fleet costs a month, from measured unit costs.

    python3 infra/deploy/costs.py [--train-ms 400] [--predict-ms 2] ...

Prices are those of AWS in us-east-1 for arm64, in dollars, without the free
tier; correct them below for another region.
"""
import argparse

GB_SECOND = 0.0000133334       # Lambda, arm64
REQUEST = 0.20 / 1e6           # Lambda
PUT, GET = 0.005 / 1e3, 0.0004 / 1e3  # S3: PUT and LIST; GET and HEAD
STORED = 0.023                 # S3, GB and month
TRANSITION = 0.025 / 1e3       # Step Functions, standard
MONTH = 30 * 86400


def month(series, a):
    """Dollars a month, by part, and the concurrency of training."""
    containers = series / a.metrics
    trainings = MONTH / a.train_every
    predictions = MONTH / a.predict_every
    collections = MONTH / a.collect_every
    train_batches = containers / a.train_batch
    predict_batches = containers / a.predict_batch
    days = a.history_days
    out = {}
    out["train: Lambda"] = trainings * (series * a.train_ms / 1e3 * a.train_mb / 1024 * GB_SECOND + train_batches * REQUEST)
    # a checkpoint: read and compare, version, index; files of samples: one for each day of the shard
    out["train: S3"] = trainings * (series * (2 * GET + 2 * PUT + 2 * GET) + train_batches * min(a.shards, 2) * days * GET)
    out["predict: Lambda"] = predictions * (series * a.predict_ms / 1e3 * a.predict_mb / 1024 * GB_SECOND + predict_batches * REQUEST)
    # a question for each checkpoint; a latest object for each container; files of
    # samples of nine days; a batch's containers are in one shard or two
    out["predict: S3"] = predictions * (series * GET + containers * PUT + predict_batches * (2 * PUT + min(a.shards, 2) * 10 * GET))
    out["Step Functions"] = (trainings * train_batches * 4 + predictions * predict_batches * 4) * TRANSITION
    samples = series * MONTH / a.step
    out["collect: Lambda, S3"] = collections * (REQUEST + series * a.collect_us / 1e6 * 0.5 * GB_SECOND + a.shards * PUT)
    out["S3 storage"] = samples * a.sample_bytes * a.history_days / 30 / 1e9 * STORED
    concurrency = series * a.train_ms / 1e3 / (15 * 60)
    return out, concurrency


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in [("metrics", 4), ("train-ms", 400), ("train-mb", 1769), ("predict-ms", 2), ("predict-mb", 512),
                          ("collect-us", 20), ("train-every", 86400), ("predict-every", 300), ("collect-every", 300),
                          ("train-batch", 20), ("predict-batch", 200), ("step", 60), ("sample-bytes", 4), ("history-days", 63), ("shards", 0)]:
        p.add_argument("--" + name, type=float, default=default)
    a = p.parse_args()
    given = a.shards
    print(f"{'dollars a month':24}" + "".join(f"{n:>14,} series" for n in (100, 10_000, 1_000_000)))
    rows, totals, concurrency = {}, [], []
    for series in (100, 10_000, 1_000_000):
        a.shards = given or max(1, round(series / a.metrics / 500))
        parts, c = month(series, a)
        for k, v in parts.items():
            rows.setdefault(k, []).append(v)
        totals.append(sum(parts.values()))
        concurrency.append(c)
    for k, v in rows.items():
        print(f"{k:24}" + "".join(f"{x:21,.2f}" for x in v))
    print(f"{'total':24}" + "".join(f"{x:21,.2f}" for x in totals))
    print(f"{'to train all in 15 min':24}" + "".join(f"{x:10,.1f} concurrent" for x in concurrency))


if __name__ == "__main__":
    main()
