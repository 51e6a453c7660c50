#!/usr/bin/env python3
"""Canter beside ONNX Runtime and PyTorch: the same networks, one core, one thread, in turn.

    tests/bench/compare_peers.py [--canter build/release/bin/canter] [--networks NAME,…] [--batch N]
                                 [--cold] [--rounds 3] [--seconds 0.2] [--core 0] [--markdown]

ONNX Runtime runs the very files of `canter make networks` through the npm package onnxruntime-node
(found by node, or at $ONNXRUNTIME_NODE), PyTorch modules of the same shapes through Debian's
python3-torch ($PYTHON names another interpreter). A peer that is not installed is left out.

All run pinned to one core in rounds that take turns, so that a machine that slows down slows all of
them; the figure of each is the median over its rounds of the median over a round, in µs. --cold
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
STATES = {"char_lstm_128": 128, "char_lstm_512": 512}
SHAPES = {"deepphase_mlp": [132], "deepphase_conv": [69, 240], "actor": [197], "pae": [78, 121], "mlp_784": [784],
          "small_cnn": [3, 32, 32], "transformer": [32, 128]}


def inputs_of(name, batch):
    if name in STATES:
        hidden = STATES[name]
        return [["input", "i64", [1, batch]]] + [[s + i, "f32", [1, batch, hidden]] for i in "01" for s in "hc"]
    if name == "sentiment":
        return [["input", "i64", [batch, 32]]]
    return [["input", "f32", [batch] + SHAPES[name]]]


class Peer:
    """A process that measures a round when told to; None where it does not start."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        words = self.process.stdout.readline().split()
        self.ready_ms = float(words[1]) if words[:1] == ["ready"] else None

    def round_us(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def canter_us(args, path, precision):
    command = [args.canter, "model", "bench", str(path), "--json", "--batch", str(args.batch),
               "--precision", precision, "--seconds", str(args.seconds)] + (["--cold"] if args.cold else [])
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["p50_us"]


def peers_of(args, name, path):
    cold = "1" if args.cold else "0"
    commands = {
        "onnxruntime": ["node", str(HERE / "peer_onnxruntime.js"), str(path),
                        json.dumps(inputs_of(name, args.batch)), cold],
        "torch": [os.environ.get("PYTHON", "/usr/bin/python3"), str(HERE / "peer_torch.py"), name,
                  str(args.batch), cold]}
    started = {}
    for peer, command in commands.items():
        try:
            process = Peer(command)
        except OSError:
            continue
        if process.ready_ms is not None:
            started[peer] = process
    return started


def compare(args, name, path):
    peers = peers_of(args, name, path)
    precisions = ["f32", "f16", "bf16", "i8"]
    rounds = {key: [] for key in precisions + list(peers)}
    for _ in range(args.rounds):
        for precision in precisions:
            rounds[precision].append(canter_us(args, path, precision))
        for peer, process in peers.items():
            rounds[peer].append(process.round_us(args.seconds))
    row = {"network": name, "batch": args.batch, "cold": args.cold}
    row.update({key: statistics.median(values) for key, values in rounds.items()})
    row.update({f"{peer}_ready_ms": process.ready_ms for peer, process in peers.items()})
    for process in peers.values():
        process.close()
    return row


def print_row(row, markdown):
    def cell(key):
        return f"{row[key]:.1f}" if key in row else "-"

    def ratio(key):
        return f"{row[key] / row['f32']:.2f}" if key in row else "-"
    cells = [row["network"]] + [cell(k) for k in ("f32", "f16", "bf16", "i8", "onnxruntime", "torch")]
    cells += [ratio("onnxruntime"), ratio("torch")]
    print("| " + " | ".join(cells) + " |" if markdown else
          "{:15}".format(cells[0]) + "".join(f"{c:>13}" for c in cells[1:]), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--canter", default=str(ROOT / "build/release/bin/canter"))
    parser.add_argument("--networks", default="")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.2)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--json", help="write the rows there too")
    args = parser.parse_args()
    os.sched_setaffinity(0, {args.core})
    with tempfile.TemporaryDirectory() as folder:
        made = json.loads(subprocess.run([args.canter, "make", "networks", folder, "--json"], check=True,
                                         capture_output=True, text=True).stdout)["networks"]
        names = args.networks.split(",") if args.networks else [n["name"] for n in made]
        unknown = [n for n in names if n not in [m["name"] for m in made]]
        if unknown:
            sys.exit(f"compare_peers: no network {', '.join(unknown)}")
        titles = ["network", "f32", "f16", "bf16", "i8", "onnxruntime", "torch", "ort/f32", "torch/f32"]
        if args.markdown:
            print("| " + " | ".join(titles) + " |\n" + "|---" * len(titles) + "|")
        else:
            print("{:15}".format(titles[0]) + "".join(f"{t:>13}" for t in titles[1:]))
        rows = []
        for name in names:
            rows.append(compare(args, name, pathlib.Path(folder) / f"{name}.onnx"))
            print_row(rows[-1], args.markdown)
        if args.json:
            pathlib.Path(args.json).write_text(json.dumps(rows, indent=1) + "\n")


main()
