"""How the rows of a bench are measured: ours and the others' in turns, on one machine, in one process.

All are run in turns, several times, and the shortest times are compared. A ratio is the other's time over ours; what it
is to reach stands beside it, and `x` marks a miss.
"""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

import rivals

PAUSE = 0.25  # seconds: threads of the others (OpenMP's, JAX's) look out for more work so long, on the cores of all
IN_A_ROW = 8  # of which the first are slower: clocks have to go up again


def timed(f, n):
    start = time.perf_counter()
    for _ in range(n):
        f()
    return (time.perf_counter() - start) / n * 1e6


def compare(make, repeats):
    name, ours, others = make()
    there, missing = {}, {}
    for other, (begin, goal) in others.items():
        try:
            there[other] = begin(), goal
        except rivals.Missing as why:
            missing[other] = why
    runs = {"ours": ours, **{other: run for other, (run, _) in there.items()}}
    calls = {}
    for other, run in runs.items():
        run(), run()
        calls[other] = max(1, min(1000, int(5_000 / timed(run, 1))))
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(repeats):
        for other, run in runs.items():
            time.sleep(PAUSE)
            best[other] = min(best[other], *(timed(run, calls[other]) for _ in range(IN_A_ROW)))
    print(f"\n{name}\n  {'ours':10}{best['ours']:14,.1f} us")
    for other, (_, goal) in there.items():
        told(other, f"{best[other]:14,.1f} us", best[other] / best["ours"], goal)
    for other, why in missing.items():
        print(f"  {other:10}   skipped: {why}")


def told(other, what, ratio, goal):
    print(f"  {other:10}{what}{ratio:12.2f}   to reach {goal:g}{'' if ratio >= goal else '   x'}")


def machine():
    """What this machine is, in a line: the widest vectors of its processor among it."""
    said = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.split(":")[1].strip() for line in said.splitlines() if line.startswith("model name")]
    flags = set(said.split())
    bits = 512 if "avx512f" in flags else 256 if "avx2" in flags else 128
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores, vectors of {bits} bits, Python {platform.python_version()}"
