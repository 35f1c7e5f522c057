"""NIST's 27 problems of nonlinear regression from both starts, beside `curve_fit` and lmfit: how many digits are right.

Digits are those of the certified parameters, of their standard deviations, and of the residual sum of squares, each the
least over all. Peers run as they are called by default, with as many evaluations as they need; `x` marks parameters
that are wrong, of which not two digits are right.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np

import chainrule as cr

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fits import missing

from test_fit_nist import FILES, read

RIGHT, GOOD = 2, 6


def digits(found, certified):
    with np.errstate(all="ignore"):
        off = np.max(np.abs(np.asarray(found, float) / certified - 1))
    return 0.0 if not np.isfinite(off) else min(11.0, max(0.0, -np.log10(max(off, 1e-16))))


def ours(model, x, y, start):
    found = cr.fit(model, x, y, start)
    return [*found.params.values()], [*found.errors.values()], found.chi2, found.reason


def by_numpy(model, x):
    """The same model as a function of NumPy's."""
    names = {n: getattr(np, n) for n in ("exp", "cos", "sin", "log", "sqrt", "pi")} | {"atan": np.arctan}
    code = compile(model, "nist", "eval")  # texts of NIST's own, from the folder of the tests
    return lambda p: eval(code, names | x | p)


def curve_fit(model, x, y, start):
    f, names = by_numpy(model, x), list(start)
    g = lambda _, *v: f(dict(zip(names, v)))  # noqa: E731
    p, covariance = missing("scipy.optimize").curve_fit(g, y, y, [*start.values()], maxfev=100_000)
    return p, np.sqrt(np.diag(covariance)), float(((g(None, *p) - y) ** 2).sum()), "ended"


def lmfit(model, x, y, start):
    f, parameters = by_numpy(model, x), missing("lmfit").create_params(**start)
    got = missing("lmfit").minimize(lambda p: f(p.valuesdict()) - y, parameters, max_nfev=100_000)
    errors = [p.stderr if p.stderr is not None else np.nan for p in got.params.values()]
    return [p.value for p in got.params.values()], errors, got.chisqr, "success" if got.success else "no success"


def main():
    warnings.simplefilter("ignore")
    peers = {"chainrule": ours}
    peers |= {n: f for n, f in {"curve_fit": curve_fit, "lmfit": lmfit}.items()
              if missing("scipy.optimize" if n == "curve_fit" else n)}  # fmt: skip
    print(f"{'digits of parameters, deviations, rss':26}" + "".join(f"{who:>32}" for who in peers))
    least = {who: [] for who in peers}
    for path in FILES:
        nist = read(path)
        y, *columns = nist.data.T
        x = {"x": columns[0]} if len(columns) == 1 else {f"x{i + 1}": c for i, c in enumerate(columns)}
        y = np.log(y) if path.stem == "Nelson" else y
        for which in (0, 1):
            line = f"{path.stem + f', start {which + 1}':26}"
            for who, run in peers.items():
                start = {f"b{i + 1}": float(v) for i, v in enumerate(nist.starts[which])}
                try:
                    p, errors, rss, said = run(nist.model, x, y, start)
                except Exception as e:
                    line += f"{'x ' + type(e).__name__:>32}"
                    least[who].append(0.0)
                    continue
                got = digits(p, nist.values), digits(errors, nist.deviations), digits([rss], nist.rss)
                least[who].append(got[0])
                mark = "x " if got[0] < RIGHT else ""
                line += f"{mark + said + ''.join(f'{d:6.1f}' for d in got):>32}"
            print(line)
    for goal in (RIGHT, GOOD):
        counts = [sum(d >= goal for d in each) for each in least.values()]
        print(f"{f'to {goal} digits, of 54':26}" + "".join(f"{n:>32}" for n in counts))


if __name__ == "__main__":
    main()
