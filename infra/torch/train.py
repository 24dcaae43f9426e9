#!/usr/bin/env python3
"""Trains Foretide's LSTM in PyTorch, on a GPU where there is one.

    foretide windows --data metrics.csv.gz --metric cpu --model lstm -o cpu.windows
    python3 train.py cpu.windows -o cpu.safetensors
    foretide checkpoint import cpu.safetensors --data metrics.csv.gz

The model, the loss, the optimiser, the schedule and the order of the windows
are those of `foretide train`; the settings are the configuration's, which the
file of windows carries. Needs torch, nothing else.
"""

import argparse
import json
import math
import mmap
import os
import signal
import struct
import sys
import time

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # one seed, one result on CUDA

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

DTYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64}
PARTS = ("input", "features", "skip", "target", "weight")


class Head(nn.Module):
    """Turns the last step h and features z of one horizon into raw outputs:
    a = silu(first [h z]), a' = a + silu(second a), out a' + skip s."""

    def __init__(self, inputs, skip, width, levels, dropout):
        super().__init__()
        self.dropout, self.width = dropout, width
        if width:
            self.first, self.second = nn.Linear(inputs, width), nn.Linear(width, width)
        self.out = nn.Linear(width or inputs, levels)
        self.skip = nn.Linear(skip, levels, bias=False)

    def forward(self, x, skip):
        if self.width:
            a = F.dropout(F.silu(self.first(x)), self.dropout, self.training)
            x = a + F.silu(self.second(a))
        return self.out(x) + self.skip(skip)


class Network(nn.Module):
    """The network of a description: nn.LSTM, of which the heads see the last step.

    forward takes input [N, steps, inputs], features and skip [N, horizons, …] and
    returns quantiles [N, horizons, levels], ascending."""

    def __init__(self, d, dropout=0.0):
        super().__init__()
        layers, ways = d["layers"], 2 if d["bidirectional"] else 1
        self.lstm = nn.LSTM(d["inputs"], d["hidden"], layers, batch_first=True, bidirectional=d["bidirectional"],
                            dropout=dropout if layers > 1 else 0)
        self.heads = nn.ModuleList(
            Head(ways * d["hidden"] + d["features"], d["skip"], d["width"], len(d["levels"]), dropout)
            for _ in d["horizons"])
        n, self.median = len(d["levels"]), d["levels"].index(0.5)
        # Quantile i is the median and, away from it, the sum of the distances
        # between neighbours: chain[j][i] says whether distance j is among them.
        chain = torch.zeros(n, n)
        for i in range(n):
            for j in range(n):
                if self.median < j <= i:
                    chain[j, i] = 1
                elif i <= j < self.median:
                    chain[j, i] = -1
        self.register_buffer("chain", chain, persistent=False)

    def forward(self, x, features, skip):
        last = self.lstm(x)[0][:, -1]
        y = torch.stack([head(torch.cat([last, features[:, k]], 1), skip[:, k]) for k, head in enumerate(self.heads)], 1)
        return y[..., self.median, None] + F.softplus(y) @ self.chain

    @torch.no_grad()
    def initialise(self, levels, hidden):
        """As core/lstm/network: open forget gates, no change, and the distances of
        a Laplace distribution."""
        for name, p in self.lstm.named_parameters():
            p.uniform_(-1, 1).mul_(hidden**-0.5)
            if name.startswith("bias_ih"):
                p[hidden : 2 * hidden] = 1
            elif name.startswith("bias_hh"):
                p.zero_()
        laplace = [math.log(2 * p) if p < 0.5 else -math.log(2 * (1 - p)) for p in levels]
        for head in self.heads:
            for layer in (head.first, head.second) if head.width else ():
                layer.weight.uniform_(-1, 1).mul_(layer.in_features**-0.5)
                layer.bias.zero_()
            for p in (head.out.weight, head.skip.weight, head.out.bias):
                p.zero_()
            for j in range(len(levels)):
                if j != self.median:
                    gap = abs(laplace[j] - laplace[j - 1 if j > self.median else j + 1])
                    head.out.bias[j] = math.log(math.expm1(max(gap, 1e-3)))


def level_weights(levels, tail):
    """How much each quantile counts: 1 for the median, tail for the others together."""
    return torch.tensor([1.0 if p == 0.5 else tail / max(len(levels) - 1, 1) for p in levels])


def pinball(quantiles, target, weight, levels, weights):
    """The weighted sum of the pinball losses of all levels, rows and horizons."""
    e = target[..., None] - quantiles
    return (torch.maximum(levels * e, (levels - 1) * e) * weights * weight[..., None]).sum()


def fail(text):
    sys.exit(f"train.py: {text}")


