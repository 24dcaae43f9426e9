"""Prints as JSON what MLflow's own client finds under a tracking URI: all, or the experiments that are named."""
import hashlib
import json
import os
import sys
import tempfile

import mlflow
from mlflow.tracking import MlflowClient

uri, only = sys.argv[1], sys.argv[2:]
mlflow.set_tracking_uri(uri)
client = MlflowClient(tracking_uri=uri)


def pages(search):
    token = None
    while True:
        page = search(token)
        yield from page
        token = page.token
        if not token:
            return


def files(run, path=None):
    for f in client.list_artifacts(run, path):
        if f.is_dir:
            yield from files(run, f.path)
        else:
            yield f.path


runs = {}
for e in pages(lambda token: client.search_experiments(page_token=token)):
    if only and e.name not in only:
        continue
    for r in pages(lambda token: client.search_runs([e.experiment_id], max_results=500, page_token=token)):
        i = r.info
        names = list(files(i.run_id))
        digests = {}
        if names:
            folder = client.download_artifacts(i.run_id, "", dst_path=tempfile.mkdtemp())
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    digests[name] = hashlib.sha256(f.read()).hexdigest()
        runs[i.run_id] = {
            "id": i.run_id, "experiment": e.name, "name": i.run_name, "status": i.status,
            "start": i.start_time, "end": i.end_time or 0, "params": r.data.params, "tags": r.data.tags,
            "metrics": {k: [{"step": p.step, "value": p.value, "time": p.timestamp} for p in client.get_metric_history(i.run_id, k)]
                        for k in r.data.metrics},
            "artifacts": digests,
            "inputs": [{"name": d.dataset.name, "digest": d.dataset.digest, "source": d.dataset.source,
                        "profile": d.dataset.profile or "", "context": d.tags[0].value}
                       for d in (r.inputs.dataset_inputs if r.inputs else [])],
        }
models = []
if uri.startswith("http"):
    models = [{"name": m.name, "version": str(m.version), "run": m.run_id, "source": m.source}
              for m in client.search_model_versions()]
json.dump({"version": mlflow.__version__, "runs": runs, "models": models}, sys.stdout)
