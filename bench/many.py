"""Many at once: batches, Jacobians and Hessians beside PyTorch's and JAX's, eager and compiled: `make bench`."""

from __future__ import annotations

import argparse
import math

import numpy as np
import rivals
import torch
from compiled import rosenbrock
from measure import compare, machine

import chainrule as cr

RNG = np.random.default_rng(0)
W, X = RNG.standard_normal(5).astype("f4"), RNG.standard_normal((1000, 5)).astype("f4")
A, P = RNG.standard_normal((1000, 16)).astype("f4"), RNG.standard_normal(16).astype("f4")
Q = RNG.standard_normal(50).astype("f4")
SPOT = RNG.uniform(80, 120, 100_000)


def loss(w, x):
    return ((w * x).sum().tanh() - 1) ** 2


def call(spot, strike=100.0, rate=0.02, years=0.5, sigma=0.2):
    """Black and Scholes's price of a European call."""
    d = ((spot / strike).log() + (rate + sigma**2 / 2) * years) / (sigma * math.sqrt(years))
    tail = lambda z: (1 + (z / math.sqrt(2)).erf()) / 2  # noqa: E731
    return spot * tail(d) - strike * math.exp(-rate * years) * tail(d - sigma * math.sqrt(years))


def gamma(spot, strike=100.0, rate=0.02, years=0.5, sigma=0.2):
    """Its second derivative, as one writes it by hand."""
    d = ((spot / strike).log() + (rate + sigma**2 / 2) * years) / (sigma * math.sqrt(years))
    return (-(d**2) / 2).exp() / (math.sqrt(2 * math.pi) * sigma * math.sqrt(years)) / spot


# ---- rows: (work, ours, {other: (what makes it, ratio to reach)})


def samples():
    def run(t):
        slopes, w, x = t.func.vmap(t.func.grad(loss), in_dims=(None, 0)), t.tensor(W), t.tensor(X)
        return lambda: slopes(w, x)

    return "vmap(grad) of 1000 samples, eager", run(cr), {"torch": (lambda: run(torch), 1)}


def jacobian(name, compiled):
    def run(t, compile=lambda f: f):
        a, x = t.tensor(A), t.tensor(P)
        f = compile(getattr(t.func, name)(lambda x: (a @ x).tanh()))
        return lambda: f(x)

    def row():
        if compiled:
            others = {"JAX": (lambda: rivals.jax_jacobian(name, A, P), 1)}
            return f"{name} of 1000 results by 16 numbers, compiled", run(cr, cr.compile), others
        return f"{name} of 1000 results by 16 numbers, eager", run(cr), {"torch": (lambda: run(torch), 1)}

    return row


def hessian(compiled):
    def run(t, compile=lambda f: f):
        f, x = compile(t.func.hessian(rosenbrock)), t.tensor(Q)
        return lambda: f(x)

    def row():
        if compiled:
            others = {"JAX": (lambda: rivals.jax_hessian(rosenbrock, Q), 1)}
            return "Hessian of Rosenbrock by 50 numbers, compiled", run(cr, cr.compile), others
        return "Hessian of Rosenbrock by 50 numbers, eager", run(cr), {"torch": (lambda: run(torch), 1)}

    return row


def greeks(compiled):
    def row():
        f, x = cr.func.vmap(cr.func.grad(cr.func.grad(call))), cr.tensor(SPOT)
        if compiled:
            f, by_hand = cr.compile(f), cr.compile(gamma)
            assert np.allclose(f(x).numpy(), by_hand(x).numpy(), rtol=1e-9)
            others = {"by hand": (lambda: lambda: by_hand(x), 1 / 3)}
            return (
                "gamma of 100,000 options by vmap(grad(grad)), compiled (by hand: compiled too)",
                lambda: f(x),
                others,
            )
        g, y = torch.func.vmap(torch.func.grad(torch.func.grad(call))), torch.tensor(SPOT)
        return "gamma of 100,000 options by vmap(grad(grad)), eager", lambda: f(x), {"torch": (lambda: lambda: g(y), 1)}

    return row


ROWS = [
    samples, jacobian("jacrev", False), jacobian("jacfwd", False), jacobian("jacrev", True), jacobian("jacfwd", True),
    hessian(False), hessian(True), greeks(False), greeks(True),
]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    print(machine())
    torch.set_num_threads(1)
    for make in ROWS:
        compare(make, repeats)


if __name__ == "__main__":
    main()
