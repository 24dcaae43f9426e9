"""Tries shapes of network on the rows that shapes.go wrote, by PyTorch.

    shapes.py FOLDER [SHAPE...] [--seeds 1,2] [--passes 2]

Every network has nine quantiles that never cross and the loss, weights, optimiser
and schedule of core/network/fit. The figure is the mean absolute error as a ratio
to the last value's: the median of a source's series, then the mean of sources and
horizons."""

import argparse
import csv
import json
import math
import os
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

LEVELS = torch.tensor([0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975])
MEDIAN = 4
BATCH = 512


class Rows:
    """Windows of three horizons each: inputs of the network and of the linear map."""

    def __init__(self, o, name):
        raw = np.fromfile(os.path.join(o.folder, name + ".raw"), dtype=np.float32).reshape(-1, o.raw)
        rows = np.fromfile(os.path.join(o.folder, name + ".rows"), dtype=np.float32).reshape(len(raw), 3, -1)
        n, skip = o.inputs, o.skip
        self.inputs, self.skip = torch.from_numpy(rows[:, :, :n].copy()), torch.from_numpy(rows[:, :, n:n + skip].copy())
        self.target, self.scale, self.usual = (torch.from_numpy(rows[:, :, n + skip + i].copy()) for i in range(3))
        self.series = torch.from_numpy(rows[:, 0, -2].astype(np.int64))
        # Raw values are squashed as the inputs are: a spike is no reason to diverge.
        self.raw = torch.from_numpy(np.arcsinh(raw))


class Base(nn.Module):
    """What is in the box: SiLU, residual where widths agree, and the linear map."""

    def __init__(self, o, widths=(192, 192, 96), inputs=0):
        super().__init__()
        widths = (o.inputs + inputs, *widths)
        self.layers = nn.ModuleList(self.layer(a, b) for a, b in zip(widths, widths[1:]))
        self.out, self.skip = self.last(widths[-1]), nn.Linear(o.skip, 9, bias=False)
        nn.init.zeros_(self.skip.weight)

    def layer(self, a, b):
        return nn.Linear(a, b)

    def last(self, a):
        out = nn.Linear(a, 9)
        nn.init.zeros_(out.weight)
        nn.init.constant_(out.bias, -0.5)
        nn.init.constant_(out.bias[MEDIAN:MEDIAN + 1], 0)
        return out

    def hidden(self, x):
        for layer in self.layers:
            h = self.act(layer, x)
            x = x + h if h.shape[-1] == x.shape[-1] else h
        return x

    def act(self, layer, x):
        return F.silu(layer(x))

    def extended(self, rows, at, x):
        return x

    def forward(self, rows, at):
        x = self.extended(rows, at, rows.inputs[at])
        return self.out(self.hidden(x)) + self.skip(rows.skip[at])


class Gated(Base):
    """Gated linear units (Shazeer 2020) in place of SiLU."""

    def layer(self, a, b):
        return nn.Linear(a, 2 * b)

    def act(self, layer, x):
        a, b = layer(x).chunk(2, -1)
        return F.silu(a) * b


class Mixture(Base):
    """Four heads, mixed by a softmax of the last hidden layer (Jacobs et al. 1991)."""

    HEADS = 4

    def last(self, a):
        self.gate = nn.Linear(a, self.HEADS)
        self.heads = nn.ModuleList(Base.last(self, a) for _ in range(self.HEADS))
        for h in self.heads:  # unlike, or they would learn alike
            nn.init.normal_(h.weight, std=0.05)

        def mix(x):
            w = F.softmax(self.gate(x), -1)
            return sum(w[..., i:i + 1] * h(x) for i, h in enumerate(self.heads))

        return mix


class Embedded(Base):
    """Twelve numbers for each series, learnt. They know the series alone that they were trained on."""

    def __init__(self, o):
        super().__init__(o, inputs=12)
        self.numbers = nn.Embedding(o.series, 12)
        nn.init.normal_(self.numbers.weight, std=0.1)

    def extended(self, rows, at, x):
        return torch.cat([x, self.numbers(rows.series[at])[:, None].expand(-1, 3, -1)], -1)


