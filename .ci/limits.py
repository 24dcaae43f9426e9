"""Checks what evaluate.py prints: limits.py BY_SOURCE BY_SERIES RATIO P95 [COVER].

BY_SOURCE and BY_SERIES are its tables by source and by series. The overall
ratio and the 95th percentile of the ratios of all series and horizons are at
most the given ones; the 80 % intervals cover 0.72 to COVER, 0.88 unless given,
in every source (mean of the horizons' medians) and 0.78 to 0.82 over the
sources.
"""
import re
import sys


def rows(path):
    """Yields (group, ratios, covers) of each line of a table."""
    for line in open(path):
        f = line.split()
        if len(f) > 13 and re.fullmatch(r"[0-9.]+", f[-1]) and f[0] != "model":
            numbers = f[-12:]  # three times ratio, R2, cover; better, p95, missing
            yield f[1], [float(v) for v in numbers[0:9:3]], [float(v) for v in numbers[2:9:3]]


by_source, by_series, ratio_limit, p95_limit = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
most = float(sys.argv[5]) if len(sys.argv) > 5 else 0.88
faults, covers = [], []
for source, _, cover in rows(by_source):
    cover = sum(cover) / len(cover)
    covers.append(cover)
    if not 0.72 <= cover <= most:
        faults.append(f"{source}: 80 % intervals cover {cover:.3f}, not 0.72 to {most}")
ratios = sorted(r for _, rs, _ in rows(by_series) for r in rs)
found = re.search(r"overall ([0-9.]+)$", open(by_source).read(), re.M)
if not (found and covers and ratios):
    sys.exit(f"{by_source}: no table")
overall, p95, cover = float(found[1]), ratios[int(0.95 * (len(ratios) - 1))], sum(covers) / len(covers)
if overall > ratio_limit:
    faults.append(f"overall ratio {overall} is above {ratio_limit}")
if p95 > p95_limit:
    faults.append(f"95th percentile {p95} of the ratio is above {p95_limit}")
if not 0.78 <= cover <= 0.82:
    faults.append(f"80 % intervals cover {cover:.3f} overall, not 0.78 to 0.82")
print(f"overall ratio {overall}, 95th percentile {p95}, 80 % intervals cover {cover:.3f}")
if faults:
    sys.exit("\n".join(faults))
