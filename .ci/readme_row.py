"""Checks that the README's table has what was measured: readme_row.py README MODEL RATIO P95 COVER.

The table's row for the sample of 56 series may differ by 0.002 in the ratios and
by 1 % in the cover: processors round other last digits, and a gate on the edge
then opens.
"""
import re
import sys

readme, model, *measured = sys.argv[1:]
measured = [float(x) for x in measured]
row = re.search(rf"^\| 56 \| {model} \| ([0-9.]+) \| ([0-9.]+) \| ([0-9]+) % \|$", open(readme).read(), re.M)
if not row:
    sys.exit(f"{readme} has no row for {model} on 56 series")
shown = [float(x) for x in row.groups()]
if any(abs(a - b) > limit + 1e-9 for a, b, limit in zip(shown, measured, (0.002, 0.002, 1))):
    sys.exit(f"{readme} shows {shown} for {model}, and measured was {measured}")
