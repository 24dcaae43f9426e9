#!/usr/bin/env python3
"""What a fleet costs a month, from what was measured.

    python3 infra/deploy/costs.py [--model auto] [--predict-every 300] ...
    python3 infra/deploy/costs.py --readme      # the tables of README.md

Measured (measured/*.json, by "go run ./infra/local -measure train -json …",
"-measure predict -json …" and "go test ./functions -run TestStored -v"): processor time,
memory and S3 requests of the functions, and bytes that a series leaves behind.
Measured, too, but not kept as files: processor time of collect and plan
(--collect-us, --plan-us). Taken from AWS: prices, in dollars, of us-east-1 and arm64
without the free tier, and that a function of 1,769 MB has one core and others in
proportion. Assumed: that a core there does what a core of the measuring machine
does, and how long S3 takes to answer (--s3-ms).

What is left out: requests over HTTP, forecasts as CloudWatch's metrics, reading
CloudWatch (functions/README.md has the price of both), transfer between zones, and
KMS.
"""
import argparse
import json
import math
import pathlib

GB_SECOND = 0.0000133334       # Lambda, arm64
REQUEST = 0.20 / 1e6           # Lambda
PRICE = {"PUT": 0.005 / 1e3, "LIST": 0.005 / 1e3, "GET": 0.0004 / 1e3, "HEAD": 0.0004 / 1e3, "DELETE": 0.0}
STORED = 0.023                 # S3, GB and month
TRANSITION = 0.025 / 1e3       # Step Functions, standard
CORE = 1769                    # MB
PARALLEL = {"train": 2, "predict": 32}  # S3 requests at the same time
LOGS = 0.50                    # CloudWatch, GB taken in
LOGGED = 0.03                  # GB and month of logs
METRIC, ALARM, DASHBOARD = 0.30, 0.10, 3.0  # CloudWatch: a metric of ours, one that an alarm watches, a dashboard
METRICS = 30                   # of ours: 24 of the functions, and some by reason
TRACE = 5 / 1e6                # X-Ray, a trace that is kept: the first of each second, and 5 % of the others
NAT = 0.045 * 720              # a gateway, without what passes it
TRANSITIONS = 4                # of a batch: the map's, and three states of its own
PAGE = 1000                    # names of a list
OF_RUN = 7                     # transitions of a run beside its batches
LINES = 4500                   # bytes of log that collect and plan write a run
RUN_DAYS = 14                  # that runs/ are kept
TODAY = 12                     # files of a shard, before they are put together
MONTH = 30 * 86400
DEFAULTS = {"metrics": 4, "train-mb": 1769, "predict-mb": 512, "train-every": 86400, "predict-every": 300,
            "train-batch": 20, "predict-batch": 200, "step": 60, "sample-bytes": 3, "s3-ms": 30,
            "keep-days": 90, "keep-forecast-days": 14, "keep-replaced-days": 7, "log-days": 30,
            "collect-us": 16, "plan-us": 15, "nat": 0}
FLEETS = (100, 10_000, 1_000_000)
HERE = pathlib.Path(__file__).resolve().parent


def defaults():
    return argparse.Namespace(**{k.replace("-", "_"): v for k, v in DEFAULTS.items()})


def measured(name):
    """What was measured: a list of rows, of "stored" one."""
    return json.loads((HERE / "measured" / (name + ".json")).read_text())


def find(rows, **want):
    """The row that is as wanted; of trainings, of the longest history."""
    rows = [r for r in rows if all(r[k] == v for k, v in want.items())]
    if not rows:
        raise SystemExit("costs: nothing was measured of " + ", ".join(f"{k} {v}" for k, v in want.items()))
    return max(rows, key=lambda r: r["days"])


def asked(requests):
    """Dollars of S3 requests."""
    return sum(PRICE[k] * n for k, n in requests.items())


class Unit:
    """What one batch needs: seconds of the function, dollars of S3."""

    def __init__(self, cpu_ms, requests, mb, parallel, s3_ms):
        # A batch computes on MB / 1769 of a core, and waits for S3; that both happen
        # at the same time is not counted on.
        self.seconds = cpu_ms / 1e3 / (mb / CORE) + sum(requests.values()) * s3_ms / 1e3 / parallel
        self.dollars = self.seconds * mb / 1024 * GB_SECOND + REQUEST
        self.s3 = asked(requests)


