"""Eager speed and memory beside PyTorch's, in one run: `make bench`.

Each row is the same code run on both libraries in turns, several times; the medians are compared, so that a machine
whose speed drifts slows both. `to reach` is torch's time over ours, and `x` below it is a miss.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from measure import machine


def thai_loop(t, n):
    def f(x):
        return x**2 - 4 * x + 5

    x, alpha = t.tensor(5.0).requires_grad_(), 0.001
    for _ in range(n):
        loss = f(x)
        loss.backward()
        x.data -= x.grad.data * alpha
        x.grad.zero_()


def russian_point(t, n):
    for _ in range(n):
        x = t.tensor(1.0, requires_grad=True)
        numerator = x**2 - x + 1
        denominator = t.cos(t.log(x)) ** 2
        fraction = numerator / denominator
        y = t.exp(-fraction)
        y.backward()


def vietnamese_sgd(t, n):
    x = t.rand(1, requires_grad=True)
    optimizer = t.optim.SGD([x], lr=0.1)
    for _ in range(n):
        optimizer.zero_grad()
        out = x * x - 2 * x + 5
        out.backward(retain_graph=True)
        optimizer.step()


def english_descent(t, n):
    lr, v = 0.25, t.tensor([-3.5, 1.0], requires_grad=True)
    xs, ys = [], []

    def g(x0, x1):
        return 0.25 * x0**2 + x1.sin()

    for _ in range(n):
        y = g(v[0], v[1])
        y.backward()
        v.data.add_(-lr * v.grad.data)
        v.grad.data.zero_()
        xs.append(v[0].item())
        ys.append(v[1].item())


def network(t, n):
    t.manual_seed(0)
    x, target = t.randn(100, 2), t.randn(100, 1)
    shapes = [(2, 16), (16,), (16, 1), (1,)]
    w1, b1, w2, b2 = params = [(t.randn(*s) * 0.1).requires_grad_() for s in shapes]
    optimizer = t.optim.SGD(params, lr=0.01)
    for _ in range(n):
        loss = ((t.tanh(x @ w1 + b1) @ w2 + b2 - target) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def ten_million(t, n):
    for _ in range(n):
        x = t.linspace(0.5, 1.5, 10_000_000, requires_grad=True)
        numerator = x**2 - x + 1
        denominator = t.cos(t.log(x)) ** 2
        t.exp(-(numerator / denominator)).sum().backward()


def chain(t, n):
    x = t.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(n):
        y = y * 1.0000001
    y.backward()


def judged(t, net, data, target, optimizer):
    """A step of training a network that tells ten classes apart."""

    def step():
        optimizer.zero_grad()
        loss = t.nn.functional.cross_entropy(net(data), target)
        loss.backward()
        optimizer.step()
        return loss

    return step


def medium(t):
    t.manual_seed(0)
    layers = t.nn.Linear(784, 256), t.nn.ReLU(), t.nn.Linear(256, 128), t.nn.ReLU(), t.nn.Linear(128, 10)
    net = t.nn.Sequential(*layers)
    return judged(t, net, t.randn(64, 784), t.randint(0, 10, (64,)), t.optim.Adam(net.parameters()))


def medium_network(t, n):
    step = medium(t)
    for _ in range(n):
        step()


def lenet(t, n):
    t.manual_seed(0)
    look = t.nn.Conv2d(1, 6, 5, padding=2), t.nn.ReLU(), t.nn.MaxPool2d(2), t.nn.Conv2d(6, 16, 5), t.nn.ReLU()
    judge = t.nn.Linear(400, 120), t.nn.ReLU(), t.nn.Linear(120, 84), t.nn.ReLU(), t.nn.Linear(84, 10)
    net = t.nn.Sequential(*look, t.nn.MaxPool2d(2), t.nn.Flatten(), *judge)
    target = t.randint(0, 10, (64,))
    step = judged(t, net, t.randn(64, 1, 28, 28), target, t.optim.SGD(net.parameters(), lr=0.01))
    for _ in range(n):
        step()


def lstm(t, n):
    t.manual_seed(0)
    net, x = t.nn.LSTM(8, 32), t.randn(40, 16, 8)
    optimizer = t.optim.SGD(net.parameters(), lr=0.01)
    for _ in range(n):
        optimizer.zero_grad()
        net(x)[0].square().mean().backward()
        optimizer.step()


def counting(t, n):
    right = t.rand(100) > 0.5
    for _ in range(n):
        sum(right)


ROWS = [  # name, workload, steps a repeat, torch's time over ours to reach
    ("descent by hand, one number", thai_loop, 1000, 4),
    ("exp of a fraction at a point", russian_point, 1000, 4),
    ("SGD on one number", vietnamese_sgd, 1000, 3),
    ("descent in two variables", english_descent, 500, 3),
    ("network 2-16-1, SGD step", network, 500, 1),
    ("exp of a fraction, 10 million", ten_million, 1, 0.5),
    ("chain, per node", chain, 200_000, 1),
    ("network 784-256-128-10, Adam step", medium_network, 20, 1),
    ("LeNet on 64 x 28 x 28, SGD step", lenet, 10, 0.6),
    ("LSTM 8-32 on 16 x 40, SGD step", lstm, 20, 0.7),
    ("sum(mask) of 100", counting, 200, 1),
]


def timed(f, t, n):
    start = time.perf_counter()
    f(t, n)
    return (time.perf_counter() - start) / n * 1e6


def ratios(repeats, only):
    import torch

    import chainrule

    rows = []
    for name, f, n, goal in ROWS:
        if only and only not in name:
            continue
        times = {torch: [], chainrule: []}
        for t in times:
            f(t, max(n // 10, 1))
        for _ in range(repeats):
            for t, taken in times.items():
                taken.append(timed(f, t, n))
        theirs, ours = (statistics.median(times[t]) for t in (torch, chainrule))
        rows.append((name, theirs, ours, theirs / ours, goal))
    return rows


def in_process(code):
    """The last line that a new interpreter prints."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=env).stdout
    return out.strip().splitlines()[-1]


