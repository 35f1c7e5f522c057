"""Loops, cells, networks of middling size and what compiling them takes, beside JAX and PyTorch: `make bench`."""

from __future__ import annotations

import argparse
import os
import time
from functools import partial
from itertools import count

import numpy as np
import rivals
import torch
from compiled import eager_gradient, outbreak, runge_kutta, turn
from eager import medium
from measure import compare, machine

import chainrule as cr

RNG = np.random.default_rng(0)
WEIGHTS = [(0.3 * RNG.standard_normal(s)).astype("f4") for s in ((96, 8), (96, 32), (96,), (96,))]
SERIES, TARGET = RNG.standard_normal((40, 16, 8)).astype("f4"), RNG.standard_normal((16, 32)).astype("f4")


def gated(weights, x, target):
    """As `rivals.jax_gru`, in a Python loop."""
    wi, wh, bi, bh = weights
    h = target * 0
    for row in x:
        (ir, iz, i), (hr, hz, k) = (row @ wi.T + bi).chunk(3, -1), (h @ wh.T + bh).chunk(3, -1)
        r, z = (ir + hr).sigmoid(), (iz + hz).sigmoid()
        h = (1 - z) * (i + r * k).tanh() + z * h
    return ((h - target) ** 2).mean()


def scanned(p, steps=100):
    """`compiled.runge_kutta` by scan."""
    return cr.func.scan(lambda c, _: (turn(p, *c), c[2]), outbreak(p), cr.zeros(steps, 1, dtype=p.dtype))[0][2]


# ---- rows: (work, ours, {other: (what makes it, ratio to reach)})


def scan():
    x = np.array([0.5, 0.1])
    fast, ours = cr.compile(cr.func.grad(scanned)), cr.from_numpy(x)
    assert np.allclose(fast(ours), cr.func.grad(runge_kutta)(ours), rtol=1e-12)
    return "gradient of 100 Runge-Kutta steps by scan", lambda: fast(ours), {
        "JAX": (lambda: rivals.jax_scan(turn, outbreak, x, 100), 1.5)
    }  # fmt: skip


def cell():
    x, target, weights = cr.from_numpy(SERIES), cr.from_numpy(TARGET), [cr.from_numpy(w) for w in WEIGHTS]
    fast = cr.compile(cr.func.grad(lambda w: gated(w, x, target)))
    return "gradient of a gated cell 8-32 on 16 sequences of 40, compiled", lambda: fast(weights), {
        "JAX": (lambda: rivals.jax_gru(WEIGHTS, SERIES, TARGET), 1)
    }  # fmt: skip


def network():
    others = {
        "torch": (lambda: medium(torch), 1),
        "JAX": (lambda: rivals.jax_network((784, 256, 128, 10), 64, classes=True)[0], 1.2),
    }
    return "network 784-256-128-10 on 64 images, an Adam step, compiled", cr.compile(medium(cr)), others


def elementwise(n, gradient=False):
    def run(t):
        x = t.linspace(0.1, 1, n, requires_grad=gradient)
        f = lambda: ((x * 2 + 1).sin() * x).exp() - x  # noqa: E731
        return (lambda: t.autograd.grad(f().sum(), x)) if gradient else f

    def row():
        torch.set_num_threads(os.cpu_count())
        name = f"six elementwise operations on {n:,} float32{' and their gradient' * gradient}, eager, all cores"
        return name, run(cr), {"torch": (lambda: run(torch), 1)}

    return row


def floats():
    f = lambda x, a: ((x * a).sin() ** 2).sum()  # noqa: E731
    fast, x, new, leaf = cr.compile(cr.value_and_grad(f)), cr.ones(8), count(), torch.ones(8)
    others = {"torch": (lambda: lambda: eager_gradient(lambda y: f(y, 1 + 1e-9 * next(new)), leaf)(), 1)}
    return "value and gradient of 8 numbers, with a new float each time", lambda: fast(x, 1 + 1e-9 * next(new)), others


BIG = [elementwise(n, gradient) for n in (10_000, 1_000_000, 10_000_000) for gradient in (False, True)]
ROWS = [scan, cell, network, *BIG, floats]


# ---- what compiling takes: from the function to its first result


def first(make, at):
    start = time.perf_counter()
    make()(at)
    return time.perf_counter() - start


def compiling():
    os.environ["CHAINRULE_CACHE"] = "off"  # nothing is known from an earlier run
    x = cr.tensor([0.5, 0.1], dtype=cr.float64)
    print("\nfirst call: tracing, compiling, running")
    for name, f, most in (
        ("gradient of 100 Runge-Kutta steps, written out", runge_kutta, 1.3),
        ("the same of 1000 steps", partial(runge_kutta, steps=1000), None),
        ("of 100 steps by scan", scanned, 0.4),
    ):
        took = first(lambda f=f: cr.compile(cr.func.grad(f)), x)
        print(f"  {name:50}{took:8.2f} s" + (f"   to reach {most:g}{'' if took <= most else '   x'}" if most else ""))
    step = cr.compile(medium(cr))
    took = first(lambda: lambda _: step(), x)
    print(f"  {'Adam step of 784-256-128-10':50}{took:8.2f} s   to reach 1{'' if took <= 1 else '   x'}")
    try:
        took = first(lambda: lambda p: rivals.jax_scan(turn, outbreak, p, 100)(), np.array([0.5, 0.1]))
    except rivals.Missing as why:
        print(f"  JAX skipped: {why}")
    else:
        print(f"  {'JAX, 100 steps by lax.scan':50}{took:8.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    print(machine())
    for make in ROWS:
        torch.set_num_threads(1)
        compare(make, repeats)
    compiling()


if __name__ == "__main__":
    main()