def training(a, model, containers):
    """A batch of training: of one series all but the files of samples is its own."""
    m = find(measured("train"), model=model)
    files = {"GET": m["days"], "LIST": m["days"]}
    n = containers * a.metrics
    requests = {k: files.get(k, 0) + n * max(0, v - files.get(k, 0)) for k, v in m["requests"].items()}
    return Unit(n * m["cpu_ms"], requests, a.train_mb, PARALLEL["train"], a.s3_ms)


def batches(containers, shards, size):
    """How many there are: one has whole shards, or a part of one."""
    of_shard = containers / shards
    if of_shard > size:
        return shards * math.ceil(of_shard / size)
    return math.ceil(shards / math.floor(size / of_shard))


def predicting(a, model, shards, n):
    """A batch of forecasts: n containers of one shard."""
    m = find(measured("predict"), model=model)
    written = (m["requests"]["PUT"] - 2) / m["containers"]  # latest/ of each; two files of the whole
    requests = {"GET": m["days"] + TODAY, "LIST": m["days"], "PUT": n * written + 3, "HEAD": 0}
    # Checkpoints are asked for in pages of a thousand names, where a page has enough of
    # the batch: containers of the other shards lie between them (loader.RefreshKeys).
    of_page = PAGE / shards
    if of_page >= 13:
        requests["LIST"] += a.metrics * math.ceil(n / of_page)
    else:
        requests["LIST"] += a.metrics
        requests["HEAD"] = n * a.metrics
    return Unit(n / m["containers"] * m["cpu_ms"], requests, a.predict_mb, PARALLEL["predict"], a.s3_ms)


def stored(series, a):
    """Bytes in the bucket, by what they are. What expires or is replaced stays for
    some days more, and goes in the night after."""
    m = measured("stored")
    daily, hourly = 86400 / a.train_every, 86400 / a.predict_every  # trainings and forecasts of a day
    gone = a.keep_replaced_days + 1
    return {
        # Once more for the small files that were put together.
        "samples": series * 86400 / a.step * a.sample_bytes * (a.keep_days + 2 * gone),
        "forecasts": series * hourly * (m["forecasts_parquet"] + m["forecasts_jsonl"]) * (a.keep_forecast_days + 2),
        "latest/, checkpoints, runs": series * (m["latest"] * (1 + hourly * 2) + m["checkpoint"] * (1 + daily * gone)
                                               + (m["train_runs"] * daily + m["runs"] * hourly) * (RUN_DAYS + 2)),
    }


def core(seconds):
    """Dollars of Lambda that computes so long on a core."""
    return seconds * CORE / 1024 * GB_SECOND


def month(series, a, model):
    """Dollars a month by part; what training all in 15 minutes takes."""
    containers = series / a.metrics
    trainings, predictions = MONTH / a.train_every, MONTH / a.predict_every
    shards = max(1, round(containers / 500))
    train_batches, predict_batches = batches(containers, shards, a.train_batch), batches(containers, shards, a.predict_batch)
    t, p = training(a, model, containers / train_batches), predicting(a, model, shards, containers / predict_batches)
    plans = trainings + predictions  # each with a summary
    kept = measured("stored")
    logs = trainings * series * kept["train_log"] + predictions * series * kept["log"] + plans * LINES
    invocations = trainings * train_batches + predictions * predict_batches + 2 * plans + predictions
    answers = {"GET": trainings * train_batches + predictions * predict_batches, "LIST": plans * 2, "PUT": plans}  # the sums
    lists = {"GET": plans * shards * TODAY, "LIST": plans * 2 + trainings * math.ceil(series / PAGE), "PUT": plans + trainings}
    parts = {
        "train: Lambda": trainings * train_batches * t.dollars,
        "train: S3": trainings * train_batches * t.s3,
        "predict: Lambda": predictions * predict_batches * p.dollars,
        "predict: S3": predictions * predict_batches * p.s3,
        "collect: Lambda": predictions * REQUEST + core(MONTH / a.step * series * a.collect_us / 1e6),
        "collect: S3": predictions * shards * asked({"PUT": 1, "LIST": 1, "GET": 1}),
        "plan: Lambda": 2 * plans * REQUEST + core(plans * series * a.plan_us / 1e6),
        "plan: S3": asked(lists) + asked(answers),
        "Step Functions": (trainings * (train_batches * TRANSITIONS) + predictions * (predict_batches * TRANSITIONS) + plans * OF_RUN) * TRANSITION,
        **{"storage: " + k: v / 1e9 * STORED for k, v in stored(series, a).items()},
        "logs": logs / 1e9 * (LOGS + LOGGED * a.log_days / 30),
        "metrics, alarms, dashboard": METRICS * METRIC + watched() * ALARM + DASHBOARD,
        "X-Ray": min(invocations, 0.05 * invocations + MONTH) * TRACE,
    }
    if a.nat:
        parts["NAT"] = a.nat * NAT
    return parts, {"concurrent": train_batches * t.seconds / 900, "train": t, "predict": p, "batches": train_batches, "predict batches": predict_batches}


