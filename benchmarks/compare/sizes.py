"""Prints the megabytes that each package takes, with all that it needs.

    sizes.py PACKAGE..."""

import importlib.metadata as meta
import json
import os
import re
import sys

from packaging.requirements import Requirement


def closure(name, seen):
    name = re.sub(r"[-_.]+", "-", name).lower()
    if name in seen:
        return
    try:
        d = meta.distribution(name)
    except meta.PackageNotFoundError:
        return  # needed on other systems or Pythons
    seen[name] = sum(f.locate().stat().st_size for f in d.files or [] if os.path.isfile(f.locate()))
    for text in d.requires or []:
        r = Requirement(text)
        if r.marker is None or r.marker.evaluate({"extra": ""}):
            closure(r.name, seen)


out = {}
for package in sys.argv[1:]:
    seen = {}
    closure(package, seen)
    gpu = sum(v for k, v in seen.items() if k.startswith(("nvidia-", "triton", "cuda-")))
    out[package] = dict(version=meta.version(package), mb=round(sum(seen.values()) / 1e6), gpu_mb=round(gpu / 1e6), packages=len(seen))
print(json.dumps(out))
