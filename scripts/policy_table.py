#!/usr/bin/env python3
"""Measures every policy in assets/policies and writes the tables anew: how they were made in assets/policies/README.md, from their own
records; what they reach in docs/policies.md, 32 random starts of 20 s and pushes.

    scripts/policy_table.py [--clips FOLDER] [--canter build/release/bin/canter] [NAME…]

FOLDER holds DeepMimic's clips, for the policies without theirs; rows of policies that are not measured now stay as they are.
"""
import argparse
import json
import pathlib
import struct
import subprocess

from draw_learning_curves import PAPER

ROOT = pathlib.Path(__file__).resolve().parent.parent
POLICIES = ROOT / "assets" / "policies"
MADE, REACHED = POLICIES / "README.md", ROOT / "docs" / "policies.md"


def record(path):
    """How the policy was made."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        notes = json.loads(file.read(size))["__metadata__"]
    return json.loads(notes["canter.provenance.mimic"])["training"]


def measure(canter, what, path, clip):
    command = [canter, "mimic", what, path, "--json"] + (["--clip", clip] if clip else [])
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def made_row(path):
    made = record(path)
    return [f"`{path.stem}`", f"`{made['command']}`", f"{made['samples'] / 1e6:.2f} M",
            f"{int(made['wall_s'] // 60)}:{int(made['wall_s'] % 60):02}, {made['threads']}"]


def reached_row(canter, path, clip):
    score, push = measure(canter, "eval", path, clip), measure(canter, "push", path, clip)
    paper = PAPER.get(clip.stem.removeprefix("humanoid3d_")) if clip else None
    return [f"`{path.stem}`", f"{paper:.3f}" if paper else "—", f"{score['nr_paper']:.3f}", f"{score['nr_code']:.3f}",
            f"{score['survived']} of {score['episodes']}", f"{score['joint_error_rad']:.3f}", f"{score['position_error_m']:.3f}",
            f"{push['forward_n']:.0f} ({push['forward_median_n']:.0f})",
            f"{push['sideways_n']:.0f} ({push['sideways_median_n']:.0f})"]


class Table:
    """A table of Markdown between two comments, <!-- NAME --> and <!-- end of NAME -->; its rows by their first cell."""

    def __init__(self, file, name):
        self.file, self.begin, self.end = file, f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        lines = file.read_text().split(self.begin)[1].split(self.end)[0].splitlines()
        self.head, self.rows = lines[:2], {line.split("`")[1]: line for line in lines[2:]}

    def put(self, cells):
        self.rows[cells[0].strip("`")] = line = "| " + " | ".join(cells) + " |"
        print(line, flush=True)

    def write(self):
        kept = [self.rows[name] for name in sorted(self.rows) if (POLICIES / f"{name}.safetensors").exists()]
        text = self.file.read_text()
        before, after = text.split(self.begin)[0], text.split(self.end)[1]
        self.file.write_text(before + self.begin + "\n".join(self.head + kept) + "\n" + self.end + after)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*")
    options.add_argument("--clips", type=pathlib.Path)
    options.add_argument("--canter", default=str(ROOT / "build/release/bin/canter"))
    args = options.parse_args()

    for path in sorted(POLICIES.glob("*.safetensors")):
        if args.names and path.stem not in args.names:
            continue
        own = (ROOT / "motion_data" / f"{path.stem}.clip").exists()
        name = "own" if own else "deepmimic"
        made = Table(MADE, name)
        made.put(made_row(path))
        made.write()
        if own or args.clips:
            reached = Table(REACHED, name)
            reached.put(reached_row(args.canter, path, None if own else args.clips / f"{path.stem.removesuffix('_197')}.txt"))
            reached.write()


if __name__ == "__main__":
    main()
