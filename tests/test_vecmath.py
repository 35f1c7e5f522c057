"""Vector maths against references of more precision: errors, special values, and that loops are vectorised."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.compiler.vecmath import tables
from chainrule.compiler.vecmath.functions import FUNCTIONS, arity, declare, names

pytest.importorskip("llvmlite", reason='llvmlite is not installed: pip install "chainrule[compile]"')

from chainrule.compiler.vecmath.loop import DTYPES, VectorLoop

SEED = 20
LIMIT = 2.0  # units in the last place
LONG = np.finfo(np.longdouble).nmant >= 63
POINTS = 2**20
BOTH = pytest.mark.parametrize("dtype", ["float", "double"])
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

_loops: dict[tuple[str, ...], VectorLoop] = {}


def loop(*key: str) -> VectorLoop:
    if key not in _loops:
        _loops[key] = VectorLoop(*key)
    return _loops[key]


def log_sigmoid(x: Any) -> Any:
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def sigmoid(x: Any) -> Any:
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, np.where(np.isnan(x), x, 1)) / (1 + e)


def _erf(name: str) -> Callable[[Any], Any]:
    def of(x: Any) -> Any:
        return getattr(pytest.importorskip("scipy.special"), name)(x.astype(np.float64))

    return of


REFERENCE: dict[str, Callable[..., Any]] = {
    **{n: getattr(np, n) for n in "abs sqrt floor ceil trunc rint round fmod remainder hypot exp exp2 expm1".split()},
    **{n: getattr(np, n) for n in "log log2 log10 log1p cbrt sinh cosh tanh sin cos tan".split()},
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "pow": np.power,
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "atan2": np.arctan2,
    "rsqrt": lambda x: 1 / np.sqrt(x), "reciprocal": lambda x: 1 / x, "sigmoid": sigmoid,
    "log_sigmoid": log_sigmoid, "softplus": lambda x: -log_sigmoid(-x), "erf": _erf("erf"), "erfc": _erf("erfc"),
}  # fmt: skip
EXACT = {"abs", "floor", "ceil", "trunc", "rint", "round", "fmod"}


def ulps(got: np.ndarray, want: np.ndarray) -> np.ndarray:
    """Errors in units of the last place of what is wanted, which is of more precision; infinite at a nan too many."""
    info, wide = np.finfo(got.dtype), want.dtype.type
    top = wide(2) ** info.maxexp  # what infinity stands for
    there = np.minimum(np.abs(want), top)
    exponent = np.clip(np.frexp(there)[1] - 1, info.minexp, info.maxexp - 1)
    unit = np.ldexp(wide(1), exponent - info.nmant)
    error = np.abs(np.clip(got.astype(wide), -top, top) - np.clip(want, -top, top)) / unit
    error = np.where((got == 0) & (want == 0) & (np.signbit(got) != np.signbit(want)), np.inf, error)
    return np.where(np.isnan(got) | np.isnan(want), np.where(np.isnan(got) & np.isnan(want), 0, np.inf), error)


def patterns(rng: np.random.Generator, dtype: np.dtype, count: int) -> np.ndarray:
    """Half of them random bits (any exponent, nan, subnormal), half where functions bend."""
    bits = rng.integers(0, 2 ** (8 * dtype.itemsize), count // 2, dtype=f"u{dtype.itemsize}").view(dtype)
    reach = 100 if dtype == np.float32 else 740
    parts = [rng.uniform(-r, r, count // 8) for r in (1, 12, reach)]
    small = np.exp(rng.uniform(-25, 25, count // 8)) * rng.choice([-1, 1], count // 8)
    return np.concatenate([bits, *(p.astype(dtype) for p in parts), small.astype(dtype)])


def arguments(rng: np.random.Generator, name: str, dtype: np.dtype, count: int) -> list[np.ndarray]:
    """Arrays for the function; of two arguments half are of a kind that makes the results interesting."""
    xs = [patterns(rng, dtype, count) for _ in range(arity(name))]
    half = count // 2
    if name == "pow":  # results over the whole range
        reach = 88 if dtype == np.float32 else 708
        base = np.abs(xs[0][:half])
        xs[0][:half] = base
        xs[1][:half] = rng.uniform(-reach, reach, half) / np.log(base.astype(np.float64))
    elif arity(name) == 2:  # of similar size
        xs[1][:half] = xs[0][:half].astype(np.float64) * np.exp(rng.uniform(-6, 6, half))
        xs[1] = rng.permuted(xs[1].reshape(2, -1), axis=1).reshape(-1) if name in ("fmod", "remainder") else xs[1]
    return xs


def check(name: str, got: np.ndarray, want: np.ndarray, xs: list[np.ndarray]) -> None:
    error = ulps(got, want)
    worst = int(np.argmax(error))
    assert error[worst] <= (0 if name in EXACT else LIMIT), (
        f"{name}({', '.join(repr(x[worst]) for x in xs)}) = {got[worst]!r}, wanted {want[worst]!r}; "
        f"{error[worst]:.3f} ulp; seed {SEED}"
    )


def test_every_function_has_a_reference() -> None:
    assert set(names()) == set(REFERENCE)


@pytest.mark.parametrize("name", names())
def test_float32_against_float64(name: str) -> None:
    run = loop(name, "float")
    xs = arguments(np.random.default_rng(SEED), name, run.dtype, POINTS)
    check(name, run(*xs), np.asarray(REFERENCE[name](*(x.astype(np.float64) for x in xs))), xs)


@pytest.mark.skipif(not LONG, reason="long double is no longer than double here")
@pytest.mark.parametrize("name", [n for n in names() if n not in ("erf", "erfc")])
def test_float64_against_long_double(name: str) -> None:
    run = loop(name, "double")
    xs = arguments(np.random.default_rng(SEED), name, run.dtype, POINTS)
    check(name, run(*xs), np.asarray(REFERENCE[name](*(x.astype(np.longdouble) for x in xs))), xs)


MP = {"pow": "power", "hypot": "hypot", "log2": "log2", "log_sigmoid": "", "sigmoid": "", "softplus": "", "exp2": ""}
HARD = {  # close to multiples of pi/2, close to the borders of ranges
    "sin": [6381956970095103 * 2.0**797, np.pi, 2 * np.pi, 1e22, 2.0**30, 2.0**30 + 1, 1.7976931348623157e308],
    "cos": [6381956970095103 * 2.0**797, np.pi / 2, 3 * np.pi / 2, 1e22, 2.0**1023, 5.319372648326541e255],
    "tan": [6381956970095103 * 2.0**797, np.pi / 2, np.pi, 1e22, 1.7976931348623157e308, np.pi / 4],
    "exp": [709.782712893384, -708.4, -745.1, -745.13, 1e-300], "expm1": [709.782712893384, -37.4, 1e-300, 0.3466],
    "erfc": [0.8, 0.7999999, 26.5, 27.2, -0.8], "erf": [1.0, 0.99999999, 5.9, 1e-300],
    "log": [np.nextafter(1, 0), np.nextafter(1, 2), 5e-324, 0.5**0.5], "log1p": [-0.9999999999999999, 1e-300, 1e300],
}  # fmt: skip


def exactly(mp: Any, name: str, *xs: Any) -> Any:
    """The function by mpmath."""
    (x, *_) = xs
    own = {
        "exp2": lambda: mp.mpf(2) ** x, "log2": lambda: mp.log(x) / mp.log(2), "rsqrt": lambda: 1 / mp.sqrt(x),
        "reciprocal": lambda: 1 / x, "sigmoid": lambda: 1 / (1 + mp.exp(-x)), "pow": lambda: mp.power(*xs),
        "log_sigmoid": lambda: -mp.log1p(mp.exp(-x)), "softplus": lambda: mp.log1p(mp.exp(x)),
        "cbrt": lambda: mp.sign(x) * mp.cbrt(abs(x)),
    }  # fmt: skip
    return own[name]() if name in own else getattr(mp, name)(*xs)


@pytest.mark.parametrize("name", [n for n in names() if n not in EXACT | {"remainder", "abs"}])
def test_float64_against_mpmath(name: str) -> None:
    mp = pytest.importorskip("mpmath").mp.clone()
    mp.dps = 40
    rng = np.random.default_rng(SEED)
    above = {"log": 0, "log2": 0, "log10": 0, "sqrt": 0, "rsqrt": 0, "pow": 0, "log1p": -1, "acosh": 1}.get(name)
    xs = [np.concatenate([rng.uniform(-4, 4, 800), rng.normal(0, 1, 800) * 10.0 ** rng.uniform(-9, 2, 800)])]
    if name in ("asin", "acos", "atanh"):
        xs = [rng.uniform(-1, 1, 1600)]
    if above is not None:
        xs = [above + np.abs(xs[0])]
    xs = [np.concatenate([xs[0], HARD.get(name, [])])]
    if arity(name) == 2:
        xs.append(rng.permutation(xs[0]) if name != "pow" else rng.uniform(-30, 30, len(xs[0])))
    got = loop(name, "double")(*xs)
    for i, numbers in enumerate(zip(*xs)):
        want = exactly(mp, name, *map(mp.mpf, map(float, numbers)))
        size = abs(want)
        unit = mp.mpf(2) ** (max(int(mp.floor(mp.log(size, 2))) if size else -1022, -1022) - 52)
        assert abs(mp.mpf(float(got[i])) - want) <= LIMIT * unit, (name, numbers, got[i], mp.nstr(want, 25))


def specials(dtype: np.dtype) -> np.ndarray:
    info = np.finfo(dtype)
    tiny = [info.smallest_subnormal, info.smallest_normal, np.nextafter(info.smallest_normal, dtype.type(0))]
    sizes = [0, *tiny, info.eps / 4, 0.25, 0.5, 1, np.nextafter(dtype.type(1), dtype.type(2)), 1.5, 2, 2.5, 3, 4, 7]
    large = [2.0**20, 2.0**23 + 1, 2.0**30 + 64, 2.0**53, 2.0**60, 1e30, info.max, np.inf, np.nan]
    both = np.array(sizes + large, dtype)
    return np.concatenate([both, -both])


@BOTH
@pytest.mark.parametrize("name", names())
def test_special_values(name: str, dtype: str) -> None:
    run = loop(name, dtype)
    xs = [specials(run.dtype)]
    if run.arity == 2:
        xs = [g.ravel().copy() for g in np.meshgrid(xs[0], xs[0])]
    wide = np.float64 if dtype == "float" else np.longdouble
    check(name, run(*xs), np.asarray(REFERENCE[name](*(x.astype(wide) for x in xs))), xs)


@BOTH
def test_pow_as_in_c99(dtype: str) -> None:
    cases = [  # F.9.4.4 of the standard
        (0.0, -3, np.inf), (-0.0, -3, -np.inf), (-0.0, -2, np.inf), (0.0, -np.inf, np.inf), (-0.0, 3, -0.0),
        (-0.0, 2, 0.0), (-1, np.inf, 1), (-1, -np.inf, 1), (1, np.nan, 1), (np.nan, 0, 1), (np.nan, -0.0, 1),
        (-8, 1 / 3, np.nan), (0.5, -np.inf, np.inf), (2, -np.inf, 0.0), (0.5, np.inf, 0.0), (-2, np.inf, np.inf),
        (-np.inf, -3, -0.0), (-np.inf, -2, 0.0), (-np.inf, 3, -np.inf), (-np.inf, 2.5, np.inf), (np.inf, -1, 0.0),
        (-2, 3, -8), (-2, -3, -0.125), (10, 2, 100), (np.nan, 1, np.nan), (2, np.nan, np.nan),
    ]  # fmt: skip
    x, y, want = np.array(cases, DTYPES[dtype]).T.copy()
    np.testing.assert_array_equal(got := loop("pow", dtype)(x, y), want)
    np.testing.assert_array_equal(np.signbit(got)[want == 0], np.signbit(want)[want == 0])


@pytest.mark.parametrize(("cpu", "features"), [(None, None), ("haswell", "+avx2,+fma"), ("x86-64", "")])
@BOTH
@pytest.mark.parametrize("name", names())
def test_loops_are_vectorised(name: str, dtype: str, cpu: str | None, features: str | None) -> None:
    import llvmlite.binding as llvm

    if not llvm.get_process_triple().startswith("x86_64"):
        pytest.skip("the instructions looked for are those of x86")
    if cpu and features and not all(llvm.get_host_cpu_features().get(f[1:], False) for f in features.split(",")):
        pytest.skip(f"this CPU is no {cpu}")
    run = loop(name, dtype) if cpu is None else VectorLoop(name, dtype, cpu, features)
    if cpu == "x86-64" and name in ("floor", "ceil", "trunc", "rint", "round"):
        pytest.skip("no instruction for it before SSE4.1")
    assert re.search(r"\b(v?p?andn?\w*|\w+p[sd])\b.*%[xyz]mm", run.assembly), run.assembly  # abs is an and
    xs = arguments(np.random.default_rng(SEED), name, run.dtype, 4096)  # and the code for that CPU is right
    if dtype == "float" or name not in ("erf", "erfc"):
        wide = np.float64 if dtype == "float" else np.longdouble
        check(name, run(*xs), np.asarray(REFERENCE[name](*(x.astype(wide) for x in xs))), xs)


@BOTH
def test_lengths_that_are_no_multiple_of_the_width(dtype: str) -> None:
    run = loop("sin", dtype)
    x = np.linspace(-1e6, 1e20, 97).astype(run.dtype)  # slow and fast angles mixed
    whole = run(x)
    for n in range(98):
        np.testing.assert_array_equal(run(x[:n]), whole[:n])
    assert run(np.empty((0,), run.dtype)).shape == (0,)
    assert run(x[:96].reshape(8, 12)).shape == (8, 12)


def test_declaring_twice_gives_the_same_function() -> None:
    from llvmlite import ir

    module = ir.Module()
    assert declare(module, "sin", "float") is declare(module, "sin", "float")
    assert declare(module, "sin", "float") is not declare(module, "sin", "double")


def test_what_is_not_there_is_refused() -> None:
    from llvmlite import ir

    with pytest.raises(ValueError, match="no vector maths for 'gamma'; there is: abs,"):
        declare(ir.Module(), "gamma", "float")
    with pytest.raises(ValueError, match="'float' and 'double', not 'half'"):
        declare(ir.Module(), "exp", "half")
    with pytest.raises(ValueError, match="wanted 1 contiguous arrays of float64"):
        loop("exp", "double")(np.zeros(3, np.float32))


def test_without_llvmlite_it_says_what_to_install() -> None:
    script = """
import sys, chainrule
assert "llvmlite" not in sys.modules
sys.modules["llvmlite"] = None
from chainrule.compiler.vecmath.functions import declare
try:
    declare(None, "exp", "float")
except ImportError as e:
    assert 'pip install "chainrule[compile]"' in str(e), e
else:
    raise AssertionError("no error")
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_tables_are_what_the_script_computes() -> None:
    pytest.importorskip("mpmath")
    root = Path(__file__).parents[1]
    command = [sys.executable, "-X", "utf8", str(root / "tools" / "remez.py")]
    written = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    assert written.stdout == Path(tables.__file__).read_text(encoding="utf-8")


def test_arity() -> None:
    assert {n for n in FUNCTIONS if arity(n) == 2} == {"pow", "atan2", "hypot", "fmod", "remainder"}
