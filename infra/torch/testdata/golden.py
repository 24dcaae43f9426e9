#!/usr/bin/env python3
"""What PyTorch computes of the networks of core/lstm, for the tests of infra/torch.

Weights and batches are not stored: value() makes them of their names, here and
in Go alike. For each case: the quantiles, the loss, the norm of the gradient,
and of each parameter's gradient two sums that any wrong element changes.

    python3 golden.py > golden.json              the recorded values
    python3 golden.py --all FILE.safetensors     all elements, with train.py's model

Needs torch and numpy; --all also needs safetensors.
"""

import itertools
import json
import pathlib
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import train  # noqa: E402

MASK = np.uint64(0xFFFFFFFFFFFFFFFF)


def fnv(name):
    """FNV-1a, 64 bits."""
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = (h ^ b) * 0x100000001B3 % 2**64
    return h


def value(name, shape, scale=1.0):
    """Numbers in [-scale, scale) that the name determines: splitmix64."""
    n = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.uint64(fnv(name)) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    x = (z >> np.uint64(40)).astype(np.float32) / np.float32(2**23) - np.float32(1)
    return torch.from_numpy((x * np.float32(scale)).reshape(shape))


def cases():
    """Layers, directions, units and widths, none of them but 16 whole blocks."""
    for layers, both, hidden, width in itertools.product((1, 2, 3), (False, True), (3, 16, 21), (0, 5, 32)):
        yield {
            "layers": layers, "bidirectional": both, "hidden": hidden, "width": width, "steps": 4, "inputs": 5,
            "features": 7, "skip": 3, "horizons": [300, 900], "levels": [0.1, 0.25, 0.5, 0.9], "rows": 3,
        }


def run(case):
    """Returns the model and what comes of a step of training from the values."""
    model = train.Network(case)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(value(name, p.shape, 0.4))
    rows, ahead = case["rows"], len(case["horizons"])
    batch = {
        "input": value("input", (rows, case["steps"], case["inputs"])),
        "features": value("features", (rows, ahead, case["features"])),
        "skip": value("skip", (rows, ahead, case["skip"])),
        "target": value("target", (rows, ahead), 2.0),
        "weight": value("weight", (rows, ahead)).abs(),
    }
    batch["weight"][1, 0] = 0
    levels = torch.tensor(case["levels"])
    weights = train.level_weights(case["levels"], 0.5)
    quantiles = model(batch["input"], batch["features"], batch["skip"])
    loss = train.pinball(quantiles, batch["target"], batch["weight"], levels, weights)
    loss.backward()
    return model, quantiles.detach(), loss.item()


def sums(name, g):
    """Two weighted sums of a gradient's elements."""
    g = g.double().flatten()
    return [float(g @ value(f"{name}/{k}", g.shape).double()) for k in range(2)]


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    if len(sys.argv) == 3 and sys.argv[1] == "--all":
        from safetensors.numpy import save_file

        tensors, metadata = {}, {}
        for i, case in enumerate(cases()):
            model, quantiles, loss = run(case)
            metadata[str(i)] = json.dumps(case | {"loss": loss})
            tensors[f"{i}/quantiles"] = quantiles.numpy()
            for name, p in model.named_parameters():
                tensors[f"{i}/{name}"] = p.grad.numpy()
        save_file(tensors, sys.argv[2], metadata)
        return
    out = []
    for case in cases():
        model, quantiles, loss = run(case)
        grads = {name: p.grad for name, p in model.named_parameters()}
        norm = float(sum(float((g.double() ** 2).sum()) for g in grads.values()) ** 0.5)
        case |= {"quantiles": [round(q, 7) for q in quantiles.flatten().tolist()], "loss": loss, "norm": norm,
                 "sums": {name: [float(f"{s:.7g}") for s in sums(name, g)] for name, g in grads.items()}}
        out.append("  " + json.dumps(case))
    head = {"tool": f"torch {torch.__version__}", "python": sys.version.split()[0],
            "command": "python3 infra/torch/testdata/golden.py > infra/torch/testdata/golden.json"}
    text = json.dumps(head)
    print(text[:-1] + ', "cases": [\n' + ",\n".join(out) + "\n]}")


if __name__ == "__main__":
    main()
