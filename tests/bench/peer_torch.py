#!/usr/bin/env python3
"""Times the networks of `canter make networks` as PyTorch modules with random weights, on one thread.

    peer_torch.py NETWORK BATCH COLD(0|1)

Writes "ready MS" (process start to first result), then for every line of stdin, a number of seconds,
the median time of a run in µs. The weights are not those of the ONNX file; speed does not depend on
them.
"""
import os
import sys
import time

import torch
from torch import nn


def mlp(widths, activation):
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Linear(a, b), activation()]
    return nn.Sequential(*layers[:-1])


class Actor(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = mlp([197, 1024, 512, 36], nn.ReLU)
        self.mean, self.std = torch.randn(197), torch.rand(197) + 0.5
        self.out_mean, self.out_std = torch.randn(36), torch.rand(36) + 0.5

    def forward(self, x):
        return self.net((x - self.mean) / self.std) * self.out_std + self.out_mean


def deepphase_conv():
    def block(a, b, k):
        return [nn.Conv1d(a, b, k), nn.BatchNorm1d(b), nn.ReLU()]
    return nn.Sequential(*block(69, 32, 25), *block(32, 64, 15), *block(64, 128, 5), nn.Flatten(),
                         nn.Linear(25344, 256), nn.ReLU(), nn.Linear(256, 10))


class PeriodicAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv1d(78, 26, 121, padding=60), nn.BatchNorm1d(26)
        self.conv2 = nn.Conv1d(26, 5, 121, padding=60)
        self.fc = nn.ModuleList([nn.Linear(121, 2) for _ in range(5)])
        self.bn = nn.ModuleList([nn.BatchNorm1d(2) for _ in range(5)])
        self.deconv1, self.bn2 = nn.Conv1d(5, 26, 121, padding=60), nn.BatchNorm1d(26)
        self.deconv2 = nn.Conv1d(26, 78, 121, padding=60)
        self.freqs, self.args = torch.arange(1, 61) / 2.0, torch.linspace(-1, 1, 121)

    def forward(self, x):
        y = self.conv2(torch.tanh(self.bn1(self.conv1(x))))
        spectrum = torch.fft.rfft(y, dim=2)
        power = spectrum[:, :, 1:].abs() ** 2
        total = power.sum(2)
        frequency = (self.freqs * power).sum(2) / total
        amplitude = 2 * torch.sqrt(total) / 121
        offset = spectrum.real[:, :, 0] / 121
        phases = []
        for i in range(5):
            v = self.bn[i](self.fc[i](y[:, i]))
            phases.append(torch.atan2(v[:, 1], v[:, 0]) / 6.28318531)
        phase = torch.stack(phases, 1)
        turns = frequency[..., None] * self.args + phase[..., None]
        y = amplitude[..., None] * torch.sin(6.28318531 * turns) + offset[..., None]
        return self.deconv2(torch.tanh(self.bn2(self.deconv1(y))))


class Sentiment(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.lstm, self.fc = nn.Embedding(10000, 128), nn.LSTM(128, 256, batch_first=True), nn.Linear(256, 2)

    def forward(self, x):
        return self.fc(self.lstm(self.embedding(x))[1][0][0])


class CharLstm(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embedding, self.lstm, self.fc = nn.Embedding(65, hidden), nn.LSTM(hidden, hidden, 2), nn.Linear(hidden, 65)

    def forward(self, x, h, c):
        y, state = self.lstm(self.embedding(x), (h, c))
        return self.fc(y), state


def small_cnn():
    return nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2048, 10))


def network(name, batch):
    """The module and its inputs."""
    normal, ones = torch.randn, lambda *shape: torch.ones(*shape, dtype=torch.int64)
    if name.startswith("char_lstm"):
        hidden = int(name.rsplit("_", 1)[1])
        return CharLstm(hidden), (ones(1, batch), normal(2, batch, hidden), normal(2, batch, hidden))
    made = {
        "deepphase_mlp": lambda: (mlp([132, 256, 128, 32, 16, 2], nn.ELU), normal(batch, 132)),
        "deepphase_conv": lambda: (deepphase_conv(), normal(batch, 69, 240)),
        "actor": lambda: (Actor(), normal(batch, 197)),
        "pae": lambda: (PeriodicAutoencoder(), normal(batch, 78, 121)),
        "sentiment": lambda: (Sentiment(), ones(batch, 32)),
        "mlp_784": lambda: (mlp([784, 256, 10], nn.ReLU), normal(batch, 784)),
        "small_cnn": lambda: (small_cnn(), normal(batch, 3, 32, 32)),
        "transformer": lambda: (nn.TransformerEncoderLayer(128, 4, 512, batch_first=True), normal(batch, 32, 128)),
    }[name]()
    return made[0], (made[1],)


def process_age_s():
    """Seconds since this process was started."""
    with open("/proc/self/stat") as f:
        started = int(f.read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
    with open("/proc/uptime") as f:
        return float(f.read().split()[0]) - started


def main():
    name, batch, cold = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "1"
    torch.set_num_threads(1)
    module, inputs = network(name, batch)
    module.eval()
    junk = torch.zeros(2 << 20)  # 8 MiB, larger than any L2
    with torch.no_grad():
        module(*inputs)
        print(f"ready {1e3 * process_age_s():.1f}", flush=True)
        for line in sys.stdin:
            end = time.perf_counter() + float(line)
            for _ in range(3):
                module(*inputs)
            times = []
            while not times or time.perf_counter() < end:
                if cold:
                    junk.add_(1.0)
                start = time.perf_counter()
                module(*inputs)
                times.append(time.perf_counter() - start)
            print(f"{1e6 * sorted(times)[len(times) // 2]:.3f}", flush=True)


main()
