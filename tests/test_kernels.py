"""Machine code for long arrays: as exact as NumPy's functions, the same for any threads, and nobody needs to know."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.core import blocks, registry
from chainrule.core.dispatch import apply
from chainrule.core.op import REGISTRY, Elementwise
from chainrule.core.tensor import wrap
from samples import draws, entry

pytest.importorskip("llvmlite")

from chainrule.compiler.native import kernels
from chainrule.compiler.native.kernels import kernel

LONG = 70_000
KNOWN = {"exp", "sin", "tanh", "sigmoid", "gelu", "softplus", "where", "clamp", "relu", "pow", "leaky_relu", "erf"}
SEED = int(os.environ.get("CHAINRULE_SEED", 5))
POINTWISE = [name for name, op in sorted(REGISTRY.items()) if isinstance(op, Elementwise) and op.long < sys.maxsize]
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 1e-40, -1e-40, 1e-45, 3e38, -3e38, 0.5, -2.5, 20.0, 100.0]


def operands(name: str, dtype: str, rng: np.random.Generator, n: int = 3000) -> tuple[list[Any], dict[str, Any]]:
    inputs, attrs = next((x, attrs) for x, attrs in draws(name, rng) if x and x[0].ndim)
    return [rng.choice(a.ravel(), n).astype(dtype if a.dtype.kind == "f" else a.dtype) for a in inputs], attrs


def units(got: Any, want: Any) -> float:
    """By how many units in the last place of `got` it is away from something more exact, at most."""
    rounded = want.astype(got.dtype)
    far = np.abs(got - want) / np.spacing(np.abs(rounded))
    return float(np.max(far[np.isfinite(rounded)], initial=0))


def kernel_of(name: str, args: list[Any], attrs: dict[str, Any]) -> Any:
    return kernel(REGISTRY[name], None, attrs, args)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", POINTWISE)
def test_values(name: str) -> None:
    """Against the same formula of NumPy's in twice the precision, as exact as in NumPy's own; and what is special."""
    op = REGISTRY[name]
    args, attrs = operands(name, "float32", np.random.default_rng(SEED))
    made = kernel_of(name, args, attrs)
    if made is None:
        assert name not in KNOWN
        return
    with np.errstate(all="ignore"):
        got, alone = made(*args), op.kernel(*args, **attrs)
        assert got.dtype == alone.dtype
        if got.dtype.kind == "f":
            exact = op.kernel(*[a.astype("f8") if a.dtype.kind == "f" else a for a in args], **attrs)
            assert units(got, exact) <= max(1.5, 1.5 * units(alone, exact))
        else:
            assert np.array_equal(got, alone)
        if len(args) == 1:
            x = np.resize(np.array(SPECIAL, "f4"), 3200)
            np.testing.assert_allclose(made(x), op.kernel(x, **attrs), rtol=1e-5, atol=2e-45)


@pytest.mark.parametrize("name", ["exp", "log", "sin", "tanh", "log1p"])
def test_values_in_double_precision(name: str) -> None:
    args, attrs = operands(name, "float64", np.random.default_rng(SEED))
    exact = REGISTRY[name].kernel(*[a.astype(np.longdouble) for a in args], **attrs)
    assert units(kernel_of(name, args, attrs)(*args), exact) <= 1.5


def program(dtype: Any) -> list[Any]:
    x = cr.linspace(-3.1, 3, 4 * LONG, dtype=dtype, requires_grad=True)
    y = ((x * 2 + 1).sin() * x).exp() - cr.nn.functional.gelu(x) * x.clamp(-1, 1) + (x**2 + 1) ** 2.5 - x.relu().tanh()
    (y * cr.linspace(1, 2, 4 * LONG, dtype=dtype)).sum().backward()
    assert x.grad is not None
    return [y.detach()._a, x.grad._a]


def test_a_program_and_its_gradient() -> None:
    for got, exact in zip(program(cr.float32), program(cr.float64)):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, exact, rtol=2e-5, atol=2e-5)
    x = np.linspace(-3.1, 3, 4 * LONG)
    phi = np.frompyfunc(lambda t: 0.5 * (1 + math.erf(t / math.sqrt(2))), 1, 1)(x).astype(float)
    want = np.exp(np.sin(2 * x + 1) * x) - phi * x * np.clip(x, -1, 1) + (x * x + 1) ** 2.5 - np.tanh(np.maximum(x, 0))
    np.testing.assert_allclose(program(cr.float64)[0], want, rtol=1e-13, atol=1e-13)


def test_rules() -> None:
    """The gradients of ops by chance, with machine code and without."""
    rng = np.random.default_rng(SEED)
    smooth = [n for n in POINTWISE if REGISTRY[n].differentiable and not entry(n).refuses]
    for name in rng.choice(smooth, 12, replace=False):
        args, attrs = operands(name, "float64", rng, LONG)
        found = []
        for code in (registry.machine_code, None):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(registry, "machine_code", code)
                xs = [
                    wrap(a).requires_grad_(a.dtype.kind == "f" and i not in entry(name).still)
                    for i, a in enumerate(args)
                ]
                apply(REGISTRY[name], xs, attrs).sum().backward()
                found.append([x.grad._a for x in xs if x.grad is not None])
        for got, want in zip(*found, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-13, err_msg=f"{name}, CHAINRULE_SEED={SEED}")


def numbers(x: Any) -> list[Any]:
    """What depends on where it is computed: by machine code, or by NumPy."""
    return [x.sin()._a, x.sigmoid()._a, (x**2.5)._a, x.clamp(0.3, 0.6)._a]


@pytest.mark.parametrize("dtype", [cr.float32, cr.float64])
def test_short_arrays_and_others_are_numpys(dtype: Any) -> None:
    x = cr.linspace(0.1, 1, LONG, dtype=dtype)
    for here, alone in zip(numbers(x), numbers(cr.stack([x, x], 1)[:, 0])):  # not in order in memory
        assert not np.shares_memory(here, alone)
        np.testing.assert_allclose(here, alone, rtol=1e-6 if dtype == cr.float32 else 1e-15)
    assert np.array_equal(cr.stack([x, x], 1)[:, 0].sin()._a, np.sin(x._a))
    assert np.array_equal(x[:60_000].sin()._a, np.sin(x._a[:60_000]))
    assert not np.array_equal(x.sin()._a, np.sin(x._a))


def test_what_is_given_with_each_call_costs_no_code() -> None:
    x, before = cr.linspace(0.1, 1, 4 * LONG), None
    for i in range(1, 5):
        bounds = i / 20, cr.tensor(i / 4)
        got = x.clamp(bounds[0], 1), cr.where(x > bounds[1], x.exp(), bounds[1]), x.atan2(bounds[1])
        want = np.clip(x._a, np.float32(bounds[0]), 1), np.arctan2(x._a, np.float32(i / 4))
        assert np.array_equal(got[0]._a, want[0])
        assert (got[1]._a[x._a <= i / 4] == np.float32(i / 4)).all()
        np.testing.assert_allclose(got[2]._a, want[1], rtol=1e-6)
        count, before = before, len(kernels._held)
        assert count in (None, before)


def test_what_is_expanded_is_one_number() -> None:
    x = cr.linspace(0.1, 1, LONG, requires_grad=True)
    x.sin().sum().backward()  # of a gradient that is 1 everywhere
    assert x.grad is not None
    np.testing.assert_allclose(x.grad._a, np.cos(x._a), rtol=1e-6)
    assert np.array_equal(cr.tensor(0.3).expand(LONG).sin()._a, np.full(LONG, np.sin(np.float32(0.3))))


def test_several_dimensions_and_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    x = cr.linspace(-3, 3, 3 * LONG).reshape(3, 7, -1)
    alone = x.sin(), cr.sigmoid(x), cr.atan2(x, x.cos())
    shared = blocks._Helpers()
    shared.most = 2
    for name, value in {"_helpers": shared, "limit": 8, "LONG": 0, "FIRST": 1000, "WORTH": 0.0}.items():
        monkeypatch.setattr(blocks, name, value)
    for got, want in zip((x.sin(), cr.sigmoid(x), cr.atan2(x, x.cos())), alone):
        assert got._a.shape == x.shape
        assert np.array_equal(got._a.view("i4"), want._a.view("i4"))
    assert shared.alive == 2


def test_exponentials_of_rows() -> None:
    x = cr.linspace(-9, 9, LONG).reshape(-1, 10)
    for f in (cr.softmax, cr.log_softmax, cr.logsumexp):
        got, exact = f(x, 1)._a, f(x.double(), 1)._a
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, exact, rtol=1e-5, atol=1e-6)


def test_errors_are_numpys_and_warnings_nobodys() -> None:
    x = cr.zeros(LONG)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (x.log() == -cr.inf).all()
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="divide by zero"):
        x.log()


def test_from_several_threads_at_once() -> None:
    kernels._held.clear()
    x = cr.linspace(0.1, 1, LONG)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.extend((x.exp()._a, x.log()._a) for _ in range(5))) for _ in "123"]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == 15
    assert all(np.array_equal(a, found[0][0]) and np.array_equal(b, found[0][1]) for a, b in found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_goes_on() -> None:
    x = cr.linspace(0.1, 1, LONG)
    want = x.exp()._a
    child = os.fork()
    if not child:
        ok = False
        try:
            ok = np.array_equal(x.exp()._a, want) and np.allclose(x.expm1()._a, want - 1)
        finally:
            os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_what_gains_nothing_loads_no_compiler() -> None:
    code = (
        "import sys, chainrule as cr\n"
        "x = cr.linspace(0.1, 1, 300_000, requires_grad=True)\n"
        "((1 - x) ** 2 + x.square() - x**-1 / x + x**3).sqrt().abs().sum().backward()\n"
        "print(any(name.startswith(('chainrule.compiler', 'llvmlite')) for name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_without_llvmlite() -> None:
    code = (
        "import sys; sys.modules['llvmlite'] = None\n"
        "import numpy as np, chainrule as cr\n"
        f"x = cr.linspace(0.1, 1, {LONG}, requires_grad=True)\n"
        "y = x.sin(); y.sum().backward()\n"
        "print(np.array_equal(y._a, np.sin(x._a)), np.array_equal(x.grad._a, np.cos(x._a)))\n"
        "print(any(name.startswith('chainrule.compiler') for name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "False"]
    assert not done.stderr
