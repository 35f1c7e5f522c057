"""Compiled functions and whole descents beside PyTorch's eager ones, in one run: `make bench`.

Compiling is not counted: each row is warmed up first. Times are medians of interleaved repeats.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from eager import thai_loop

import chainrule as cr


def parabola(x):
    return x**2 - 4 * x + 5


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def fraction(t):
    return lambda x: t.exp(-(x**2 - x + 1) / t.cos(t.log(x)) ** 2).sum()


def eager_gradient(f, x):
    x = x.detach().requires_grad_()
    y = f(x)
    y.backward()
    return y, x.grad


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


def rows():
    """(work, torch's, ours, calls a repeat)"""
    gradient, big = cr.compile(cr.value_and_grad(rosenbrock)), cr.compile(cr.value_and_grad(fraction(cr)))
    three, many = [1.2, 0.9, 1.1], torch.linspace(0.5, 1.5, 10_000_000)
    ours_many, ours_three, theirs_three = cr.from_numpy(many.numpy()), cr.tensor(three), torch.tensor(three)
    theirs, step = adam_step(torch), cr.compile(adam_step(cr))
    return [
        ("3000 steps of SGD on x^2-4x+5", lambda: thai_loop(torch, 3000), descent(), 1),
        ("Rosenbrock at a 3-vector, with gradient", lambda: eager_gradient(rosenbrock, theirs_three),
         lambda: gradient(ours_three), 200),
        ("exp of a fraction, 10 million, with gradient", lambda: eager_gradient(fraction(torch), many),
         lambda: big(ours_many), 1),
        ("network 2-16-16-1 on 100 points, Adam step", theirs, step, 100),
    ]  # fmt: skip


def descent():
    return lambda: cr.minimize(parabola, 5.0, lr=0.001, steps=3000, record=0)


def timed(f, n):
    start = time.perf_counter()
    for _ in range(n):
        f()
    return (time.perf_counter() - start) / n * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    print(f"{'work':48}{'torch us':>12}{'ours us':>12}{'ratio':>9}")
    for name, theirs, ours, n in rows():
        theirs(), ours(), ours()
        taken = [(timed(theirs, n), timed(ours, n)) for _ in range(repeats)]
        a, b = (statistics.median(column) for column in zip(*taken))
        print(f"{name:48}{a:12.1f}{b:12.1f}{a / b:9.1f}")


if __name__ == "__main__":
    main()
