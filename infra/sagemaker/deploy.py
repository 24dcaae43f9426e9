#!/usr/bin/env python3
"""Trains and deploys Foretide on Amazon SageMaker, with its Python SDK.

    pip install 'sagemaker<3'
    python3 infra/sagemaker/deploy.py train --image IMAGE --role ROLE --data s3://BUCKET/metrics/ --hyper metric=cpu --spot
    python3 infra/sagemaker/deploy.py deploy --image IMAGE --role ROLE --model s3://BUCKET/…/model.tar.gz --serverless
    python3 infra/sagemaker/deploy.py invoke --endpoint NAME metrics.csv

IMAGE is that of the Dockerfile here, in ECR. train --script trains in SageMaker's
PyTorch container instead, on a GPU. README.md says more.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
KINDS = {".csv": "text/csv", ".gz": "text/csv", ".json": "application/json", ".jsonl": "application/jsonlines", ".jsonlines": "application/jsonlines"}


def metric_definitions():
    with open(os.path.join(HERE, "metrics.json")) as f:
        return json.load(f)


def build(package, out, arch="amd64"):
    """Builds a static program for Linux."""
    env = dict(os.environ, CGO_ENABLED="0", GOOS="linux", GOARCH=arch)
    subprocess.run(["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, package], cwd=TOP, env=env, check=True)


def stage(out):
    """Makes the source_dir of script mode: the script, the trainer and the program."""
    os.makedirs(out, exist_ok=True)
    shutil.copy(os.path.join(HERE, "train.py"), out)
    shutil.copy(os.path.join(TOP, "infra", "torch", "train.py"), os.path.join(out, "trainer.py"))
    build("./cmd/foretide", os.path.join(os.path.abspath(out), "foretide"))
    return out


def session():
    os.environ.setdefault("SAGEMAKER_SUPPRESS_V2_WARNING", "1")  # which is meant
    import boto3
    import sagemaker
    return sagemaker.Session(boto_session=boto3.Session())


def hyperparameters(pairs):
    out = {}
    for pair in pairs:
        name, found, value = pair.partition("=")
        if not found or not name:
            sys.exit(f"deploy.py: --hyper is {pair!r}; it is NAME=VALUE, such as metric=cpu")
        out[name] = value
    return out


def named(base):
    return f"{base}-{time.strftime('%Y-%m-%d-%H-%M-%S', time.gmtime())}-{os.getpid() % 1000:03d}"


def estimator(a, s):
    """The estimator that the arguments ask for."""
    common = dict(
        role=a.role, instance_count=a.count, instance_type=a.instance, hyperparameters=hyperparameters(a.hyper),
        metric_definitions=metric_definitions(), max_run=a.max_run, sagemaker_session=s,
        disable_profiler=True, container_log_level=20)
    if a.output:
        common["output_path"] = a.output
    if a.spot:
        checkpoints = a.checkpoints or f"s3://{s.default_bucket()}/foretide/checkpoints/{a.name}"
        common.update(use_spot_instances=True, max_wait=a.max_run + a.max_wait, checkpoint_s3_uri=checkpoints)
    if a.script:
        from sagemaker.pytorch import PyTorch
        return PyTorch(entry_point="train.py", source_dir=stage(a.stage), framework_version=a.torch, py_version=a.python,
                       debugger_hook_config=False, **common)
    from sagemaker.estimator import Estimator
    return Estimator(image_uri=a.image, **common)


def train(a):
    from sagemaker.inputs import TrainingInput
    s = session()
    e = estimator(a, s)
    inputs = {"train": TrainingInput(a.data, content_type="text/csv", input_mode="File")}
    if a.config:
        inputs["config"] = TrainingInput(a.config, input_mode="File")
    e.fit(inputs, job_name=a.name, wait=not a.no_wait, logs="All" if a.logs else "None")
    return json.dumps({"job": e.latest_training_job.name, "model": e.model_data if not a.no_wait else None}) + "\n"


def model(a, s):
    """The model of an image and a model.tar.gz, in S3 or here; without one it
    serves the network in the box."""
    from sagemaker.model import Model
    data = a.model
    if data and "://" not in data:
        data = s.upload_data(data, key_prefix="foretide/models/" + a.name)
    env = {}
    if a.horizons:
        env["FORETIDE_HORIZONS"] = a.horizons
    if a.metrics:
        env["FORETIDE_METRICS"] = a.metrics
    return Model(image_uri=a.image, model_data=data, role=a.role, env=env, name=a.name, sagemaker_session=s)


def deploy(a):
    s = session()
    m = model(a, s)
    if a.serverless:
        from sagemaker.serverless import ServerlessInferenceConfig
        m.deploy(serverless_inference_config=ServerlessInferenceConfig(memory_size_in_mb=a.memory, max_concurrency=a.concurrency),
                 endpoint_name=a.name, wait=not a.no_wait)
    else:
        m.deploy(initial_instance_count=a.count, instance_type=a.instance, endpoint_name=a.name, wait=not a.no_wait)
    return json.dumps({"endpoint": a.name}) + "\n"


def transform(a):
    s = session()
    m = model(a, s)
    m.create(instance_type=a.instance)
    t = m.transformer(instance_count=a.count, instance_type=a.instance, output_path=a.output, accept=a.accept or a.content_type,
                      strategy=None if a.split == "None" else a.strategy, max_payload=a.max_payload,
                      assemble_with=None if a.split == "None" else "Line")
    t.transform(a.data, content_type=a.content_type, split_type=a.split, job_name=a.name, wait=not a.no_wait, logs=False)
    return json.dumps({"job": a.name, "output": a.output}) + "\n"


def invoke(a):
    from sagemaker.deserializers import BytesDeserializer
    from sagemaker.predictor import Predictor
    from sagemaker.serializers import IdentitySerializer
    kind = a.content_type or KINDS.get(os.path.splitext(a.file)[1], "application/json")
    p = Predictor(a.endpoint, sagemaker_session=session(), serializer=IdentitySerializer(kind), deserializer=BytesDeserializer(a.accept or kind))
    with open(a.file, "rb") as f:
        out = p.predict(f.read(), custom_attributes=a.attributes) if a.attributes else p.predict(f.read())
    return out.decode()


def delete(a):
    from sagemaker.predictor import Predictor
    p = Predictor(a.endpoint, sagemaker_session=session())
    p.delete_model()
    p.delete_endpoint(delete_endpoint_config=True)
    return ''


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="command", required=True)

    def command(name, do, text, *flags):
        c = sub.add_parser(name, help=text, description=text)
        c.set_defaults(do=do)
        for f in flags:
            f(c)
        return c

    def image(c, required=True):
        c.add_argument("--image", required=required, help="the image of infra/sagemaker/Dockerfile, in ECR")

    def job(c):
        c.add_argument("--role", required=True, help="role that SageMaker takes on")
        c.add_argument("--name", help="of job, model or endpoint (default: foretide and the time)")
        c.add_argument("--count", type=int, default=1, help="instances")
        c.add_argument("--no-wait", action="store_true", help="do not wait for the end")

    def served(c):
        c.add_argument("--model", help="model.tar.gz, in S3 or here (default: none: the network in the box)")
        c.add_argument("--horizons", help="for requests that name none, such as 5m,15m,30m")
        c.add_argument("--metrics", help="likewise")

    c = command("stage", lambda a: stage(a.out) + "\n", "make the source_dir of script mode")
    c.add_argument("--out", required=True, help="folder")

    c = command("train", train, "train, on metrics in S3", job)
    image(c, False)
    c.add_argument("--data", required=True, help="s3:// address of metrics files (CSV, .gz)")
    c.add_argument("--config", help="s3:// address of a folder with METRIC.yaml")
    c.add_argument("--hyper", action="append", default=[], metavar="NAME=VALUE", help="hyperparameter, such as metric=cpu; may be repeated")
    c.add_argument("--instance", help="type (default: ml.m5.xlarge; with --script ml.g5.xlarge)")
    c.add_argument("--output", help="s3:// address for the model (default: the SDK's bucket)")
    c.add_argument("--max-run", type=int, default=3600, help="seconds of training at most")
    c.add_argument("--spot", action="store_true", help="on spot instances: interrupted, it goes on from its checkpoints")
    c.add_argument("--max-wait", type=int, default=3600, help="seconds to wait for spot instances, beside those of training")
    c.add_argument("--checkpoints", help="s3:// address for what it goes on from (default: the SDK's bucket)")
    c.add_argument("--logs", action="store_true", help="print the job's log")
    c.add_argument("--script", action="store_true", help="in SageMaker's PyTorch container, by train.py: lstm on a GPU")
    c.add_argument("--torch", default="2.5", help="version of that container")
    c.add_argument("--python", default="py311", help="its Python")
    c.add_argument("--stage", default=os.path.join(HERE, "build", "source"), help="folder for the source_dir")

    c = command("deploy", deploy, "make an endpoint of a model", image, job, served)
    c.add_argument("--instance", default="ml.t2.medium", help="type")
    c.add_argument("--serverless", action="store_true", help="without instances: paid by the millisecond")
    c.add_argument("--memory", type=int, default=1024, help="MB of a serverless endpoint")
    c.add_argument("--concurrency", type=int, default=5, help="of a serverless endpoint, at most")

    c = command("transform", transform, "forecast from files in S3 into files in S3", image, job, served)
    c.add_argument("--data", required=True, help="s3:// address of files")
    c.add_argument("--output", required=True, help="s3:// address for the forecasts")
    c.add_argument("--instance", default="ml.m5.large", help="type")
    c.add_argument("--content-type", default="text/csv", help="text/csv, application/jsonlines or application/json")
    c.add_argument("--accept", help="format of the forecasts (default: that of the files)")
    c.add_argument("--split", default="None", choices=["None", "Line"], help="Line for JSON Lines; CSV has a header and is not split")
    c.add_argument("--strategy", default="MultiRecord", choices=["MultiRecord", "SingleRecord"], help="lines of a request")
    c.add_argument("--max-payload", type=int, default=6, help="MB of a request")

    c = command("invoke", invoke, "forecast from a file by an endpoint")
    c.add_argument("file", help=".csv, .csv.gz, .json or .jsonl")
    c.add_argument("--endpoint", required=True)
    c.add_argument("--content-type", help="(default: by the file's name)")
    c.add_argument("--accept", help="(default: the same)")
    c.add_argument("--attributes", help="such as 'metric=cpu; horizon=15m'")

    c = command("delete", delete, "delete an endpoint, its configuration and its model")
    c.add_argument("--endpoint", required=True)

    a = p.parse_args()
    if a.command == "train":
        a.instance = a.instance or ("ml.g5.xlarge" if a.script else "ml.m5.xlarge")
        if not a.script and not a.image:
            p.error("--image is missing: it names the image in ECR; --script trains without one")
        if a.script and a.spot:
            p.error("--script and --spot exclude each other: train.py begins anew after an interruption; the image goes on")
    if getattr(a, "name", "") is None:
        a.name = named("foretide")
    return a


def main():
    a = arguments()
    with contextlib.redirect_stdout(sys.stderr):  # what the SDK tells is no result
        out = a.do(a)
    sys.stdout.write(out)


if __name__ == "__main__":
    main()