def chain_memory(library):
    """Peak MB of a process that runs the chain of a million nodes."""
    here = Path(__file__).resolve().parent
    code = (
        f"import sys; sys.path.insert(0, {str(here)!r}); import eager, importlib\n"
        f"t = importlib.import_module({library!r}); before = eager.peak(); eager.chain(t, 1_000_000)\n"
        "print(eager.peak() - before)"
    )
    return float(in_process(code))


def peak():
    """This process's greatest resident memory in MB (from the kernel; getrusage would count the parent's)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def import_time(module):
    code = f"import time; s = time.perf_counter(); import {module}; print(time.perf_counter() - s)"
    in_process(code)  # once, so that the byte code is there
    return statistics.median(float(in_process(code)) for _ in range(9))


def installed_size():
    import chainrule

    root = Path(chainrule.__file__).parent
    return sum(p.stat().st_size for p in root.rglob("*") if p.is_file() and p.suffix not in (".pyc", ".po")) / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", default="")
    args = parser.parse_args()
    print(machine())
    rows = ratios(args.repeats, args.only)
    print(f"{'work':34}{'torch us':>12}{'ours us':>12}{'ratio':>8}{'to reach':>10}")
    for name, theirs, ours, ratio, goal in rows:
        print(f"{name:34}{theirs:12.2f}{ours:12.2f}{ratio:8.2f}{goal:10}{'' if ratio >= goal else '  x'}")
    if not args.only:
        a, b = chain_memory("torch"), chain_memory("chainrule")
        print(f"{'chain of a million, MB':34}{a:12.0f}{b:12.0f}{a / b:8.2f}{1:10}{'' if a >= b else '  x'}")
        extra = import_time("chainrule") - import_time("numpy")
        print(
            f"import chainrule over numpy: {extra:.3f} s (to reach 0.05)\n"
            f"installed: {installed_size():.2f} MB (to reach 2)"
        )
    if args.json:
        Path(args.json).write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