class Path(Base):
    """The features, and two days of values through TiDE's encoder (Das et al. 2023)."""

    SIZE = 32

    def __init__(self, o):
        super().__init__(o, inputs=self.SIZE)
        self.inner, self.outer, self.straight = nn.Linear(o.raw, 128), nn.Linear(128, self.SIZE), nn.Linear(o.raw, self.SIZE)

    def extended(self, rows, at, x):
        raw = rows.raw[at]
        h = self.straight(raw) + self.outer(F.silu(self.inner(raw)))
        return torch.cat([x, h[:, None].expand(-1, 3, -1)], -1)


SHAPES = {
    "base": Base,
    "gated": lambda o: Gated(o, (128, 128, 64)),
    "mixture": Mixture,
    "embedded": Embedded,
    "tide": Path,
}


def quantiles(z):
    """Ascending: softplus distances from the median on."""
    d = F.softplus(z)
    up = z[..., MEDIAN:MEDIAN + 1] + torch.cumsum(d[..., MEDIAN + 1:], -1)
    down = z[..., MEDIAN:MEDIAN + 1] - torch.cumsum(d[..., :MEDIAN].flip(-1), -1).flip(-1)
    return torch.cat([down, z[..., MEDIAN:MEDIAN + 1], up], -1)


def train(make, o, rows, seed):
    torch.manual_seed(seed)
    net = make(o)
    adam = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-2)
    steps = o.passes * len(rows.series) // BATCH
    warm = steps // 20
    rate = torch.optim.lr_scheduler.LambdaLR(adam, lambda s: s / warm if s < warm else 0.5 + 0.5 * math.cos(math.pi * (s - warm) / (steps - warm)))
    share = torch.full((9,), 0.5 / 8)
    share[MEDIAN] = 1
    weight = (rows.scale / rows.usual).clamp(max=20)
    target = rows.target.clamp(-1e6, 1e6)
    net.train()
    for s in range(steps):
        at = torch.randint(len(rows.series), (BATCH,))
        e = target[at][..., None] - quantiles(net(rows, at))
        loss = (torch.maximum(LEVELS * e, (LEVELS - 1) * e) * share).sum(-1)
        loss = (loss * weight[at]).mean()
        adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1)
        adam.step()
        rate.step()
    net.eval()
    return net, sum(p.numel() for p in net.parameters())


@torch.no_grad()
def medians(net, rows):
    return torch.cat([net(rows, at)[..., MEDIAN] for at in torch.arange(len(rows.series)).split(4096)])


def judge(rows, median, sources):
    """Overall ratio and, over series and horizons, the 95th percentile and the share below 1."""
    ratios, by = [], {}
    known = rows.scale > 0
    error = (rows.target - median).abs() * rows.scale
    last = rows.target.abs() * rows.scale
    for s, source in enumerate(sources):
        of = rows.series == s
        for h in range(3):
            k = of & known[:, h]
            if k.any() and last[k, h].sum() > 0:
                r = (error[k, h].sum() / last[k, h].sum()).item()
                ratios.append(r)
                by.setdefault((source, h), []).append(r)
    return np.mean([np.median(v) for v in by.values()]), np.quantile(ratios, 0.95), np.mean(np.array(ratios) < 1)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("shapes", nargs="*", default=list(SHAPES))
    p.add_argument("--seeds", default="1")
    p.add_argument("--passes", type=int, default=2)
    o = p.parse_intermixed_args()
    with open(os.path.join(o.folder, "sizes.json")) as f:
        vars(o).update(json.load(f))
    torch.set_num_threads(1)
    rows, judged = Rows(o, "train"), Rows(o, "judged")
    sources = [r["container"].split("/")[0] for r in csv.DictReader(open(os.path.join(o.folder, "series.csv"), newline=""))]
    o.series = len(sources)
    for shape in o.shapes:
        for seed in map(int, o.seeds.split(",")):
            began = time.process_time()
            net, size = train(SHAPES[shape], o, rows, seed)
            ratio, p95, better = judge(judged, medians(net, judged), sources)
            print(f"{shape:10} seed {seed}  {size:7} weights  ratio {ratio:.4f}  p95 {p95:.3f}  better {100 * better:.0f} %  "
                  f"{time.process_time() - began:.0f} s", flush=True)


main()
