#!/usr/bin/env python3
"""Trains Foretide in SageMaker's PyTorch containers, on a GPU where there is one.

This is the entry_point of sagemaker.pytorch.PyTorch; deploy.py makes its
source_dir, which has beside it trainer.py (infra/torch/train.py) and the
command line foretide. Hyperparameters: metric, model-type (lstm trains in
PyTorch, others in Go), container, counters, scope, container-step, device, and
every setting of the configuration. The model is left in SM_MODEL_DIR as
checkpoints. It is stopped by SIGTERM with the best so far.
"""

import argparse
import json
import math
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = "sagemaker_", "_tuning_"  # hyperparameters of SageMaker's own


def first(what, *paths):
    for path in paths:
        if path and os.path.isfile(path):
            return path
    sys.exit(f"train.py: {what} is not there (looked for {', '.join(p for p in paths if p)})")


def arguments():
    env = os.environ.get
    p = argparse.ArgumentParser(description="Trains Foretide in the environment of SageMaker's script mode.", allow_abbrev=False)
    p.add_argument("--metric", "--metrics", default="", help="metrics, with commas between (default: all in the data)")
    p.add_argument("--model-type", "--model_type", default="lstm", help="lstm in PyTorch, or another in Go")
    p.add_argument("--container", default="", help="the only container")
    p.add_argument("--counters", default="", help="metrics that are running totals")
    p.add_argument("--scope", default="", help="global, container or finetune")
    p.add_argument("--container-step", "--container_step", default="", help="only containers with a value every so often, such as 1m")
    p.add_argument("--device", default="auto", help="auto (CUDA where there is one), cpu, cuda")
    p.add_argument("--data", default=env("SM_CHANNEL_TRAIN") or env("SM_CHANNEL_TRAINING"), help=argparse.SUPPRESS)
    p.add_argument("--model-dir", "--model_dir", default=env("SM_MODEL_DIR"), help=argparse.SUPPRESS)
    a, rest = p.parse_known_args()
    if not a.data:
        sys.exit("train.py: there is no channel train: pass fit({'train': 's3://…'})")
    # SageMaker hands script mode's model_dir over as an S3 address, too.
    if not a.model_dir or "://" in a.model_dir:
        a.model_dir = env("SM_MODEL_DIR") or sys.exit("train.py: SM_MODEL_DIR is not set")
    a.settings = {}
    while rest:
        name = rest.pop(0)
        if not name.startswith("--"):
            sys.exit(f"train.py: unexpected argument {name!r}")
        name, _, value = name[2:].partition("=")
        if not value and rest:
            value = rest.pop(0)
        if not name.startswith(OURS):
            name = name.replace("-", "_").rpartition(".")[2]
            a.settings["prediction_horizons" if name == "horizons" else name] = value
    return a


class Work:
    """Programs that are run one after the other. SIGTERM is passed on to the one
    that runs; what is begun is finished with the best that there is."""

    def __init__(self, settings):
        self.foretide = first("the program foretide", os.environ.get("FORETIDE"), os.path.join(HERE, "foretide"), shutil.which("foretide"))
        self.trainer = first("infra/torch/train.py", os.path.join(HERE, "trainer.py"), os.path.join(HERE, "..", "torch", "train.py"))
        if not os.access(self.foretide, os.X_OK):
            copy = os.path.join(tempfile.mkdtemp(), "foretide")
            shutil.copy(self.foretide, copy)
            os.chmod(copy, 0o755)
            self.foretide = copy
        self.env = dict(os.environ)
        self.env.update({f"FORETIDE_{k.upper()}": v for k, v in settings.items()})
        self.child, self.stopped = None, False
        signal.signal(signal.SIGTERM, self.stop)

    def stop(self, *_):
        print("SIGTERM: the best so far will be the model", flush=True)
        self.stopped = True
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)

    def run(self, *command, stoppable=False, output=False):
        """Runs a program, which must succeed. One that is not stoppable is not
        told to stop: it is short, and needed."""
        words = [str(c) for c in command if c != ""]
        self.child = None
        with subprocess.Popen(words, env=self.env, stdout=subprocess.PIPE if output else None, text=True,
                              start_new_session=not stoppable) as p:
            self.child = p if stoppable else None
            if stoppable and self.stopped:
                p.send_signal(signal.SIGTERM)
            out = p.communicate()[0]
        if p.returncode:
            if self.stopped:
                sys.exit(128 + signal.SIGTERM)
            sys.exit(f"train.py: {os.path.basename(words[0])} {' '.join(words[1:3])} failed with exit code {p.returncode}")
        return out

    def check(self, settings):
        """Refuses hyperparameters that are no setting."""
        shown = json.loads(self.run(self.foretide, "config", "show", "--json", "--metric", "cpu", output=True))["config"]
        known = {k for section in shown.values() if isinstance(section, dict) for k in section}
        for name in settings:
            if name not in known:
                sys.exit(f"train.py: there is no hyperparameter {name!r}; settings are {', '.join(sorted(known))}")


