#!/usr/bin/env python3
"""Draws docs/images/learning_curves.svg from docs/policies/*.csv: the return of every clip by samples,
small multiples with equal axes, the paper's return as a dashed line, runs with several seeds with a band. Needs nothing beyond Python's own library.

    scripts/draw_learning_curves.py                       # draws
    scripts/draw_learning_curves.py --take RUN.csv NAME   # docs/policies/NAME.csv from the log of a run first
"""
import csv
import pathlib
import re
import sys

DOCS = pathlib.Path(__file__).resolve().parent.parent / "docs"
# Normalised returns of Peng et al. 2018, table 4; clips that are not in it have none.
PAPER = {"walk": .985, "run": .951, "jog": .951, "jump": .947, "crawl": .932, "getup_facedown": .885,
         "getup_faceup": .838, "dance_a": .863, "dance_b": .822, "kick": .854, "punch": .812, "cartwheel": .804,
         "sideflip": .805, "spinkick": .748, "roll": .735, "backflip": .729, "spin": .664}
COLUMNS = 5
WIDTH, HEIGHT, GAP_X, GAP_Y = 172, 88, 24, 44  # of a chart and between two, in pixels
MARGIN_X, MARGIN_Y = 40, 34
SEED = re.compile(r"_seed(\d+)$")  # runs that differ by their seed alone, drawn with a band around them
VARIANTS = ("_197",)  # further runs of a clip, drawn thinner: the original interface


def take(log, name):
    """The evaluations in the log of a run."""
    rows, last = [], 0
    with open(log) as source:
        for row in csv.DictReader(source):
            samples = int(float(row["evaluation/samples"]))
            if samples <= last:
                continue
            last = samples
            rows.append([samples, f'{float(row["progress/seconds"]):.1f}', f'{float(row["evaluation/reward"]):.4f}',
                         f'{float(row["evaluation/life_s"]):.2f}', int(float(row["evaluation/survived"]))])
    with open(DOCS / "policies" / f"{name}.csv", "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["samples", "seconds", "return", "life_s", "survived_of_16"])
        writer.writerows(rows)


def read_curves():
    """Curves by clip: [(name of the run, [(samples, return), …]), …]."""
    curves = {}
    for path in sorted((DOCS / "policies").glob("*.csv")):
        with open(path) as source:
            points = [(int(r["samples"]), float(r["return"])) for r in csv.DictReader(source)]
        clip = SEED.sub("", path.stem)
        for variant in VARIANTS:
            clip = clip.removesuffix(variant)
        curves.setdefault(clip, []).append((path.stem, points))
    return curves


def band(runs):
    """[(samples, least, largest)] over the runs that differ by their seed, as far as there are two of them."""
    seeds = [dict(points) for name, points in runs if SEED.search(name)]
    rows = []
    for samples in sorted(set().union(*seeds)):
        values = [run[samples] for run in seeds if samples in run]
        if len(values) > 1:
            rows.append((samples, min(values), max(values)))
    return rows


def order(clip):
    return (not clip.startswith("dog"), -PAPER.get(clip, 0), clip) if clip in PAPER else (True, 1, clip)


def chart(clip, runs, most, x, y):
    """One clip's axes and lines, its upper left corner at x, y."""
    sx = lambda samples: x + WIDTH * samples / most
    sy = lambda value: y + HEIGHT * (1 - value)
    title = re.sub("_", " ", clip)
    parts = [f'<text x="{x}" y="{y - 8}" class="t">{title}</text>',
             f'<path d="M{x} {y}V{y + HEIGHT}H{x + WIDTH}" class="a"/>']
    if clip in PAPER:
        parts.append(f'<path d="M{x} {sy(PAPER[clip]):.1f}h{WIDTH}" class="p"/>')
    best = max(value for _, points in runs for _, value in points)
    parts.append(f'<text x="{x + WIDTH}" y="{y - 8}" class="n e">{best:.3f}'
                 + (f" ({PAPER[clip]:.3f})" if clip in PAPER else "") + "</text>")
    rows = band(runs)
    if rows:
        edge = [(s, high) for s, _, high in rows] + [(s, low) for s, low, _ in reversed(rows)]
        parts.append('<polygon points="' + " ".join(f"{sx(s):.1f},{sy(v):.1f}" for s, v in edge) + '" class="b"/>')
    for name, points in runs:
        line = " ".join(f"{sx(s):.1f},{sy(v):.1f}" for s, v in [(0, 0.0)] + points)
        parts.append(f'<polyline points="{line}" class="{"c" if name == clip or SEED.search(name) else "v"}"/>')
    parts.append(f'<text x="{x + WIDTH}" y="{y + HEIGHT + 13}" class="n e">{most / 1e6:.1f} M</text>')
    parts.append(f'<text x="{x}" y="{y + HEIGHT + 13}" class="n">0</text>')
    parts.append(f'<text x="{x - 4}" y="{y + 4}" class="n e">1</text>')
    return parts


def draw():
    curves = read_curves()
    most = max(s for runs in curves.values() for _, points in runs for s, _ in points)
    most = -(-most // 200_000) * 200_000
    clips = sorted(curves, key=order)
    rows = -(-len(clips) // COLUMNS)
    width = 2 * MARGIN_X + COLUMNS * WIDTH + (COLUMNS - 1) * GAP_X
    height = MARGIN_Y + rows * (HEIGHT + GAP_Y)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
           "<title>Return by samples for every clip; dashed: the paper's</title>",
           "<style>text{font:11px sans-serif;fill:#333}.t{font-weight:600}.n{font-size:9px;fill:#777}.e{text-anchor:end}"
           "path,polyline{fill:none}.a{stroke:#bbb}.p{stroke:#d08030;stroke-dasharray:4 3}"
           ".b{fill:#2060a0;opacity:.18}.c{stroke:#2060a0;stroke-width:1.5}.v{stroke:#2060a0;opacity:.4}</style>",
           f'<rect width="{width}" height="{height}" fill="#fff"/>']
    for i, clip in enumerate(clips):
        x = MARGIN_X + i % COLUMNS * (WIDTH + GAP_X)
        y = MARGIN_Y + i // COLUMNS * (HEIGHT + GAP_Y)
        out += chart(clip, curves[clip], most, x, y)
    out.append("</svg>")
    path = DOCS / "images" / "learning_curves.svg"
    path.write_text("\n".join(out) + "\n")
    print(f"{path}: {len(clips)} clips")


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--take":
        take(sys.argv[2], sys.argv[3])
    elif len(sys.argv) != 1:
        sys.exit(__doc__)
    draw()
