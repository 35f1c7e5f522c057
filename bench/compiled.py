"""Compiled functions and whole descents beside PyTorch, its inductor, JAX, NumPy and the machine's peaks: `make bench`.

Compiling is not counted but where the row says so: each row is warmed up first; see `measure`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import rivals
import torch
from eager import thai_loop
from measure import compare, told

import chainrule as cr


def parabola(x):
    return x**2 - 4 * x + 5


def quartic(x):
    return x - 4 * x**2 + x**4 / 4


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def fraction(t):
    return lambda x: t.exp(-(x**2 - x + 1) / t.cos(t.log(x)) ** 2).sum()


def eager_gradient(f, x):
    def run():
        leaf = x.detach().requires_grad_()
        y = f(leaf)
        y.backward()
        return y, leaf.grad

    return run


def adam_step(t):
    t.manual_seed(0)
    x, target = t.randn(100, 2), t.randn(100, 1)
    layers = t.nn.Linear(2, 16), t.nn.Tanh(), t.nn.Linear(16, 16), t.nn.Tanh(), t.nn.Linear(16, 1)
    model = t.nn.Sequential(*layers)
    optimizer = t.optim.Adam(model.parameters(), lr=0.01)

    def step():
        optimizer.zero_grad()
        loss = ((model(x) - target) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    return step


def turn(p, s, i, loss, h=0.5):
    """A Runge-Kutta step of an epidemic, and how far it is from a tenth."""

    def d(s, i):
        return -p[0] * s * i, p[0] * s * i - p[1] * i

    a1, b1 = d(s, i)
    a2, b2 = d(s + h / 2 * a1, i + h / 2 * b1)
    a3, b3 = d(s + h / 2 * a2, i + h / 2 * b2)
    a4, b4 = d(s + h * a3, i + h * b3)
    s, i = s + h / 6 * (a1 + 2 * a2 + 2 * a3 + a4), i + h / 6 * (b1 + 2 * b2 + 2 * b3 + b4)
    return s, i, loss + (i - 0.1) ** 2


def outbreak(p):
    """Where the epidemic begins, and 0."""
    return 0.99 + 0 * p[0], 0.01 + 0 * p[0], 0 * p[0]


def runge_kutta(p, steps=100):
    state = outbreak(p)
    for _ in range(steps):
        state = turn(p, *state)
    return state[2]


# ---- rows: (work, ours, {other: (what makes it, ratio to reach)})


def descent():
    ours = lambda: cr.minimize(parabola, np.float32(5), lr=0.001, steps=3000, record=0)  # noqa: E731
    others = {
        "torch": (lambda: lambda: thai_loop(torch, 3000), 1000),
        "JAX": (lambda: rivals.jax_descent(parabola, np.float32(5), 0.001, 3000), 1),
    }
    return "3000 steps of SGD on x^2-4x+5, float32", ours, others


def three():
    x = [1.2, 0.9, 1.1]
    fast, ours, theirs = cr.compile(cr.value_and_grad(rosenbrock)), cr.tensor(x), torch.tensor(x)
    others = {
        "torch": (lambda: eager_gradient(rosenbrock, theirs), 10),
        "JAX": (lambda: rivals.jax_gradient(rosenbrock, np.array(x, np.float32)), 3),
    }
    return "Rosenbrock at a 3-vector, value and gradient", lambda: fast(ours), others


def epidemic():
    x, fast = np.array([0.5, 0.1]), cr.compile(cr.func.grad(runge_kutta))
    ours = cr.from_numpy(x)
    others = {"JAX": (lambda: rivals.jax_scan(turn, outbreak, x, 100), 1.5)}
    return "gradient of 100 Runge-Kutta steps (JAX: lax.scan)", lambda: fast(ours), others


def ten_million():
    torch.set_num_threads(4)
    many = np.linspace(0.5, 1.5, 10_000_000, dtype=np.float32)
    fast, ours, theirs = cr.compile(cr.value_and_grad(fraction(cr))), cr.from_numpy(many), torch.from_numpy(many)
    others = {
        "torch": (lambda: eager_gradient(fraction(torch), theirs), 30),
        "inductor": (lambda: rivals.inductor(fraction(torch), theirs), 3),
        "JAX": (lambda: rivals.jax_fraction(many), 10),
        "copy": (lambda: rivals.copy(many), 0.6),
    }
    return "exp of a fraction, 10 million float32, value and gradient", lambda: fast(ours), others


def network():
    others = {"torch": (lambda: adam_step(torch), 5), "JAX": (lambda: rivals.jax_network()[0], 1.5)}
    return "network 2-16-16-1, tanh, 100 points, an Adam step", cr.compile(adam_step(cr)), others


def squares(dtype):
    def row():
        rng = np.random.default_rng(0)
        x, w, y = (rng.standard_normal(s).astype(dtype) for s in ((1_000_000, 20), 20, 1_000_000))
        ours, targets, start = map(cr.from_numpy, (x, y, w))
        fast = cr.compile(cr.value_and_grad(lambda w: ((ours @ w - targets) ** 2).mean()))
        others = {"NumPy": (lambda: rivals.least_squares(x, w, y), 1)}
        return f"least squares, a million by 20, {dtype}, value and gradient", lambda: fast(start), others

    return row


def many_descents(name, f, lr, adds):
    def row():
        starts = np.linspace(-1, 1, 100_000, dtype=np.float32)
        ours = lambda: cr.sweep(f, starts, lr=lr, steps=1000)  # noqa: E731
        others = {
            "JAX": (lambda: rivals.jax_descent(f, starts, lr, 1000, many=True), 5),
            "peak": (lambda: rivals.peak(adds * 1000 * len(starts)), 0.5),
        }
        return f"sweep of 100,000 starts by 1000 steps on {name}", ours, others

    return row


ROWS = [
    descent, three, epidemic, ten_million, network, squares("float32"), squares("float64"),
    many_descents("x^2-4x+5", parabola, 0.1, 2), many_descents("x-4x^2+x^4/4", quartic, 0.01, 4),
    many_descents("x^2-4x+5, so slow that none arrives", parabola, 0.0005, 2),
]  # fmt: skip


# ---- whole processes, and what compiling takes

FRESH = {
    "ours": "import numpy, chainrule as cr; "
    "cr.minimize(lambda x: x**2 - 4 * x + 5, numpy.float32(5), lr=0.001, steps=3000, record=0)",
    "torch": "import torch; import eager; eager.thai_loop(torch, 3000)",
    "JAX": "import numpy, rivals; rivals.jax_descent(lambda x: x**2 - 4 * x + 5, numpy.float32(5), 0.001, 3000)()",
}


def new_process(repeats):
    best = {}
    for name, work in FRESH.items():
        code = f"import time; start = time.perf_counter(); {work}; print(time.perf_counter() - start)"
        command, here = [sys.executable, "-c", code], Path(__file__).parent
        taken = [subprocess.run(command, cwd=here, capture_output=True, text=True) for _ in range(repeats)]
        best[name] = min((float(run.stdout) for run in taken if run.returncode == 0), default=None)
    print(f"\nthe same in a new process: import, compile, run\n  {'ours':10}{best['ours'] * 1e3:14,.1f} ms")
    for other, goal in (("torch", 5), ("JAX", 3)):
        if best[other] is None:
            print(f"  {other:10}   skipped: not installed")
        else:
            told(other, f"{best[other] * 1e3:14,.1f} ms", best[other] / best["ours"], goal)


def compile_time(repeats):
    def once(i):
        f = eval(f"lambda x: x**2 - 4 * x + {5 + i}")  # a new function, so that nothing is known of it
        start = time.perf_counter()
        cr.minimize(f, np.float32(5), lr=0.001, steps=3000, record=0)
        return (time.perf_counter() - start) * 1e3

    best = min(once(i) for i in range(repeats))  # with a run, which takes a thousandth of it
    print(f"\ncompile time of that function with its gradient and loop\n  ours{best:20,.1f} ms", end="")
    print(f"{'to reach 30 ms':>27}{'' if best <= 30 else '   x'}")


def memory():
    step = cr.compile(adam_step(cr))
    step(), step()
    facts = step.facts()[-1]
    print(f"\nmemory between inputs and results, that network's Adam step\n  {'ours':10}{facts.nbytes:14,} bytes")
    try:
        between = rivals.jax_network()[1]
    except rivals.Missing as why:
        print(f"  JAX          skipped: {why}")
    else:
        told("JAX", f"{between:14,} bytes", between / facts.nbytes, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    for make in ROWS:
        torch.set_num_threads(1)  # which small work is done fastest by
        compare(make, repeats)
    new_process(max(3, repeats // 3))
    compile_time(repeats)
    memory()


if __name__ == "__main__":
    main()