def flag(name, value):
    return [name, value] if value else []


def metrics_of(work, a):
    """The metrics that are asked for, else the columns of the first file."""
    if a.metric:
        return [m.strip(' "[]') for m in a.metric.split(",")]
    import csv
    import gzip
    for folder, _, names in sorted(os.walk(a.data)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith((".csv", ".csv.gz")):
                with (gzip.open if name.endswith(".gz") else open)(path, "rt", encoding="utf-8-sig") as f:
                    return [c.strip() for c in next(csv.reader(f), []) if c.strip().lower() not in ("timestamp", "container")]
    sys.exit(f"train.py: {a.data} has no .csv or .csv.gz file")


def train(work, a):
    common = ["--data", a.data, *flag("--container", a.container), *flag("--counter", a.counters)]
    if a.model_type != "lstm":
        work.run(work.foretide, "train", *common, *flag("--metric", a.metric), "--model", a.model_type, *flag("--scope", a.scope),
                 "--store", a.model_dir, "--no-run", stoppable=True)
        return
    with tempfile.TemporaryDirectory() as tmp:
        for metric in metrics_of(work, a):
            windows, weights = os.path.join(tmp, "windows"), os.path.join(tmp, "model.safetensors")
            scope = a.scope if a.scope != "finetune" else ""
            work.run(work.foretide, "windows", *common, "--metric", metric, *flag("--scope", scope), *flag("--step", a.container_step), "-o", windows)
            if work.stopped:
                sys.exit(128 + signal.SIGTERM)
            work.run(sys.executable, work.trainer, windows, "-o", weights, "--device", a.device, stoppable=True)
            work.run(work.foretide, "checkpoint", "import", weights, *common, *flag("--scope", a.scope), "--store", a.model_dir)
            if work.stopped:
                break


def summary(work, a):
    """Prints what SageMaker finds metrics in, as infra/sagemaker/metrics.json has
    them."""
    rows = json.loads(work.run(work.foretide, "checkpoint", "inspect", a.model_dir, "--json", output=True))
    scores = [s for row in rows for s in row.get("validation") or []]

    def median(name):
        values = [s[name] for s in scores if isinstance(s.get(name), (int, float)) and math.isfinite(s[name])]
        return f"{statistics.median(values):.6g}" if values else ""

    parts = [f"validation {text} {v}" for text, v in (("ratio", median("ratio")), ("coverage80", median("coverage80"))) if v]
    print("summary: " + ", ".join(parts + [f"series trained {len(rows)}, series failed 0"]), flush=True)


def main():
    a = arguments()
    hosts = json.loads(os.environ.get("SM_HOSTS", "[]"))
    if len(hosts) > 1 and os.environ.get("SM_CURRENT_HOST") != min(hosts):
        print("the first host trains: more than one are of no use here", flush=True)
        return
    work = Work(a.settings)
    work.check(a.settings)
    os.makedirs(a.model_dir, exist_ok=True)
    try:
        train(work, a)
    finally:  # a model needs no earlier versions
        shutil.rmtree(os.path.join(a.model_dir, ".versions"), ignore_errors=True)
    summary(work, a)
    if work.stopped:
        sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    main()