class Tensors:
    """A safetensors file. It is mapped, not read: what is used of it comes into
    memory, and may go again."""

    def __init__(self, path, what, *keys):
        """keys are those of the metadata that are JSON."""
        try:
            with open(path, "rb") as f:
                data = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY)
            (n,) = struct.unpack_from("<Q", data)
            header = json.loads(data[8 : 8 + n])
            self.metadata = header.pop("__metadata__")
            self.json = [json.loads(self.metadata[k]) for k in keys]
            self.tensors = {name: self.tensor(data, 8 + n, **t) for name, t in header.items()}
        except OSError as e:
            fail(e)
        except (ValueError, KeyError, TypeError, struct.error) as e:
            fail(f"{path}: is no file {what} ({type(e).__name__}: {e})")

    @staticmethod
    def tensor(data, begin, dtype, shape, data_offsets):
        count = math.prod(shape)
        if not count:
            return torch.empty(shape, dtype=DTYPES[dtype])
        return torch.frombuffer(data, dtype=DTYPES[dtype], count=count, offset=begin + data_offsets[0]).reshape(shape)


class Windows(Tensors):
    """A file that `foretide windows` wrote."""

    def __init__(self, path):
        super().__init__(path, "of `foretide windows`", "foretide", "foretide.training")
        self.description, self.training = self.json

    def part(self, name):
        return [self.tensors[f"{name}.{p}"] for p in PARTS]


def load(path, model, description):
    """Takes the weights of a network that forecasts the same of the same inputs."""
    weights = Tensors(path, "with a network", "foretide")
    for key, want in description.items():
        have = weights.json[0].get(key)
        if key != "epochs" and have != want:
            fail(f"{path}: its network has {key} {have}, and that of the windows {want}")
    try:
        model.load_state_dict(weights.tensors)
    except RuntimeError as e:
        fail(f"{path}: {e}")


