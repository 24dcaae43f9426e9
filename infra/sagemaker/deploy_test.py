"""Tests deploy.py: the SageMaker SDK against moto's SageMaker, S3 and IAM, and, for
what moto only notes down, the real program: each training job, endpoint and batch
transform is carried out with the request that the SDK made, as SageMaker does.

    FORETIDE_SAGEMAKER_BINARY=/path/of/foretide-sagemaker python3 infra/sagemaker/deploy_test.py
"""

import contextlib
import csv
import http.server
import io
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
for name in [n for n in os.environ if n.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true")
with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as defaults:  # a developer's own are none of ours
    json.dump({"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {
        "TelemetryOptOut": True, "Session": {"DefaultS3Bucket": "metrics"}}}}}, defaults)
os.environ.update(SAGEMAKER_ADMIN_CONFIG_OVERRIDE=defaults.name, SAGEMAKER_USER_CONFIG_OVERRIDE=defaults.name)

import boto3  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

import deploy  # noqa: E402

logging.disable(logging.WARNING)  # moto's requests, and the SDK's word
sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.05))  # the SDK looks twice a minute; moto is ready at once
REQUESTS = {}  # the last of each kind: moto does not keep all that is in them


def recorded(real=deploy.session):
    s = real()
    s.sagemaker_client.meta.events.register("provide-client-params.sagemaker.*", lambda params, model, **_: REQUESTS.__setitem__(model.name, params))
    return s


deploy.session = recorded

BINARY = os.environ["FORETIDE_SAGEMAKER_BINARY"]
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/foretide-sagemaker:latest"
ROLE = "arn:aws:iam::123456789012:role/foretide"
START = 1722470400


def metrics(rows, *containers):
    lines = ["timestamp,container,cpu"]
    lines += [f"{START + 300 * i},{c},{2 + (i % 12) / 10 + k:.3f}" for i in range(rows) for k, c in enumerate(containers)]
    return "\n".join(lines) + "\n"


def run(*words):
    """Runs deploy.py with the arguments and returns what it printed."""
    out, sys.argv = io.StringIO(), ["deploy.py", *words]
    with contextlib.redirect_stdout(out):
        deploy.main()
    return out.getvalue()


class Endpoint:
    """The program over a model, as SageMaker runs it."""

    def __init__(self, model, env):
        self.dir = tempfile.mkdtemp()
        if model:
            target = os.path.join(self.dir, "model")
            os.makedirs(target)
            with tarfile.open(fileobj=io.BytesIO(model)) as t:
                t.extractall(target)
        self.process = subprocess.Popen([BINARY, "serve", "--prefix", self.dir], stderr=subprocess.PIPE, text=True,
                                        env=dict(os.environ, SAGEMAKER_BIND_TO_PORT="0", **env))
        port = None
        while port is None:
            line = self.process.stderr.readline()
            if not line:
                raise RuntimeError("the endpoint does not start")
            found = re.search(r"address=\S*:(\d+)", line)
            port = found and found[1]
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, body, headers):
        q = urllib.request.Request(self.url + "/invocations", data=body, headers=headers, method="POST")
        with urllib.request.urlopen(q) as r:
            return r.read(), r.headers

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait()
        self.process.stderr.close()
        shutil.rmtree(self.dir)
        if code:
            raise RuntimeError(f"the endpoint ends with {code}")


