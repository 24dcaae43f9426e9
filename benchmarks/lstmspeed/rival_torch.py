"""PyTorch's side of the race: a bidirectional LSTM with a linear head for each
horizon, pinball loss, AdamW.

A line "VARIANT JOB THREADS BATCH COUNT" asks for COUNT runs of a job, "train"
or "infer"; the answer is a line of JSON, seconds by run. Variants:

    eager     nn.LSTM, as it is
    compiled  the same, through torch.compile
    hand      nn.LSTM layer by layer, the top one's reverse direction reading
              only the step that the heads see: what Foretide does
    hand+compiled
"""
import json
import sys
import time

import torch
from torch import nn

INPUTS, HIDDEN, STEPS = (int(x) for x in sys.argv[1:4])
LEVELS = torch.tensor([float(x) for x in sys.argv[4].split(",")])
HORIZONS = 3


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(2 * HIDDEN, len(LEVELS)) for _ in range(HORIZONS))

    def forward(self, last):
        y = torch.stack([h(last) for h in self.heads], 1)
        m = len(LEVELS) // 2
        up = nn.functional.softplus(y[..., m + 1:])
        down = nn.functional.softplus(y[..., :m])
        mid = y[..., m:m + 1]
        above = mid + torch.cumsum(up, -1)
        below = mid - torch.flip(torch.cumsum(torch.flip(down, [-1]), -1), [-1])
        return torch.cat([below, mid, above], -1)


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(INPUTS, HIDDEN, 2, batch_first=True, bidirectional=True)
        self.heads = Heads()

    def forward(self, x):
        return self.heads(self.lstm(x)[0][:, -1])


class Hand(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.LSTM(INPUTS, HIDDEN, batch_first=True, bidirectional=True)
        self.second = nn.LSTM(2 * HIDDEN, HIDDEN, batch_first=True)
        self.back = nn.LSTM(2 * HIDDEN, HIDDEN, batch_first=True)
        self.heads = Heads()

    def forward(self, x):
        h = self.first(x)[0]
        forward = self.second(h)[0][:, -1]
        reverse = self.back(h[:, -1:])[0][:, -1]
        return self.heads(torch.cat([forward, reverse], -1))


class Job:
    def __init__(self, model, compiled):
        torch.manual_seed(1)
        self.model = model()
        self.run = torch.compile(self.model) if compiled else self.model
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3, fused=True)

    def train(self, x, y):
        self.model.train()
        error = y[..., None] - self.run(x)
        loss = torch.maximum(LEVELS * error, (LEVELS - 1) * error).mean()
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()

    def infer(self, x, y):
        self.model.eval()
        with torch.inference_mode():
            self.run(x)


jobs = {}
print("ready", flush=True)
for line in sys.stdin:
    variant, name, threads, batch, count = line.split()
    torch.set_num_threads(int(threads))
    # A compiled graph is specialised to its thread count and batch: one for each.
    key = (variant, name, threads, batch)
    if key not in jobs:
        jobs[key] = Job(Hand if "hand" in variant else Plain, "compiled" in variant)
    do = getattr(jobs[key], name)
    x = torch.randn(int(batch), STEPS, INPUTS)
    y = torch.randn(int(batch), HORIZONS)
    times = []
    for _ in range(int(count)):
        start = time.perf_counter()
        do(x, y)
        times.append(time.perf_counter() - start)
    print(json.dumps(times), flush=True)