def save(path, model, metadata):
    """Writes the parameters as safetensors: the file is whole, or is not there."""
    header, blobs, at = {"__metadata__": metadata}, [], 0
    for name, p in sorted(model.items()):
        blob = struct.pack(f"<{p.numel()}f", *p.detach().flatten().tolist())
        header[name] = {"dtype": "F32", "shape": list(p.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as f:
            f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
        os.replace(temporary, path)
    except OSError as e:
        if os.path.exists(temporary):
            os.remove(temporary)
        fail(e)


class Trainer:
    def __init__(self, windows, device, epochs, seed, compiled, begin):
        t, d = windows.training, windows.description
        self.t, self.d, self.device = t, d, device
        self.epochs, self.seed = epochs, seed
        self.batch, self.windows = t["batch"], t["epoch_windows"]
        self.stored = t["epochs_stored"]
        self.model = Network(d, t["dropout"])
        if begin:
            load(begin, self.model, d)
        else:
            self.model.initialise(d["levels"], d["hidden"])
        for name, p in self.model.named_parameters():
            if "bias_hh" in name:
                p.requires_grad_(False)  # a bias is one, not two that move together
        self.model.to(device)
        self.run = torch.compile(self.model) if compiled else self.model
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=t["learning_rate"], betas=(0.9, 0.999), eps=1e-8,
                                           weight_decay=t["weight_decay"])
        self.levels = torch.tensor(d["levels"]).to(device)
        self.weights = level_weights(d["levels"], t["tail"]).to(device)
        self.train, self.held = windows.part("train"), windows.part("held")
        if device.type == "cuda":
            self.held = [x.to(device) for x in self.held]
            size = sum(x.numel() * 4 for x in self.train)
            if size < torch.cuda.mem_get_info()[0] // 2:
                self.train = [x.to(device) for x in self.train]

    def rate(self, step):
        """The learning rate: linear warm-up, then a cosine to a fiftieth."""
        x = (step + 1) / (self.epochs * (self.windows // self.batch))
        warm = self.t["warmup"]
        if x < warm:
            return self.t["learning_rate"] * x / warm
        return self.t["learning_rate"] * (0.02 + 0.98 * (1 + math.cos(math.pi * (x - warm) / (1 - warm))) / 2)

    def rows(self, epoch):
        """The windows of an epoch. Where the file has fewer epochs, they are gone
        through again in another order."""
        first = epoch % self.stored * self.windows
        if epoch < self.stored:
            return first, None
        shuffle = torch.Generator().manual_seed(self.seed + epoch)
        return first, torch.randperm(self.windows, generator=shuffle)

    def get(self, first, order, i):
        """Batch i of an epoch."""
        if order is None:
            at = slice(first + i * self.batch, first + (i + 1) * self.batch)
        else:
            at = first + order[i * self.batch : (i + 1) * self.batch]
        return [x[at].to(self.device) for x in self.train]

    def epoch(self, number):
        """Makes the steps of an epoch and returns the mean loss."""
        self.run.train()
        first, order = self.rows(number)
        steps, total, skipped = self.windows // self.batch, 0.0, 0
        for i in range(steps):
            x, features, skip, target, weight = self.get(first, order, i)
            self.optimiser.zero_grad(set_to_none=True)
            loss = pinball(self.run(x, features, skip), target, weight, self.levels, self.weights)
            loss = loss / (self.batch * target.shape[1])
            loss.backward()
            norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.t["clip"])
            if not torch.isfinite(norm):
                skipped += 1
                if skipped >= 10:
                    fail("training diverged (try a smaller learning_rate)")
                continue
            skipped = 0
            for group in self.optimiser.param_groups:
                group["lr"] = self.rate(number * steps + i)
            self.optimiser.step()
            total = total + loss.detach()
        return float(total) / steps

    @torch.no_grad()
    def validate(self):
        """Returns the mean loss of the windows that were held back."""
        self.model.eval()
        total, n = 0.0, 0
        for at in range(0, len(self.held[0]), 1024):
            x, features, skip, target, weight = (p[at : at + 1024].to(self.device) for p in self.held)
            q = self.model(x, features, skip)
            total += float(pinball(q.double(), target.double(), weight.double(), self.levels.double(), self.weights.double()))
            n += int((weight > 0).sum())
        return total / max(n, 1)


def choose(name):
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        fail(f"--device is {name}, and torch {torch.__version__} finds no CUDA device here")
    device = torch.device(name)
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = False  # the arithmetic of the model that is served
        print(f"on {torch.cuda.get_device_name(device)}, torch {torch.__version__}", flush=True)
    else:
        print(f"on the CPU, threads: {torch.get_num_threads()}, torch {torch.__version__}", flush=True)
    return device


def arguments():
    p = argparse.ArgumentParser(description="Trains Foretide's LSTM in PyTorch on windows that `foretide windows` wrote.")
    p.add_argument("windows", help="file of `foretide windows`")
    p.add_argument("-o", "--out", required=True, help="file for the weights, for `foretide checkpoint import`")
    p.add_argument("--device", default="auto", help="auto (CUDA where there is one), cpu, cuda, cuda:1 …")
    p.add_argument("--epochs", type=int, help="at most (default: the configuration's)")
    p.add_argument("--seed", type=int, help="of weights and dropout (default: the configuration's)")
    p.add_argument("--threads", type=int, help="of the CPU (default: torch's)")
    p.add_argument("--from", dest="begin", metavar="FILE", help="go on from this network, of `foretide checkpoint export` or train.py")
    p.add_argument("--compile", action="store_true", help="use torch.compile")
    return p.parse_args()


def main():
    a = arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if a.threads:
        torch.set_num_threads(a.threads)
    device = choose(a.device)
    windows = Windows(a.windows)
    seed = windows.training["seed"] if a.seed is None else a.seed
    torch.manual_seed(seed)
    epochs = a.epochs or windows.training["epochs"]
    trainer = Trainer(windows, device, epochs, seed, a.compile, a.begin)
    best, best_loss, best_epoch, began = None, math.inf, 0, time.monotonic()
    try:
        for e in range(epochs):
            start = time.monotonic()
            loss = trainer.epoch(e)
            trained = time.monotonic() - start
            held = trainer.validate()
            took = time.monotonic() - start
            if held < best_loss:
                best_loss, best_epoch = held, e + 1
                best = {k: v.detach().clone() for k, v in trainer.model.named_parameters()}
            left = (time.monotonic() - began) / (e + 1) * (epochs - e - 1)
            print(f"epoch {e + 1} of at most {epochs}: training loss {loss:.4g}, validation loss {held:.6g}, {took:.2f} s, "
                  f"{trainer.windows / trained:.0f} windows a second, at most {left:.0f} s left", flush=True)
            if e + 1 - best_epoch >= windows.training["patience"]:
                break
    except KeyboardInterrupt:
        if best is None:
            fail("interrupted before an epoch had ended: nothing is written")
        print("interrupted: the best so far is kept", flush=True)
    if best is None:
        fail("training diverged (try a smaller learning_rate)")
    description = windows.description | {"epochs": best_epoch}
    metadata = {k: v for k, v in windows.metadata.items() if k in ("foretide.config", "foretide.data")}
    save(a.out, best, metadata | {"format": "pt", "foretide": json.dumps(description)})
    print(f"{a.out}: best after {best_epoch} epochs, validation loss {best_loss:.6g}, {time.monotonic() - began:.1f} s in all")


if __name__ == "__main__":
    main()
