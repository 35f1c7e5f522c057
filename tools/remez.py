"""The coefficients of `chainrule.compiler.vecmath`, computed: run it and the tables are written anew.

    python tools/remez.py > src/chainrule/compiler/vecmath/tables.py

Every elementary function is a polynomial on a small interval after its argument was reduced. The best polynomial of a
degree is the one whose weighted error swings between equal peaks (Chebyshev); E. Ya. Remez' exchange finds it: solve
for the polynomial with alternating equal errors on n + 2 points, move the points to where the error peaks, repeat. It
runs on a fine grid in 60 digits (mpmath), with the weight that makes the error that of the finished function relative
to its value. The constants of argument reduction are split here too (W. J. Cody & W. Waite, 1980): the first part of a
constant is rounded to few bits, the next ones hold the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from mpmath import mp, mpf

mp.dps = 60
BITS = {"float": 24, "double": 53}
Real = Callable[[mpf], mpf]


@dataclass
class Fit:
    """What is fitted: `target` on [lo, hi] with `terms` coefficients (float, double), errors times `weight`."""

    name: str
    says: str
    target: Real
    weight: Real
    lo: object
    hi: object
    terms: tuple[int, int]


def horner(coefficients: list[mpf], x: mpf) -> mpf:
    """c0 + c1 x + c2 x² + ..."""
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def peaks(errors: list[mpf], count: int) -> list[int]:
    """Places of the largest error in each run of one sign; the `count` neighbouring ones with the largest errors."""
    found: list[int] = []
    for i, e in enumerate(errors):
        if found and (e > 0) == (errors[found[-1]] > 0):
            if abs(e) > abs(errors[found[-1]]):
                found[-1] = i
        else:
            found.append(i)
    while len(found) > count:
        found.pop(0 if abs(errors[found[0]]) < abs(errors[found[-1]]) else -1)
    return found


def remez(target: Real, weight: Real, lo: mpf, hi: mpf, terms: int, rounds: int = 12) -> tuple[list[mpf], mpf]:
    """Coefficients (lowest first) of the best polynomial, and the largest weighted error on the grid."""
    size = 60 * (terms + 1)
    grid = [(lo + hi) / 2 - (hi - lo) / 2 * mp.cos(mp.pi * (mpf(2 * i + 1) / (2 * size))) for i in range(size)]
    value, weigh = [target(x) for x in grid], [weight(x) for x in grid]
    places = [int((i + 0.5) * size / (terms + 1)) for i in range(terms + 1)]
    for _ in range(rounds):
        rows = [[grid[p] ** j for j in range(terms)] + [mpf((-1) ** i) / weigh[p]] for i, p in enumerate(places)]
        *coefficients, _level = mp.lu_solve(mp.matrix(rows), mp.matrix([value[p] for p in places]))
        errors = [w * (v - horner(coefficients, x)) for x, v, w in zip(grid, value, weigh)]
        worst = max(abs(e) for e in errors)
        moved = peaks(errors, terms + 1)
        if len(moved) < terms + 1 or moved == places:
            break
        places = moved
    return coefficients, worst


def root(z: mpf) -> mpf:
    return mp.sqrt(z)


def odd(function: Real, start: mpf) -> Real:
    """R in f(x) = x + x³ R(x²) as a function of z = x²; `start` is its value at 0."""
    return lambda z: (function(root(z)) - root(z)) / root(z) ** 3 if z > mpf(10) ** -20 else start


def odd_weight(function: Real) -> Real:
    """The error of x + x³ R relative to f(x)."""
    return lambda z: root(z) ** 3 / function(root(z))


def log_ratio(s: mpf) -> mpf:
    return mp.log((1 + s) / (1 - s))


def scaled_erfc(t: mpf) -> mpf:
    """(1 + 2x) exp(x²) erfc(x) at t = (x - 4) / (x + 4)."""
    x = 4 * (1 + t) / (1 - t)
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def fits() -> list[Fit]:
    half_ln2, quarter_pi = mp.log(2) / 2 * mpf("1.001"), (mp.pi / 4) ** 2 * mpf("1.002")
    s_max = ((root(2) - 1) / (root(2) + 1)) ** 2 * mpf("1.001")
    sinh, asin, erf = mp.sinh, mp.asin, mp.erf
    return [
        Fit(
            "exp",
            "exp(r) = 1 + r + r² p(r), |r| <= ln(2)/2",
            lambda r: (mp.expm1(r) - r) / r**2,
            lambda r: r**2 / mp.exp(r),
            -half_ln2,
            half_ln2,
            (5, 10),
        ),
        Fit(
            "exp2",
            "2^r = 1 + r p(r), |r| <= 1/2",
            lambda r: mp.expm1(r * mp.log(2)) / r,
            lambda r: abs(r) / mpf(2) ** r,
            mpf("-0.5"),
            mpf("0.5"),
            (6, 11),
        ),
        Fit(
            "log",
            "log((1 + s)/(1 - s)) = 2s + s z p(z), z = s², |s| <= 0.1716",
            lambda z: (log_ratio(root(z)) - 2 * root(z)) / (z * root(z)),
            lambda z: z / 2,
            mpf(0),
            s_max,
            (3, 7),
        ),
        Fit(
            "log_long",
            "log((1 + s)/(1 - s)) = 2s (1 + z (1/3 + z p(z))), z = s²",
            lambda z: (log_ratio(root(z)) / (2 * root(z)) - 1 - z / 3) / z**2,
            lambda z: z**2,
            mpf(0),
            s_max,
            (3, 8),
        ),
        Fit(
            "sin",
            "sin(r) = r + r z p(z), z = r², |r| <= pi/4",
            odd(mp.sin, -mpf(1) / 6),
            odd_weight(mp.sin),
            mpf(0),
            quarter_pi,
            (3, 6),
        ),
        Fit(
            "cos",
            "cos(r) = 1 - z/2 + z² p(z), z = r², |r| <= pi/4",
            lambda z: (mp.cos(root(z)) - 1 + z / 2) / z**2,
            lambda z: z**2 / mp.cos(root(z)),
            mpf(0),
            quarter_pi,
            (3, 6),
        ),
        Fit(
            "asin",
            "asin(x) = x + x z p(z), z = x², |x| <= 1/2",
            odd(asin, mpf(1) / 6),
            odd_weight(asin),
            mpf(0),
            mpf("0.25"),
            (5, 13),
        ),
        Fit(
            "atan",
            "atan(t) = t + t z p(z), z = t², |t| <= 1/2",
            odd(mp.atan, -mpf(1) / 3),
            odd_weight(mp.atan),
            mpf(0),
            mpf("0.2501"),
            (6, 13),
        ),
        Fit(
            "tanh",
            "tanh(x) = x + x z p(z), z = x², |x| <= 0.55",
            odd(mp.tanh, -mpf(1) / 3),
            odd_weight(mp.tanh),
            mpf(0),
            mpf("0.3025"),
            (5, 11),
        ),
        Fit(
            "sinh",
            "sinh(x) = x + x z p(z), z = x², |x| <= 1",
            odd(sinh, mpf(1) / 6),
            odd_weight(sinh),
            mpf(0),
            mpf(1),
            (4, 7),
        ),
        Fit(
            "cbrt",
            "cbrt(m) = p(m), sqrt(1/2) <= m <= sqrt(2)",
            mp.cbrt,
            lambda m: 1 / mp.cbrt(m),
            root(mpf("0.4999")),
            root(mpf("2.0001")),
            (5, 6),
        ),
        Fit(
            "erf",
            "erf(x) = x + x p(z), z = x², |x| <= 1",
            lambda z: erf(root(z)) / root(z) - 1,
            lambda z: root(z) / erf(root(z)),
            mpf(0),
            mpf(1),
            (7, 12),
        ),
        Fit(
            "erfc",
            "(1 + 2x) exp(x²) erfc(x) = 1 + p(t), t = (x - 4)/(x + 4), x >= 0.8",
            lambda t: scaled_erfc(t) - 1,
            lambda t: 1 / scaled_erfc(t),
            mpf("-0.6668"),
            mpf("0.7461"),
            (12, 22),
        ),
    ]


def rounded(x: mpf, bits: int) -> float:
    """x rounded to `bits` bits (at most 53)."""
    if x == 0:
        return 0.0
    shift = bits - 1 - int(mp.floor(mp.log(abs(x), 2)))
    return float(mp.ldexp(mp.nint(mp.ldexp(x, shift)), -shift))


def split(x: mpf, *bits: int) -> tuple[float, ...]:
    """x as a sum of parts with so many bits each."""
    parts = []
    for b in bits:
        parts.append(rounded(x, b))
        x -= mpf(parts[-1])
    return tuple(parts)


def constants(dtype: str) -> dict[str, tuple[float, ...]]:
    p = BITS[dtype]
    short = {"float": 15, "double": 41}[dtype]  # times an exponent (8 or 11 bits, and a sign) it is exact
    return {
        "ln2": split(mp.log(2), short, p), "log2e": split(1 / mp.log(2), p, p), "log10e": split(1 / mp.log(10), p, p),
        "log10_2": split(mp.log10(2), short, p), "pi": split(mp.pi, p, p), "pi_2": split(mp.pi / 2, p, p, p),
        "2_pi": split(2 / mp.pi, p), "third": split(mpf(1) / 3, p, p),
        "cbrt2": split(mp.cbrt(2), p), "cbrt_half": split(mp.cbrt(mpf("0.5")), p),
    }  # fmt: skip


def show(name: str, says: str, rows: dict[str, tuple[float, ...]]) -> None:
    print(f'    "{name}": {{  # {says}')
    for dtype, values in rows.items():
        # a float32 needs nine digits, a float64 at most seventeen
        text = [str(np.float32(v)) if dtype == "float" else repr(float(v)) for v in values]
        if len(text) == 1:
            print(f'        "{dtype}": ({text[0]},),')
        else:
            print(f'        "{dtype}": (', *(f"            {t}," for t in text), "        ),", sep="\n")
    print("    },")


def main() -> None:
    print('"""Coefficients and split constants of the vector maths, written by tools/remez.py: edit that."""\n')
    print("# Polynomials, lowest coefficient first; errors are relative, before the coefficients are rounded.")
    print("POLYNOMIALS: dict[str, dict[str, tuple[float, ...]]] = {")
    for fit in fits():
        rows, errors = {}, []
        for dtype, terms in zip(BITS, fit.terms):
            coefficients, worst = remez(fit.target, fit.weight, fit.lo, fit.hi, terms)
            rows[dtype] = tuple(rounded(c, BITS[dtype]) for c in coefficients)
            errors.append(f"2^{float(mp.log(worst, 2)):.1f}")
        show(fit.name, f"{fit.says}; error {', '.join(errors)}", rows)
    print("}\n\n# Constants as sums of parts.")
    print("CONSTANTS: dict[str, dict[str, tuple[float, ...]]] = {")
    both = {dtype: constants(dtype) for dtype in BITS}
    for name in both["double"]:
        show(name, "a sum", {dtype: both[dtype][name] for dtype in BITS})
    mp.dps = 450
    print("}\n\n# floor(2/pi * 2^1248), for the reduction of huge angles.")
    digits = f"{int(mp.floor(2 / mp.pi * mpf(2) ** 1248)):x}"
    rows = [f'    "{digits[i : i + 100]}"' for i in range(0, len(digits), 100)]
    print("TWO_OVER_PI = int(", *rows, sep="\n", end=",\n    16,\n)\n")


if __name__ == "__main__":
    main()