def watched():
    """How many metrics the template's alarms watch."""
    return (HERE.parent.parent / "template.yaml").read_text().count("MetricName: ")


def dollars(x):
    return f"{x:,.2f}" if x < 10 else f"{x:,.0f}"


def table(head, rows, out):
    out.append("| " + " | ".join(head) + " |")
    out.append("|---" + "|---:" * (len(head) - 1) + "|")
    out.extend("| " + " | ".join(r) + " |" for r in rows)


def parts_table(a, model):
    out, rows, sums = [], {}, []
    for series in FLEETS:
        parts, _ = month(series, a, model)
        for k, v in parts.items():
            rows.setdefault(k, []).append(dollars(v))
        sums.append(dollars(sum(parts.values())))
    table([f"dollars a month, {model}"] + [f"{n:,} series" for n in FLEETS],
          [[k] + v for k, v in rows.items()] + [["**all**"] + [f"**{s}**" for s in sums]], out)
    return out


def models(a):
    """The models of which both was measured, the cheapest first."""
    both = {r["model"] for r in measured("train")} & {r["model"] for r in measured("predict")}
    return sorted(both, key=lambda m: sum(month(10_000, a, m)[0].values()))


def models_table(a):
    out, rows = [], []
    for m in models(a):
        series = find(measured("train"), model=m)
        fleet = find(measured("predict"), model=m)
        sums = [dollars(sum(month(n, a, m)[0].values())) for n in FLEETS]
        at = month(1_000_000, a, m)[1]
        rows.append([m, f"{series['cpu_ms']:,.0f}", f"{fleet['cpu_ms'] / fleet['series']:.2f}"] + sums + [f"{at['concurrent']:,.0f}"])
    table(["model", "train, cpu ms", "forecast, cpu ms"] + [f"$ a month, {n:,}" for n in FLEETS] + ["1 M trained in 15 min, concurrent"], rows, out)
    return out


def limits(a, model):
    """What of AWS's limits 1 M series meet."""
    _, at = month(1_000_000, a, model)
    m = find(measured("train"), model=model)
    writes = 1_000_000 * m["requests"].get("PUT", 0) / 900
    latest = 1_000_000 / a.metrics / a.predict_every
    return [
        f"- training 1,000,000 series by {model} in 15 minutes takes {at['concurrent']:,.0f} concurrent executions (an account has 1,000 at first), "
        f"{at['batches']:,.0f} batches of {at['train'].seconds:,.0f} s each, and {writes:,.0f} PUT a second (S3 takes 3,500 for each prefix, and more when it has split a busy one);",
        f"- forecasting them every {a.predict_every / 60:.0f} minutes takes {at['predict batches'] * at['predict'].seconds / a.predict_every:,.0f} concurrent executions "
        f"and {latest:,.0f} PUT a second for `latest/`.",
    ]


def readme(a):
    out = parts_table(a, a.model) + [""] + models_table(a) + [""] + limits(a, a.model)
    return "\n".join(out)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in DEFAULTS.items():
        p.add_argument("--" + name, type=float, default=default)
    p.add_argument("--model", default="auto")
    p.add_argument("--readme", action="store_true", help="print the tables of README.md")
    a = p.parse_args()
    print(readme(a) if a.readme else "\n".join(parts_table(a, a.model) + [""] + limits(a, a.model)))


if __name__ == "__main__":
    main()
