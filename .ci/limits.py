"""Checks what evaluate.py prints: limits.py BY_SOURCE BY_SERIES RATIO P95 [LEAST MOST [LEAST MOST]].

BY_SOURCE and BY_SERIES are its tables by source and by series. The overall
ratio and the 95th percentile of the ratios of all series and horizons are at
most the given ones; the 80 % intervals cover LEAST to MOST, 0.72 to 0.88 unless
given, in every source (mean of the horizons' medians) and the second LEAST to
MOST, 0.78 to 0.82, over the sources.
"""
import re
import sys


def rows(path):
    """Yields (group, ratios, covers) of each line of a table."""
    for line in open(path):
        # Three times ratio, R2, cover; better, p95, missing. A wide R2 touches what is before it.
        numbers = [float(v) for v in re.findall(r"-?\d+\.\d{3,4}", line)[-12:]]
        if len(numbers) == 12:
            yield line.split()[1], numbers[0:9:3], numbers[2:9:3]


by_source, by_series, ratio_limit, p95_limit = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
least, most, least_over, most_over = [float(x) for x in sys.argv[5:]] + [0.72, 0.88, 0.78, 0.82][len(sys.argv) - 5 :]
faults, covers = [], []
for source, _, cover in rows(by_source):
    cover = sum(cover) / len(cover)
    covers.append(cover)
    if not least <= cover <= most:
        faults.append(f"{source}: 80 % intervals cover {cover:.3f}, not {least} to {most}")
ratios = sorted(r for _, rs, _ in rows(by_series) for r in rs)
found = re.search(r"overall ([0-9.]+)$", open(by_source).read(), re.M)
if not (found and covers and ratios):
    sys.exit(f"{by_source}: no table")
overall, p95, cover = float(found[1]), ratios[int(0.95 * (len(ratios) - 1))], sum(covers) / len(covers)
if overall > ratio_limit:
    faults.append(f"overall ratio {overall} is above {ratio_limit}")
if p95 > p95_limit:
    faults.append(f"95th percentile {p95} of the ratio is above {p95_limit}")
if not least_over <= cover <= most_over:
    faults.append(f"80 % intervals cover {cover:.3f} overall, not {least_over} to {most_over}")
print(f"overall ratio {overall}, 95th percentile {p95}, 80 % intervals cover {cover:.3f}")
if faults:
    sys.exit("\n".join(faults))