class Router(http.server.BaseHTTPRequestHandler):
    """SageMaker's runtime: passes InvokeEndpoint on to the endpoint's program."""
    endpoints = {}

    def do_POST(self):
        name = self.path.split("/")[2]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {k: self.headers[k] for k in ("Content-Type", "Accept", "X-Amzn-SageMaker-Custom-Attributes") if self.headers[k]}
        out, answered = self.endpoints[name].ask(body, headers)
        self.send_response(200)
        self.send_header("Content-Type", answered["Content-Type"])
        self.send_header("Content-Length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    def log_message(self, *_):
        pass


class DeployTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = ThreadedMotoServer("127.0.0.1", 0)
        cls.moto.start()
        cls.runtime = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Router)
        threading.Thread(target=cls.runtime.serve_forever, daemon=True).start()
        host, port = cls.moto.get_host_and_port()
        os.environ["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
        os.environ["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"] = f"http://127.0.0.1:{cls.runtime.server_address[1]}"
        cls.s3, cls.sagemaker = boto3.client("s3"), boto3.client("sagemaker")
        cls.s3.create_bucket(Bucket="metrics")
        cls.s3.put_object(Bucket="metrics", Key="train/web.csv", Body=metrics(600, "web").encode())
        cls.s3.put_object(Bucket="metrics", Key="train/db.csv", Body=metrics(600, "db").encode())

    @classmethod
    def tearDownClass(cls):
        cls.runtime.shutdown()
        cls.runtime.server_close()
        cls.moto.stop()

    def get(self, address):
        bucket, _, key = address.removeprefix("s3://").partition("/")
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def carry_out(self, job):
        """Does what a training job asks for, and puts its model where it is to be."""
        root = tempfile.mkdtemp()
        config = os.path.join(root, "input", "config")
        os.makedirs(config)
        channels = {}
        for c in job["InputDataConfig"]:
            source = c["DataSource"]["S3DataSource"]
            channels[c["ChannelName"]] = {"TrainingInputMode": c.get("InputMode", "File"), "S3DistributionType": source["S3DataDistributionType"],
                                          "ContentType": c.get("ContentType", "")}
            bucket, _, prefix = source["S3Uri"].removeprefix("s3://").partition("/")
            for o in self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
                path = os.path.join(root, "input", "data", c["ChannelName"], o["Key"].removeprefix(prefix).lstrip("/"))
                os.makedirs(os.path.dirname(path), exist_ok=True)
                self.s3.download_file(bucket, o["Key"], path)
        for name, value in (("hyperparameters", job["HyperParameters"]), ("inputdataconfig", channels),
                            ("resourceconfig", {"current_host": "algo-1", "hosts": ["algo-1"]})):
            with open(os.path.join(config, name + ".json"), "w") as f:
                json.dump(value, f)
        done = subprocess.run([BINARY, "train", "--prefix", root], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as t:
            t.add(os.path.join(root, "model"), arcname=".")
        bucket, _, key = job["OutputDataConfig"]["S3OutputPath"].removeprefix("s3://").partition("/")
        key = f"{key.rstrip('/')}/{job['TrainingJobName']}/output/model.tar.gz".lstrip("/")
        self.s3.put_object(Bucket=bucket, Key=key, Body=packed.getvalue())
        shutil.rmtree(root)
        return f"s3://{bucket}/{key}", done.stdout

    def model_of(self, name):
        c = self.sagemaker.describe_model(ModelName=name)["PrimaryContainer"]
        self.assertEqual(c["Image"], IMAGE)
        return self.get(c["ModelDataUrl"]) if c.get("ModelDataUrl") else None, c.get("Environment", {})

    def test_train_deploy_invoke(self):
        told = json.loads(run("train", "--image", IMAGE, "--role", ROLE, "--data", "s3://metrics/train/", "--output", "s3://metrics/models",
                              "--hyper", "metric=cpu", "--hyper", "model-type=linear", "--spot", "--name", "night", "--checkpoints", "s3://metrics/spot"))
        job = REQUESTS["CreateTrainingJob"]
        self.assertEqual(self.sagemaker.describe_training_job(TrainingJobName="night")["HyperParameters"], job["HyperParameters"])
        self.assertEqual(job["AlgorithmSpecification"]["TrainingImage"], IMAGE)
        self.assertEqual(job["AlgorithmSpecification"]["MetricDefinitions"], deploy.metric_definitions())
        self.assertEqual(job["CheckpointConfig"]["S3Uri"], "s3://metrics/spot")
        self.assertTrue(job["EnableManagedSpotTraining"])
        self.assertEqual(job["StoppingCondition"], {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200})
        address, printed = self.carry_out(job)
        for d in deploy.metric_definitions():
            if not d["Name"].endswith("loss"):
                self.assertRegex(printed, d["Regex"])
        self.assertEqual(told["job"], "night")

        for name, more in (("instances", ["--instance", "ml.m5.large"]), ("serverless", ["--serverless", "--memory", "2048", "--concurrency", "3"])):
            with self.subTest(name):
                run("deploy", "--image", IMAGE, "--role", ROLE, "--model", address, "--name", name, "--horizons", "5m,15m", *more)
                variant = self.sagemaker.describe_endpoint_config(EndpointConfigName=name)["ProductionVariants"][0]
                if name == "serverless":
                    self.assertEqual(variant["ServerlessConfig"], {"MemorySizeInMB": 2048, "MaxConcurrency": 3})
                else:
                    self.assertEqual((variant["InstanceType"], variant["InitialInstanceCount"]), ("ml.m5.large", 1))
                endpoint = Endpoint(*self.model_of(variant["ModelName"]))
                Router.endpoints[name] = endpoint
                try:
                    with tempfile.TemporaryDirectory() as tmp:
                        path = os.path.join(tmp, "now.csv")
                        with open(path, "w") as f:
                            f.write(metrics(300, "web", "new"))
                        rows = list(csv.DictReader(io.StringIO(run("invoke", "--endpoint", name, path))))
                        self.assertEqual([(r["container"], r["horizon"]) for r in rows],
                                         [("new", "300"), ("new", "900"), ("web", "300"), ("web", "900")])
                        self.assertIn("no_checkpoint", rows[0]["reasons"])
                        self.assertNotIn("no_checkpoint", rows[2]["reasons"])
                        one = json.loads(run("invoke", "--endpoint", name, path, "--accept", "application/json", "--attributes", "horizon=30m"))
                        self.assertEqual([h["horizon_s"] for f in one["forecasts"] for h in f["horizons"]], [1800, 1800])
                finally:
                    endpoint.stop()
                run("delete", "--endpoint", name)
                self.assertNotIn(name, [e["EndpointName"] for e in self.sagemaker.list_endpoints()["Endpoints"]])
                self.assertNotIn(variant["ModelName"], [m["ModelName"] for m in self.sagemaker.list_models()["Models"]])

    def test_packed_model_and_transform(self):
        """A model from here, of nothing but the network in the box, and a batch
        transform of JSON Lines."""
        lines = [json.dumps({"container": c, "window": {"start": START, "step": 300, "values": {"cpu": [1, 2, 3] * 30}}}) for c in "abc"]
        self.s3.put_object(Bucket="metrics", Key="windows/1.jsonl", Body="\n".join(lines).encode())
        run("transform", "--image", IMAGE, "--role", ROLE, "--data", "s3://metrics/windows", "--output", "s3://metrics/out", "--name", "batch",
            "--content-type", "application/jsonlines", "--split", "Line", "--horizons", "15m", "--no-wait")
        job = self.sagemaker.describe_transform_job(TransformJobName="batch")
        self.assertEqual((job["BatchStrategy"], job["MaxPayloadInMB"], job["TransformInput"]["SplitType"], job["TransformOutput"]["AssembleWith"]),
                         ("MultiRecord", 6, "Line", "Line"))
        endpoint = Endpoint(*self.model_of(job["ModelName"]))
        try:
            with urllib.request.urlopen(endpoint.url + "/execution-parameters") as r:
                self.assertEqual(json.load(r)["MaxPayloadInMB"], 6)
            source = self.get(job["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] + "/1.jsonl")
            out, _ = endpoint.ask(source, {"Content-Type": job["TransformInput"]["ContentType"], "Accept": job["TransformOutput"]["Accept"]})
        finally:
            endpoint.stop()
        got = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([g["container"] for g in got], ["a", "b", "c"])
        self.assertEqual({h["horizon_s"] for g in got for f in g["forecasts"] for h in f["horizons"]}, {900})

        with tempfile.TemporaryDirectory() as tmp:
            path = os.path.join(tmp, "model.tar.gz")
            with open(path, "wb") as f:
                f.write(b"packed elsewhere")
            run("deploy", "--image", IMAGE, "--role", ROLE, "--model", path, "--name", "packed", "--serverless")
            self.assertEqual(self.model_of("packed")[0], b"packed elsewhere")

    def test_script(self):
        """The job of script mode: the container, the code that comes along, and
        hyperparameters as train.py gets them."""
        with tempfile.TemporaryDirectory() as tmp:
            real = deploy.build
            deploy.build = lambda package, out: shutil.copy(BINARY, out)  # what it builds, other tests run
            try:
                run("train", "--script", "--role", ROLE, "--data", "s3://metrics/train/", "--hyper", "metric=cpu", "--hyper", "model-type=lstm",
                    "--name", "script", "--stage", tmp)
            finally:
                deploy.build = real
            job = REQUESTS["CreateTrainingJob"]
            self.assertEqual(job["AlgorithmSpecification"]["MetricDefinitions"], deploy.metric_definitions())
            hyper = {k: json.loads(v) for k, v in job["HyperParameters"].items()}
            self.assertRegex(job["AlgorithmSpecification"]["TrainingImage"], r"pytorch-training:2\.5.*-gpu-py311")
            self.assertEqual((hyper["metric"], hyper["model-type"], hyper["sagemaker_program"]), ("cpu", "lstm", "train.py"))
            with tarfile.open(fileobj=io.BytesIO(self.get(hyper["sagemaker_submit_directory"]))) as t:
                modes = {m.name.removeprefix("./"): m.mode for m in t.getmembers() if m.isfile()}
            self.assertEqual(sorted(modes), ["foretide", "train.py", "trainer.py"])
            self.assertTrue(modes["foretide"] & 0o100)


if __name__ == "__main__":
    unittest.main()
