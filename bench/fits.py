"""Fits beside SciPy's `curve_fit` and lmfit, and what bounds cost a descent: `make bench`.

In a row all are run in turns, several times, after two runs that are not counted, and the shortest times are compared.
The first run of a fit in a process of its own, imports included, is a row too.
A ratio is the other's time over ours; what it is to reach stands beside it, and `x` marks a miss.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

import numpy as np

import chainrule as cr

TRUE = {"a": 2.0, "k": 0.8, "w": 3.0, "p": 0.4, "c": 1.0}
START = {"a": 1.5, "k": 0.6, "w": 2.9, "p": 0.2, "c": 0.5}


def damped(t):
    return lambda x, a, k, w, p, c: a * t.exp(-k * x) * t.cos(w * x + p) + c


def decay(t):
    return lambda x, a, k, c: a * t.exp(-k * x) + c


def missing(name):
    try:
        return __import__(name, fromlist=["x"])
    except ImportError:
        return None


def one_fit():
    rng = np.random.default_rng(0)
    x = np.linspace(0, 4, 10_000)
    y = damped(np)(x, **TRUE) + 0.1 * rng.standard_normal(x.size)
    ours, theirs = damped(cr), damped(np)
    runs = {"ours": lambda: cr.fit(ours, x, y, START)}
    optimize, lmfit = missing("scipy.optimize"), missing("lmfit")
    if optimize:
        runs["curve_fit"] = lambda: optimize.curve_fit(theirs, x, y, [*START.values()])
    if lmfit:
        model = lmfit.Model(theirs)
        runs["lmfit"] = lambda: model.fit(y, x=x, **START)
    return "a fit of 10,000 points by 5 parameters, from call to answer", runs, {"curve_fit": 2, "lmfit": 5}


ALONE = """
import numpy as np
rng = np.random.default_rng(0)
x = np.linspace(0, 4, 10_000)
y = 2 * np.exp(-0.8 * x) * np.cos(3 * x + 0.4) + 1 + 0.1 * rng.standard_normal(x.size)
start = dict(a=1.5, k=0.6, w=2.9, p=0.2, c=0.5)
def model(t):
    return lambda x, a, k, w, p, c: a * t.exp(-k * x) * t.cos(w * x + p) + c
"""
OURS = "import chainrule as cr\ncr.fit(model(cr), x, y, start)"
SCIPYS = "from scipy.optimize import curve_fit\ncurve_fit(model(np), x, y, [*start.values()])"
LMFITS = "import lmfit\nlmfit.Model(model(np)).fit(y, x=x, **start)"


def new_process():
    """From the call of Python to the answer, with what was compiled kept on disk."""

    def run(code):
        return lambda: subprocess.run([sys.executable, "-c", ALONE + code], check=True)

    runs = {"ours": run(OURS)}
    if missing("scipy.optimize"):
        runs["curve_fit"] = run(SCIPYS)
    if missing("lmfit"):
        runs["lmfit"] = run(LMFITS)
    return "the same in a new process", runs, {"curve_fit": 1, "lmfit": 1}


def bootstrap():
    rng = np.random.default_rng(0)
    x = np.linspace(0, 4, 100)
    y = decay(np)(x, 2.0, 0.8, 1.0) + 0.05 * rng.standard_normal(x.size)
    found = cr.fit(decay(cr), x, y, {"a": 1.0, "k": 0.5, "c": 0.0})
    runs = {"ours": lambda: found.bootstrap(1000)}
    optimize = missing("scipy.optimize")
    if optimize:
        curve = found.predict()
        start, f = [*found.params.values()], decay(np)

        def loop():
            draws = np.random.default_rng(0)
            for _ in range(1000):
                optimize.curve_fit(f, x, curve + draws.choice(y - curve, 100), start)

        runs["curve_fit"] = loop
    return "1000 bootstrap fits of 100 points", runs, {"curve_fit": 10}


def bounded(name, f, start, bounds, steps, **options):
    """What a step costs: of three times as many steps, less the time of the rest."""

    def row():
        def run(times, walls):
            return lambda: cr.minimize(f, start, steps=times * steps, record=0, bounds=walls, **options)

        runs = {"ours": (run(1, bounds), run(3, bounds)), "no bounds": (run(1, None), run(3, None))}
        return f"minimize with bounds, {2 * steps} steps on {name}", runs, {"no bounds": 1 / 1.15}

    return row


def parabola(x):
    return x**2 - 4 * x + 5


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


ROWS = [
    one_fit, new_process, bootstrap,
    bounded("a parabola, SGD", parabola, 5.0, (-3, 10), 50_000, lr=1e-4),
    bounded("Rosenbrock's of 3, SGD", rosenbrock, [1.2, 0.9, 1.1], (-3, 10), 20_000, lr=1e-4),
    bounded("Rosenbrock's of 3, Adam", rosenbrock, [1.2, 0.9, 1.1], (-3, 10), 8_000, lr=1e-4, optimizer="adam"),
    bounded("Rosenbrock's of 10, L-BFGS", rosenbrock, [0.9] * 10, (-3, 10), 20, optimizer="lbfgs"),
]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    for make in ROWS:
        name, runs, goals = make()
        parts = {who: run if isinstance(run, tuple) else (run,) for who, run in runs.items()}
        shortest = {who: [float("inf")] * len(each) for who, each in parts.items()}
        # short runs are repeated more often: of descents a hundred times, as a step is their difference
        for i in range((repeats if len(parts["ours"]) == 1 else 100) + 2):
            for who, each in parts.items():
                for k, run in enumerate(each):
                    began = time.perf_counter()
                    run()
                    if i > 1:
                        shortest[who][k] = min(shortest[who][k], time.perf_counter() - began)
        best = {who: each[-1] - sum(each[:-1]) for who, each in shortest.items()}
        print(f"\n{name}\n  {'ours':10}{best['ours'] * 1e3:12.2f} ms")
        for who, goal in goals.items():
            if who not in best:
                print(f"  {who:10}   skipped: not installed")
                continue
            ratio = best[who] / best["ours"]
            miss = "" if ratio >= goal else "   x"
            print(f"  {who:10}{best[who] * 1e3:12.2f} ms{ratio:10.2f}   to reach {goal:.2g}{miss}")


if __name__ == "__main__":
    main()
