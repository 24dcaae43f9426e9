"""Checks what evaluate.py prints:
limits.py BY_SOURCE BY_METRIC BY_SERIES RATIO P95 [LEAST MOST [LEAST MOST [LEAST MOST]]].

BY_SOURCE, BY_METRIC and BY_SERIES are its tables by source, metric and series.
The overall ratio and the 95th percentile of the ratios of all series and horizons
are at most the given ones; the 80 % intervals cover LEAST to MOST, 0.72 to 0.88
unless given, in every source (mean of the horizons' medians), the second LEAST to
MOST, 0.78 to 0.82, over the sources, and the third, where it is given, in every
metric.
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


by_source, by_metric, by_series = sys.argv[1:4]
ratio_limit, p95_limit, *given = [float(x) for x in sys.argv[4:]]
least, most, least_over, most_over, least_metric, most_metric = given + [0.72, 0.88, 0.78, 0.82, 0, 1][len(given) :]
faults = []


def covered(path, least, most):
    """Notes each group of a table whose intervals do not cover least to most, and returns what all cover."""
    covers = []
    for group, _, cover in rows(path):
        covers.append(sum(cover) / len(cover))
        if not least <= covers[-1] <= most:
            faults.append(f"{group}: 80 % intervals cover {covers[-1]:.3f}, not {least} to {most}")
    return covers


covers = covered(by_source, least, most)
metrics = covered(by_metric, least_metric, most_metric)
ratios = sorted(r for _, rs, _ in rows(by_series) for r in rs)
found = re.search(r"overall ([0-9.]+)$", open(by_source).read(), re.M)
if not (found and covers and metrics and ratios):
    sys.exit(f"{by_source}, {by_metric} or {by_series}: no table")
overall, p95, cover = float(found[1]), ratios[int(0.95 * (len(ratios) - 1))], sum(covers) / len(covers)
if overall > ratio_limit:
    faults.append(f"overall ratio {overall} is above {ratio_limit}")
if p95 > p95_limit:
    faults.append(f"95th percentile {p95} of the ratio is above {p95_limit}")
if not least_over <= cover <= most_over:
    faults.append(f"80 % intervals cover {cover:.3f} overall, not {least_over} to {most_over}")
print(f"overall ratio {overall}, 95th percentile {p95}, 80 % intervals cover {cover:.3f}, by metric {min(metrics):.3f} to {max(metrics):.3f}")
if faults:
    sys.exit("\n".join(faults))
