"""Native code against the NumPy interpreter of the same graph, and loops of steps against steps one by one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from typing import Any, ClassVar

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler import compile, function
from chainrule.compiler.interp import Interpreter
from chainrule.core.graph import Var, apply, constant
from chainrule.core.op import REGISTRY, Elementwise

pytest.importorskip("llvmlite", reason='llvmlite is not installed: pip install "chainrule[compile]"')

from chainrule.compiler.native import fission, frame, fused, plan, thread_pool, turns
from chainrule.compiler.native.arena import Span, arrange
from chainrule.compiler.native.executable import Executable
from chainrule.compiler.native.graph import build
from chainrule.compiler.native.loop import native_loop
from chainrule.compiler.native.registers import NotNative

SEED = 11
F32, F64, I64, BOOL = map(np.dtype, ("float32", "float64", "int64", "bool"))
F = cr.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def do(name: str, *args: Any, **attrs: Any) -> Any:
    return apply(REGISTRY[name], args, attrs)


def var(shape: tuple[int, ...], dtype: Any = F32, weak: bool = False) -> Var:
    v = Var(shape, np.dtype(dtype))
    v.weak = weak
    return v


def both(
    inputs: Sequence[Var], results: Sequence[Var], arrays: Sequence[Any]
) -> tuple[list[Any], list[Any], Executable]:
    """What the interpreter and native code give, the latter run twice (its memory is used again)."""
    made = build(inputs, results)
    made(arrays)
    return Interpreter(inputs, results)(arrays), made(arrays), made


def agree(want: Any, got: Any, units: float) -> None:
    """The same type, shape, dtype and numbers up to `units` in the last place of the largest."""
    assert type(want) is type(got) and np.shape(want) == np.shape(got)
    want, got = np.asarray(want), np.asarray(got)
    assert want.dtype == got.dtype
    if units == 0 or want.dtype.kind != "f":
        np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(np.signbit(got), np.signbit(want)) if want.dtype.kind == "f" else None
        return
    finite = np.abs(want[np.isfinite(want)])
    scale = float(finite.max()) if finite.size else 1.0
    np.testing.assert_allclose(
        got, want, rtol=units * np.finfo(want.dtype).eps, atol=scale * units * np.finfo(want.dtype).eps
    )


class Both:
    """Stands in for what runs a compiled function: native code, held against the interpreter."""

    units = 200.0
    made: ClassVar[list[Executable]] = []

    def __init__(self, inputs: Sequence[Var], results: Sequence[Var], goals: Sequence[Var | None] = ()) -> None:
        self.interpreted, self.native = Interpreter(inputs, results), build(inputs, results, goals)
        Both.made.append(self.native)

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        want, got = self.interpreted(arrays), self.native(arrays)
        for a, b in zip(want, got, strict=True):
            agree(a, b, self.units)
        return got


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> type[Both]:
    """Compiled functions run by both, and fail where they differ."""
    monkeypatch.setattr(function, "runner", Both)
    monkeypatch.setattr(Both, "made", [])
    return Both


# ------------------------------------------------------------------------------------------------- every elementwise op

EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, np.inf, -np.inf, np.nan, 1e-30, 1e30]
EXACT = set(
    "add sub rsub mul div neg square reciprocal sqrt rsqrt abs sign sgn lerp addcmul addcdiv where eq ne lt le gt ge "
    "logical_and logical_or logical_xor logical_not isnan isinf isfinite isposinf isneginf isreal "
    "bitwise_and bitwise_or bitwise_xor bitwise_not relu maximum minimum fmax fmin clamp floor ceil "
    "trunc frac round leaky_relu prelu_kernel hardtanh "
    "hardsigmoid hardswish hardshrink softshrink threshold deg2rad rad2deg fmod".split()
)
ARITY = {"where": 3, "clamp": 3, "lerp": 3, "addcmul": 3, "addcdiv": 3}


def _arity(name: str) -> int:
    rules = REGISTRY[name].rules
    return ARITY.get(name) or (len(rules) if rules else 2 if name in _PAIRS else 1)


_PAIRS = set("eq ne lt le gt ge logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor".split())


def _samples(name: str, dtype: Any, size: int) -> list[Any]:
    rng = np.random.default_rng(SEED)
    out = []
    for _ in range(_arity(name)):
        x = rng.normal(0, 2, size)
        x[: len(EDGES)] = rng.permutation(EDGES) if dtype.kind == "f" else 1
        out.append(x.astype(dtype) if dtype.kind != "b" else x > 0)
    if name == "where":
        out[0] = np.asarray(out[0]) > 0
    return out


ELEMENTWISE = sorted(n for n, op in REGISTRY.items() if isinstance(op, Elementwise))


@pytest.mark.parametrize("size", [40, 1000])
@pytest.mark.parametrize("dtype", [F32, F64, I64, BOOL], ids=str)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(name: str, dtype: Any, size: int) -> None:
    arrays = _samples(name, dtype, size)
    inputs = [var(a.shape, a.dtype) for a in arrays]
    try:
        out = do(name, *inputs)
        want = Interpreter(inputs, [out])(arrays)
    except Exception:
        pytest.skip("not for this dtype")
    if want[0].dtype != out.dtype:
        pytest.skip("the graph has another dtype than the kernel")
    made = build(inputs, [out])
    if made.facts.numpy:
        assert name not in EXACT or dtype.kind != "f", "an op of plain arithmetic has native code"
        pytest.skip("runs by its NumPy kernel")
    agree(want[0], made(arrays)[0], 0 if name in EXACT else 8)


def test_most_of_the_table_is_native() -> None:
    names = [n for n in ELEMENTWISE if not n.startswith("special_")]
    inputs = {n: [var((40,), a.dtype) for a in _samples(n, F32, 40)] for n in names}
    found = []
    for n in names:
        try:
            found += [n] if not build(inputs[n], [do(n, *inputs[n])]).facts.numpy else []
        except (TypeError, ValueError, AttributeError):
            continue  # needs attributes, or integers
    assert len(found) > 90, sorted(set(names) - set(found))


@pytest.mark.parametrize("exponent", [2, 3, 0.5, -1, 4, 2.5, 0, 1, -2])
@pytest.mark.parametrize("shape", [(), (1000,)])
def test_powers(exponent: float, shape: tuple[int, ...]) -> None:
    x = var(shape)
    a = np.abs(np.random.default_rng(SEED).normal(1, 1, shape)).astype(F32)[()]
    want, got, made = both([x], [do("pow", x, exponent)], [a])
    assert not made.facts.numpy
    agree(want[0], got[0], 0 if exponent in (2, 3, 0.5, -1) else 4)


@pytest.mark.parametrize(
    "start", [F32, F64, I64, BOOL, np.dtype("int32"), np.dtype("uint8"), np.dtype("int8")], ids=str
)
@pytest.mark.parametrize("goal", [F32, F64, I64, BOOL, np.dtype("int32"), np.dtype("uint8"), np.dtype("int8")], ids=str)
def test_casts(start: Any, goal: Any) -> None:
    a = np.random.default_rng(SEED).integers(-100, 100, 100).astype(start)
    if start.kind == "f":
        a = a + start.type(0.25)
        a = np.abs(a) if goal == np.dtype("uint8") else a
    x = var(a.shape, start)
    want, got, _ = both([x], [do("cast", x, dtype=goal)], [a])
    agree(want[0], got[0], 0)


def test_casts_of_what_fits_no_integer() -> None:
    a = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 2.0**63, -(2.0**63), 2.5, -2.5] * 12)
    x = var(a.shape, F64)
    (got,) = build([x], [do("cast", x, dtype=I64)])([a])
    lowest = np.iinfo(np.int64).min
    np.testing.assert_array_equal(got[:9], [lowest] * 7 + [2, -2])


@pytest.mark.parametrize("shape", [(), (1000,)])
def test_long_chains(shape: tuple[int, ...]) -> None:
    x = v = var(shape, F64)
    for i in range(1500):
        v = do("sin", v) if i % 100 == 0 else do("add", do("mul", v, 0.5), 0.25)
    want, got, made = both([x], [v], [np.random.default_rng(SEED).normal(size=shape)[()]])
    agree(want[0], got[0], 8)
    assert 1 <= made.facts.kernels <= 10 and made.facts.kernels > len(shape), (
        "loops of bounded length, straight code of any"
    )


def test_python_numbers_decide_no_dtype() -> None:
    x, rate, count = var(()), var((), F64, weak=True), var((), F64, weak=True)
    power = do("sub", 1, do("pow", 0.999, count))
    out = [do("mul", rate, x), do("div", do("sqrt", x), do("pow", power, 0.5)), do("add", count, 1)]
    want, got, _ = both([x, rate, count], out, [np.float32(3), 0.1, 7.0])
    assert [a.dtype for a in got] == [F32, F32, F64]
    for a, b in zip(want, got):
        agree(a, b, 1)


# ------------------------------------------------------------------------------------------------------------ functions


def _value_and_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    return cr.func.grad_and_value(f)


FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "polynomial": (lambda x: x**2 - 4 * x + 5, ((),)),
    "mixed": (lambda x: cr.sin(x) * cr.exp(-x / 3) + cr.log(x * x + 1) * cr.tanh(x) * cr.sigmoid(x), ((),)),
    "tiny product": (lambda x: (x.reshape(2, 3) @ x.reshape(3, 2)).exp().sum(), ((6,),)),
    "exp of fraction": (lambda x: cr.exp((x * x - 1) / (x * x + 1)).sum(), ((1000,),)),
    "exp of fraction, large": (lambda x: cr.exp((x * x - 1) / (x * x + 1)).mean(), ((300_001,),)),
    "row broadcast": (lambda x, b: (cr.tanh(x * b) ** 2).mean(), ((70, 30), (30,))),
    "column broadcast": (lambda x, b: (cr.exp(-x * x) * b).sum(), ((70, 30), (70, 1))),
    "outer": (lambda x, y: cr.sin(x[:, None] * y).sum(), ((70,), (90,))),
    "softmax": (lambda x: (cr.softmax(x, 1) * x).sum(), ((70, 30),)),
    "log softmax": (lambda x: F.log_softmax(x, 0)[3].sum(), ((70, 30),)),
    "normalised": (lambda x: ((x - x.mean(1, keepdim=True)) / (x * x).sum(1)[:, None].sqrt()).exp().sum(), ((70, 30),)),
    "transposed": (lambda x: (x.t().exp() * x.t() + x.sum(0)[:, None]).mean(), ((70, 30),)),
    "permuted": (lambda x: (x.permute(2, 0, 1).tanh() * x.sum((0, 1))[:, None, None]).sum(), ((7, 9, 11),)),
    "middle reduced": (lambda x: x.sum(1).exp().sum(), ((7, 9, 11),)),
    "differences": (lambda x: ((x[1:] - x[:-1]) ** 2).sum() + x[3] * 2 + x.flip(0)[:10].sum(), ((1000,),)),
    "strided": (lambda x: (x[::3, 1] * x[::3, -1]).sum(), ((90, 40),)),
    "joined": (lambda x: cr.cat([x, x * 2]).outer(cr.stack([x, x.exp()]).reshape(-1)).sin().sum(), ((100,),)),
    "extremes": (lambda x: x.amax(1).sum() + x.amin(0).prod() * 0 + x.max() - x.min(), ((70, 30),)),
    "activations": (lambda x: (F.gelu(x) + F.elu(x) + F.softplus(x) + F.silu(x) + F.relu(x)).sum(), ((1000,),)),
    "choices": (lambda x: (cr.where(x > 0, x, x**3) + cr.clamp(x, -0.5, 0.7) + cr.maximum(x, x * x)).sum(), ((1000,),)),
    "product": (lambda x, y: (x @ y).tanh().sum(), ((40, 30), (30, 50))),
    "linear algebra": (lambda x: cr.linalg.det(x.tanh() @ x.tanh().t() + 9 * cr.eye(12)).log(), ((12, 12),)),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_and_gradient(name: str, dtype: str, held: type[Both]) -> None:
    f, shapes = FUNCTIONS[name]
    cr.manual_seed(SEED)
    args = [cr.randn(s, dtype=getattr(cr, dtype)) for s in shapes]
    every = tuple(range(len(args)))
    fast = compile(cr.func.grad_and_value(f, argnums=every))
    got = fast(*args)
    want = cr.func.grad_and_value(f, argnums=every)(*args)
    assert cr.allclose(got[1], want[1], rtol=1e-4) and all(
        cr.allclose(a, b, rtol=1e-3, atol=1e-5) for a, b in zip(got[0], want[0])
    )
    fast(*[a * 2 for a in args])
    assert held.made


def test_results_of_reductions(held: type[Both]) -> None:
    def f(m: Any) -> Any:
        rows = m.exp().sum(1), m.amax(1), m.mean(1, keepdim=True), m / m.sum(1, keepdim=True)
        return *rows, m.exp().sum(0), m.amin(0), m.mean(0), m.sum(), m.t() * 2, m.sum((0, 1), keepdim=True)

    for shape in ((70, 30), (3, 5), (1, 2000), (2000, 1), (5, 6000)):
        cr.manual_seed(SEED)
        compile(f)(cr.randn(shape, dtype=cr.float64))
        compile(f)(cr.randn(shape))


def test_inputs_that_are_not_contiguous(held: type[Both]) -> None:
    cr.manual_seed(SEED)
    x = cr.randn(60, 40)
    compile(lambda x: (x.exp(), x.sum(0)))(x.t())
    compile(lambda x: (x.exp(), x.sum(0)))(x[::2, ::3])


def test_nan_and_infinity_in_reductions(held: type[Both]) -> None:
    for bad in ([float("nan")], [float("inf")], [float("inf"), -float("inf")], [-float("inf")]):
        for dtype in (cr.float32, cr.float64):
            x = cr.ones(5000, dtype=dtype)
            x[100 : 100 + len(bad)] = cr.tensor(bad, dtype=dtype)
            for shape in ((5000,), (2, 2500), (100, 50)):
                f = compile(lambda x: (x.sum(), x.amax(), x.amin(), x.sum(0), x.sum(-1), x.amax(0), x.amin(-1)))
                f(x.reshape(shape))


@pytest.mark.parametrize("shape", [(100_003,), (3, 40_000), (400_000, 2), (1, 100_000)])
def test_sums_are_exact_to_rounding(shape: tuple[int, ...]) -> None:
    """Against exact rational sums: no worse than NumPy's pairwise addition."""
    rng = np.random.default_rng(SEED)
    for dtype in (F32, F64):
        a = (rng.random(shape) * np.exp(rng.normal(0, 3, shape))).astype(dtype)
        x = var(shape, dtype)
        want, got, _ = both([x], [do("sum", x, dim=None, keepdim=False)], [a])
        exact = sum(map(Fraction, a.reshape(-1)[:].tolist()), Fraction(0)) if a.size <= 120_000 else None
        if exact is not None:
            errors = [
                abs(Fraction(float(s)) - exact) / exact / Fraction(float(np.finfo(dtype).eps))
                for s in (got[0], want[0])
            ]
            assert errors[0] <= max(errors[1], 1), [float(e) for e in errors]
        np.testing.assert_allclose(got[0], np.sum(a, dtype=np.longdouble), rtol=2 * np.finfo(dtype).eps)


# -------------------------------------------------------------------------------------------------------- random graphs

UNARY = "sin cos tanh neg square abs relu sigmoid exp floor".split()
BINARY = "add sub mul maximum minimum".split()
SHAPES = [(), (3,), (4, 3), (4, 1), (30,), (40, 30), (40, 1), (1, 30), (5, 40, 30), (1,)]


def _random_graph(rng: np.random.Generator, dtype: Any) -> tuple[list[Var], list[Var]]:
    inputs = [var(SHAPES[i], dtype) for i in rng.integers(0, len(SHAPES), 4)]
    values = [*inputs, constant(rng.normal(size=(40, 30)).astype(dtype))]
    for _ in range(int(rng.integers(3, 25))):
        x, y = (values[i] for i in rng.integers(0, len(values), 2))
        kind = rng.integers(0, 12)
        if kind < 3:
            got = do(str(rng.choice(UNARY)), do("tanh", x))
        elif kind < 6:
            try:
                np.broadcast_shapes(x.shape, y.shape)
            except ValueError:
                continue
            got = do(str(rng.choice(BINARY)), x, y)
        elif kind == 6:
            dims = tuple(int(i) for i in np.flatnonzero(rng.random(x.ndim) < 0.5))
            name = str(rng.choice(["sum", "mean", "amax"]))
            got = do(name, x, dim=dims or None, keepdim=bool(rng.random() < 0.5))
        elif kind == 7 and x.ndim > 1:
            got = do("transpose", x, dim0=x.ndim - 1, dim1=x.ndim - 2)
        elif kind == 8 and x.ndim:
            n = x.shape[0]
            cut = (slice(int(rng.integers(0, n)), None),) if n > 1 else (0,)
            got = do("getitem", x, index=cut)
            got = do("place_at", got, shape=x.shape, index=cut) if rng.random() < 0.5 else got
        elif kind == 9:
            got = do("reshape", x, shape=(x.size,))
        elif kind == 10:
            got = do("where", do("gt", x, 0.0), do("mul", x, 2.0), 0.0)
        else:
            got = do("cumsum", do("tanh", x), dim=0) if x.ndim else do("div", x, 3.0)
        if 0 < got.size < 20_000:
            values.append(got)
    picked = rng.choice(len(values), min(3, len(values)), replace=False)
    return inputs, [values[-1], *(values[i] for i in picked)]


@pytest.mark.parametrize("seed", range(120))
def test_random_graphs(seed: int) -> None:
    rng = np.random.default_rng([SEED, seed])
    dtype = (F32, F64)[seed % 2]
    inputs, results = _random_graph(rng, dtype)
    arrays = [rng.normal(size=v.shape).astype(dtype)[()] for v in inputs]
    want, got, _ = both(inputs, results, arrays)
    # floor is discontinuous, so its argument may fall on either side: it is applied to tanh, away from whole numbers
    for a, b in zip(want, got):
        agree(a, b, 2000)


# --------------------------------------------------------------------------------------------------------------- memory


def test_results_are_memory_of_their_own() -> None:
    x = var((100,))
    y = do("exp", x)
    made = build([x], [y, y, x, do("reshape", y, shape=(10, 10)), do("getitem", x, index=slice(0, 70))])
    a = np.zeros(100, F32)
    first = made([a])
    for r in first:
        r += 5
    assert not a.any()
    assert [float(r.max()) for r in made([a])] == [1, 1, 0, 1, 0]
    for i, r in enumerate(first):
        assert not any(np.may_share_memory(r, s) for s in first[i + 1 :])


def test_several_threads_call_at_once() -> None:
    x = var((3000,))
    made = build([x], [do("exp", x), do("sum", x, dim=None, keepdim=False)])
    wrong = []

    def run(value: float) -> None:
        a = np.full(3000, value, F32)
        for _ in range(200):
            e, s = made([a])
            if s != 3000 * value or not np.allclose(e, np.exp(value)):
                wrong.append(value)

    threads = [threading.Thread(target=run, args=(float(i),)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_the_number_of_threads_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(SEED)
    x = var((700, 900), F64)
    results = [do("exp", x), *(do("sum", do("sin", x), dim=d, keepdim=False) for d in (None, (0,), (1,)))]
    a = rng.normal(size=x.shape)
    found = []
    for workers in (1, 3):
        monkeypatch.setattr(thread_pool, "WORKERS", workers)
        found.append(build([x], results)([a]))
    for one, three in zip(*found):
        np.testing.assert_array_equal(one, three)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_has_threads_of_its_own() -> None:
    fast, x = cr.compile(lambda x: x.exp().sum()), cr.linspace(0, 1, 2_000_000)
    want = fast(x).item()
    child = os.fork()
    if child == 0:
        os._exit(fast(x).item() != want)
    assert os.waitpid(child, 0)[1] == 0
    assert fast(x).item() == want


def test_many_ask_for_threads_at_once() -> None:
    fast, xs = cr.compile(lambda x: (x.exp() * x).sum()), [cr.full((1_000_000 + i,), i / 8) for i in range(8)]
    want = [fast(x).item() for x in xs]
    wrong: list[int] = []

    def work(i: int) -> None:
        wrong.extend(i for _ in range(20) if fast(xs[i]).item() != want[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


INTERRUPTED = """
import signal, threading, time, os
import chainrule as cr
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background processes ignore it
fast, x = cr.compile(lambda x: x.exp().sin().cos().exp().sum()), cr.linspace(0, 1, 30_000_000)
want = fast(x).item()
for pause in (0.001, 0.003, 0.005, 0.01, 0.02):
    try:
        threading.Timer(pause, os.kill, (os.getpid(), signal.SIGINT)).start()
        while True:
            fast(x)
    except KeyboardInterrupt:
        pass
    assert fast(x).item() == want
print("fine")
"""


def test_an_interruption_leaves_no_thread_at_work() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=120)
    assert done.stdout == "fine\n", done.stderr


def test_one_loop_for_value_and_gradient(held: type[Both]) -> None:
    compile(cr.func.grad_and_value(FUNCTIONS["exp of fraction"][0]))(cr.randn(1000))
    (made,) = held.made
    assert made.facts.kernels == 1 and not made.facts.numpy
    (loop,) = made.made.plan.steps
    assert isinstance(loop, plan.FusedLoop) and len(loop.roots) == 2


def test_report_tells_what_was_made() -> None:
    fast = compile(lambda x: (cr.exp(-x * x).sum(), cr.sort(x)[0]))
    fast(cr.randn(1000))
    assert "native code: 1 function (ops in each: 4)" in fast.report()
    assert "by NumPy: " in fast.report() and "bytes" in fast.report()


# ------------------------------------------------------------------------------------------------------- training steps


@pytest.mark.parametrize("width", [5, 70])
@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_training_step(optimizer: str, width: int, held: type[Both], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Both, "units", 5000.0)  # gradients of biases are sums of terms that cancel

    def train(wrap: Callable[[Any], Any]) -> list[float]:
        cr.manual_seed(SEED)
        model = cr.nn.Sequential(cr.nn.Linear(3, width), cr.nn.Tanh(), cr.nn.Linear(width, 1))
        x, y = cr.randn(width, 3), cr.randn(width, 1)
        o = getattr(cr.optim, optimizer)(model.parameters(), lr=0.01)

        def step() -> Any:
            o.zero_grad()
            loss = F.mse_loss(model(x), y)
            loss.backward()
            o.step()
            return loss

        run = wrap(step)
        return [run().item() for _ in range(8)]

    np.testing.assert_allclose(train(compile), train(lambda f: f), rtol=1e-4)
    assert held.made and not any("add" in m.facts.numpy for m in held.made)


# ---------------------------------------------------------------------------------------------------------------- loops


def _descent(dtype: Any) -> tuple[list[Var], list[Var]]:
    x, rate = var((), dtype), var((), F64, weak=True)
    value = do("add", do("sub", do("pow", x, 2), do("mul", 4, x)), 5)
    slope = do("sub", do("mul", 2, x), 4)
    return [x, rate], [value, do("sub", x, do("mul", rate, slope))]


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("every", [1, 3, 100])
@pytest.mark.parametrize("rates", [np.array([0.1]), np.geomspace(0.4, 0.01, 10)], ids=["one rate", "a rate for each"])
def test_loop_is_steps_one_by_one(dtype: Any, every: int, rates: Any) -> None:
    inputs, results = _descent(dtype)
    loop = native_loop(inputs, results, [(0, 1)], record=[0, 1], last=[0], rate=1)
    step = Interpreter(inputs, results)
    x, seen = dtype.type(9), []
    for i in range(10):
        value, x = step([x, float(rates[i if len(rates) > 1 else 0])])
        seen.append((value, x))
    columns = [np.full(10, np.nan, dtype) for _ in range(2)]
    ended = loop([dtype.type(9), 0.0], 10, every, columns, rates)
    assert (ended.steps, ended.carried) == (10, [x]) and type(ended.carried[0]) is dtype.type
    assert ended.last == [step([x, 0.1])[0]]
    for i, column in enumerate(columns):
        want = [s[i] for s in seen[::every]]
        np.testing.assert_array_equal(column[: len(want)], want)
        assert np.isnan(column[len(want) :]).all()


def test_loop_over_small_tensors() -> None:
    rng = np.random.default_rng(SEED)
    p, v = var((3,), F64), var((3,), F64)
    m = constant(rng.normal(size=(3, 3)) / 3)
    v2 = do("sub", do("mul", v, 0.9), do("tanh", do("matmul", m, p)))
    inputs, results = [p, v], [do("add", p, v2), v2, do("sum", v2, dim=None, keepdim=False)]
    state = [rng.normal(size=3), rng.normal(size=3)]
    lengths, paths = np.empty(5), np.empty((5, 3))
    ended = native_loop(inputs, results, [(0, 0), (1, 1)], record=[2, 0])(state, 20, 4, [lengths, paths])
    step, rows = Interpreter(inputs, results), []
    for _ in range(20):
        *state, length = step(state)
        rows.append((length, state[0]))
    np.testing.assert_allclose(ended.carried, state, rtol=1e-10)
    np.testing.assert_allclose(lengths, [r[0] for r in rows[::4]], rtol=1e-10)
    np.testing.assert_allclose(paths, [r[1] for r in rows[::4]], rtol=1e-10)


def test_loop_that_swaps_its_state() -> None:
    a, b = var(()), var(())
    loop = native_loop([a, b], [b, a, do("add", a, b)], [(0, 0), (1, 1)], last=[2])
    assert loop([np.float32(1), np.float32(2)], 3) == (3, [2, 1], [3])
    assert loop([np.float32(1), np.float32(2)], 0) == (0, [1, 2], [3])


def test_loop_ends_where_the_graph_says_so() -> None:
    x = var((), F64)
    loop = native_loop([x], [do("mul", x, 2.0), do("gt", x, 100.0)], [(0, 0)], record=[0], stop=1)
    column = np.zeros(50)
    assert loop([3.0], 50, 1, [column]) == (6, [192.0], [])  # 3, 6, 12, 24, 48, 96, and 192 is above
    assert column[:7].tolist() == [6, 12, 24, 48, 96, 192, 0]
    assert loop([3.0], 4, 1, [column]) == (4, [48.0], [])


def test_loop_refuses_what_it_cannot_do() -> None:
    inputs, results = _descent(F32)
    with pytest.raises(ValueError, match=r"from float32\[\] to float64\[\]"):
        native_loop(inputs, [do("cast", results[0], dtype=F64)], [(0, 0)])
    big = var((1000,))
    with pytest.raises(NotNative, match="too large"):
        native_loop([big], [do("exp", big)], [(0, 0)])
    loop = native_loop(inputs, results, [(0, 1)], record=[0], rate=1)
    with pytest.raises(ValueError, match="got 5 and 0"):
        loop([np.float32(1), 0.1], 5, 0, [np.empty(5)], np.ones(5))
    with pytest.raises(ValueError, match="a rate for each of 5 steps"):
        loop([np.float32(1), 0.1], 5, 1, [np.empty(5)], np.ones(4))


# ------------------------------------------------------------------------------------------------- without llvmlite


def test_without_llvmlite_numpy_runs_the_graph_and_says_so_once() -> None:
    code = """
import sys, warnings
sys.modules["llvmlite"] = None
import chainrule as cr
from chainrule.compiler import compile
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    f, g = compile(lambda x: x * 2), compile(lambda x: x + 2)
    print(f(cr.tensor(4.0)).item(), g(cr.tensor(4.0)).item(), [str(w.message) for w in caught])
print(f.report())
"""
    got = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert got.startswith("8.0 6.0 ['llvmlite is not installed: the graph runs on NumPy, slower")
    assert got.count("chainrule[compile]") == 1 and "interpreted: 1 ops by NumPy" in got


# ------------------------------------------------------------------------------------------------ products of matrices


def _product(rows: int, inner: int, columns: int, turned: tuple[bool, bool], dtype: Any) -> tuple[Any, Any, Any]:
    """What native code gives, the exact result, and the program."""
    rng = np.random.default_rng(SEED)
    sides = [(rows, inner)[:: -1 if turned[0] else 1], (inner, columns)[:: -1 if turned[1] else 1]]
    arrays = [rng.standard_normal(s).astype(dtype) for s in sides]
    inputs = [var(s, dtype) for s in sides]
    v = do("matmul", *(do("t", x) if t else x for x, t in zip(inputs, turned)))
    made = build(inputs, [v])
    a, b = (x.T if t else x for x, t in zip(arrays, turned))
    assert made(arrays)[0].dtype == dtype
    return made(arrays)[0], np.longdouble(a) @ np.longdouble(b), made


def _close(got: Any, want: Any, inner: int) -> None:
    bound = 4 * np.finfo(got.dtype).eps * min(inner, 1024)  # sums of more are taken in pieces
    assert np.abs(got - want).max() <= bound * np.abs(want).max()


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True), (True, True)], ids=str)
@pytest.mark.parametrize("shape", [(100, 2, 16), (100, 16, 1), (1, 100, 16), (16, 100, 2), (33, 17, 19), (3, 1, 50)])
def test_small_products(shape: tuple[int, int, int], turned: tuple[bool, bool], dtype: Any) -> None:
    got, want, made = _product(*shape, turned, dtype)
    assert not made.facts.numpy
    _close(got, want, shape[1])


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize(
    ("shape", "turned"),
    [
        ((40_001, 20, 1), (False, False)),
        ((5_000, 70, 3), (False, True)),
        ((20, 40_001, 1), (True, False)),
        ((2, 50_003, 21), (False, False)),
        ((2, 70, 5_000), (False, True)),
    ],
)
def test_thin_products(
    shape: tuple[int, int, int], turned: tuple[bool, bool], dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    got, want, made = _product(*shape, turned, dtype)
    assert not made.facts.numpy
    _close(got, want, shape[1])
    monkeypatch.setattr(thread_pool, "WORKERS", 1)
    np.testing.assert_array_equal(_product(*shape, turned, dtype)[0], got)  # however many threads


def test_products_of_vectors(held: type[Both]) -> None:
    a, b, m = cr.randn(63), cr.randn(63), cr.randn(63, 63)
    cr.compile(lambda a, b, m: (a @ b, a @ m, m @ b, (m + 1).t() @ (b * 2), (m * m) @ m.t()))(a, b, m)
    assert not Both.made[0].facts.numpy


# ----------------------------------------------------------------------------------------- how compiled code is entered


def _step() -> tuple[Any, Any, Any]:
    w = cr.arange(100.0).requires_grad_()
    opt = cr.optim.SGD([w], lr=0.5, momentum=0.9)

    def step(x: Any) -> Any:
        opt.zero_grad()
        loss = (w * x).sum()
        loss.backward()
        opt.step()
        return loss

    return step, w, opt


def test_parameters_stay_where_they_are_and_count_their_changes() -> None:
    (eager, v, _), (f, w, opt) = _step(), _step()
    fast, address = cr.compile(f), w.data_ptr()
    for i in range(4):
        x = cr.full((100,), float(i))
        assert fast(x).item() == pytest.approx(eager(x).item())
        np.testing.assert_allclose(w.detach().numpy(), v.detach().numpy(), rtol=1e-6)
        assert w._version == v._version and w.data_ptr() == address
    assert fast._last is not None, "the short way is not gone"
    opt.param_groups[0]["lr"] = 0.0
    before = w.detach().clone()
    fast(cr.ones(100))
    assert w.equal(before)


def test_what_does_not_fit_goes_the_long_way_or_is_traced_anew() -> None:
    w = cr.ones(100)
    fast = cr.compile(lambda x: x * w)
    x = cr.arange(100.0)
    for _ in range(2):
        assert fast(x).equal(x)
    assert fast._last is not None
    assert fast(cr.arange(200.0)[::2]).equal(2 * x)  # another layout
    assert fast(x.double()).dtype == cr.float64
    assert fast(cr.ones(1)).shape == (100,)
    w.data = cr.full((100,), 2.0).double()
    assert fast(x).dtype == cr.float64 and fast(x).equal(2.0 * x.double())
    with pytest.raises(TypeError, match="NoneType"):
        fast(None)


def test_memory_that_cannot_be_written_is_left_alone() -> None:
    a = np.zeros(100, np.float32)
    w = cr.from_numpy(a)
    fast = cr.compile(lambda x: w.copy_(x))
    for _ in range(2):
        fast(cr.ones(100))
    a.flags.writeable = False
    with pytest.raises(RuntimeError, match="written-to"):
        fast(cr.full((100,), 2.0))
    assert a.max() == 1


def test_an_argument_in_the_memory_of_a_parameter_is_refused() -> None:
    a = np.zeros(101, np.float32)
    w = cr.from_numpy(a[:100])
    fast = cr.compile(lambda x: w.add_(x))
    for _ in range(2):
        fast(cr.ones(100))
    with pytest.raises(RuntimeError, match="lies in the same memory"):
        fast(cr.from_numpy(a[1:]))
    assert a[:100].max() == 2


# --------------------------------------------------------------------------------------------------------------- memory


@pytest.mark.parametrize("seed", range(20))
def test_arrays_that_live_at_once_lie_apart(seed: int) -> None:
    rng = np.random.default_rng(seed)
    spans = []
    for _ in range(30):
        first, more = rng.integers(0, 20), rng.integers(0, 6)
        spans.append(Span(int(rng.integers(1, 2000)), int(first), int(first + more)))
    got = arrange(spans)
    for i, (a, x) in enumerate(zip(spans, got.offsets)):
        assert x >= 0 and x + a.nbytes <= got.nbytes
        for b, y in list(zip(spans, got.offsets))[:i]:
            at_once = a.first <= b.last and b.first <= a.last
            assert not at_once or x + a.nbytes <= y or y + b.nbytes <= x
    assert got.live == max(sum(s.nbytes for s in spans if s.first <= t <= s.last) for t in range(30)) <= got.nbytes


def test_a_chain_of_products_takes_two_arrays() -> None:
    x, w = var((50, 50)), var((50, 50))
    y = x
    for _ in range(10):
        y = do("matmul", y, w)
    facts = build([x, w], [y]).facts
    assert facts.live == 2 * 50 * 50 * 4 and facts.fresh == 50 * 50 * 4


@pytest.mark.parametrize("shape", [(300,), (20, 30)], ids=str)
def test_what_is_dead_is_written_over(shape: tuple[int, ...], held: type[Both]) -> None:
    def f(x: Any) -> Any:
        for _ in range(4):
            x = (x * x).exp() / 3
            x = x - x.mean()
        return x.sum(0), x

    cr.compile(f)(cr.randn(*shape))
    facts = Both.made[0].facts
    assert facts.live <= 2 * 4 * 600 and not facts.numpy


def test_what_is_still_read_is_not_written_over(held: type[Both]) -> None:
    def f(x: Any) -> Any:
        y = (x * 2).exp()
        z = (y - y.mean()).exp()  # y is read again below, at another place, and later
        u = z + y.t() if y.ndim == 2 else z + y.flip(0)
        return (u - u.mean()).exp() + z, (z * y - u.sum()).exp().sum(), y[1:].sum()

    for shape in ((200,), (20, 20)):
        cr.compile(f)(cr.randn(*shape) / 8)  # at /4 the last exp is of 50, and makes 50 times the rounding of it


def test_results_that_are_parts_or_turned_lie_in_memory_of_their_own(rng):
    """Views of what a graph computes are written where they are wanted, whole or in part, beside it or alone."""
    x = cr.from_numpy(rng.standard_normal((6, 8)))
    views = {
        "turned": lambda y: y.T, "part": lambda y: y[1:, ::2], "flat": lambda y: y.reshape(-1),
        "spread": lambda y: y[:, :1].expand(6, 5), "turned part": lambda y: y[2:].T.reshape(4, 8),
        "both": lambda y: y.T[1],
    }  # fmt: skip
    among = [lambda v, y: (v,), lambda v, y: (v, y), lambda v, y: (y.sum(0), v, v + 1)]
    for (name, view), beside in product(views.items(), among):

        def f(x, view=view, beside=beside):
            y = x * 2 + 1
            return beside(view(y), y)

        fast = cr.compile(f)
        for a, b in zip(fast(x), f(x), strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=name)
        a = fast(x)[0]
        a.zero_()
        np.testing.assert_array_equal(fast(x)[0].numpy(), f(x)[0].numpy(), err_msg=name)
        assert (a == 0).all()


def _layers(rng):
    """A random program on matrices that are too large for registers, with sums of columns and rows among the rest."""
    steps = [(str(rng.choice(list(_LAYERS))), *rng.integers(0, 2**31, 3)) for _ in range(8)]

    def f(x, w, b):
        pool = [x, w @ w.T / 24, b * 1]
        for name, i, j, k in steps:
            matrices = [v for v in pool if v.dim() == 2]
            rows = [v for v in pool if v.dim() == 1 and len(v) == 24]
            m = matrices[i % len(matrices)]
            pool.append(_LAYERS[name](m, matrices[j % len(matrices)], rows[k % len(rows)], w))
        return sum((v * v).tanh().mean() for v in pool[3:])

    return f


_LAYERS = {
    "product": lambda a, b, r, w: (a @ w / 24).tanh(),
    "both": lambda a, b, r, w: (a.T @ a / 24)[: len(b)] if len(b) <= 24 else a,
    "row": lambda a, b, r, w: (a * r + 1) / 2,
    "columns": lambda a, b, r, w: a.mean(0),
    "squares of columns": lambda a, b, r, w: (a * a).sum(0) / 24,
    "rows": lambda a, b, r, w: a / (1 + (a * a).sum(1, keepdim=True)),
    "sigmoid": lambda a, b, r, w: a.sigmoid() * r,
    "part": lambda a, b, r, w: cr.cat([a[:, :8] * r[:8], a[:, 8:]], 1),
    "turned": lambda a, b, r, w: (a.T * 2).T + r,
    "vector": lambda a, b, r, w: (r * 0.5).cos(),
}


@pytest.mark.parametrize("seed", range(int(os.environ.get("CHAINRULE_PROGRAMS", "100")) // 20))
def test_random_programs_on_matrices_are_as_eager(seed, rng, monkeypatch):
    """Where arrays share memory as their lifetimes allow: what is not written yet is NaN."""
    made, plain = [], frame.Frame.__init__

    def poisoned(self, *args):
        plain(self, *args)
        made.append(self.between)

    monkeypatch.setattr(frame.Frame, "__init__", poisoned)
    rng = np.random.default_rng(seed)
    f = _layers(rng)
    x, w, b = (cr.from_numpy(rng.uniform(-1, 1, s)) for s in ((17, 24), (24, 24), (24,)))
    both = cr.func.value_and_grad(f, argnums=(0, 1, 2))
    want, fast = both(x, w, b), cr.compile(both)
    fast(x, w, b)
    for between in made:
        between[:] = 255  # of floats, NaN
    got = fast(x, w, b)
    for p, q in zip((got[0], *got[1]), (want[0], *want[1]), strict=True):
        np.testing.assert_allclose(p.numpy(), q.numpy(), rtol=1e-9, atol=1e-9, err_msg=f"seed {seed}")
    assert made


_TURNED = {  # what is computed of a matrix is read at its own place and, through something else, at another
    "product": lambda w, a: ((a + 1) * ((a * 2).T.tanh() + 1)) @ w,
    "sum": lambda w, a: (lambda v: v * v.sum())((a + 1) * ((a * 2).T.tanh() + 1)),
    "rows": lambda w, a: (lambda v: v / v.sum(1, keepdim=True))((a.exp() + 1) * ((a.exp() * 2).T.tanh() + 1)),
    "part": lambda w, a: ((a + 1) * a.tanh()[:, :1]) @ w,
    "flipped": lambda w, a: ((a + 1) * a.tanh().flip(0)) @ w,
}


@pytest.mark.parametrize("name", _TURNED)
def test_nothing_is_written_over_what_is_read_elsewhere(name, rng):
    w = cr.from_numpy(rng.uniform(-1, 1, (24, 24)))
    f = lambda w: _TURNED[name](w, w @ w)  # noqa: E731
    np.testing.assert_allclose(cr.compile(f)(w).numpy(), f(w).numpy(), rtol=1e-12, atol=1e-12)


def test_all_is_read_at_a_place_before_anything_is_written_there(rng, held):
    """What loops before have kept of a block is not read again: a result lies there, while others still read it."""
    w = cr.from_numpy(rng.uniform(-1, 1, (40, 40)))

    def f(w):
        a = w @ w
        return (a * 0.1).tanh().exp().sin() @ w, a * 2 + 1, a.cos()

    def summed(w):
        a = w @ w
        return (a * 0.1).tanh().exp().sin() @ w, (a * 3 + 1).sum()

    for g in (f, summed):
        for a, b in zip(cr.compile(g)(w), g(w), strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("steps", [2, 9])
def test_gated_cells_and_their_gradients(steps, rng):
    """Sums of columns that are added up much later; and rolled loops, whose turns are called with addresses."""
    shapes = (96, 8), (96, 32), (96,), (96,)
    weights = [cr.from_numpy(0.3 * rng.standard_normal(s)) for s in shapes]
    series, target = cr.from_numpy(rng.standard_normal((steps, 16, 8))), cr.from_numpy(rng.standard_normal((16, 32)))

    def loss(weights):
        wi, wh, bi, bh = weights
        h, n, kept = target * 0, target[0, 0] * 0, []
        for row in series:
            (ir, iz, i), (hr, hz, k) = (row @ wi.T + bi).chunk(3, -1), (h @ wh.T + bh).chunk(3, -1)
            r, z = (ir + hr).sigmoid(), (iz + hz).sigmoid()
            h, n = (1 - z) * (i + r * k).tanh() + z * h, n + h[0, 0]
            kept.append(h.mean(0))
        return ((h - target) ** 2).mean() + cr.stack(kept).square().sum() + n

    both = cr.func.value_and_grad(loss)
    fast, want = cr.compile(both), both(weights)
    for _ in range(2):
        got = fast(weights)
        for p, q in zip((got[0], *got[1]), (want[0], *want[1]), strict=True):
            np.testing.assert_allclose(p.numpy(), q.numpy(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("reverse", [False, True])
def test_scans_over_matrices(reverse, rng):
    """Carries that are small, large, kept or not, and what is read forwards and backwards."""
    xs, w = cr.from_numpy(rng.standard_normal((7, 9, 10))), cr.from_numpy(rng.standard_normal((10, 10)))
    start = cr.from_numpy(rng.standard_normal((9, 10))), cr.from_numpy(rng.standard_normal(3))

    def turn(c, x):
        h, small = c
        new = (h @ w + x).tanh()
        return (new, small * 0.5 + new[0, :3]), (new.sum(1), small, x * 2)

    def f(w, xs):
        (h, small), kept = cr.func.scan(lambda c, x: turn(c, x), start, xs, reverse=reverse)
        return (h.square().sum() + small.sum() + sum((k * k).sum() for k in kept)), (h, small, *kept)

    both = cr.func.grad(f, argnums=(0, 1), has_aux=True)
    fast = cr.compile(both)
    fast(w, xs)
    got, want = fast(w, xs), both(w, xs)
    for p, q in zip((*got[0], *got[1]), (*want[0], *want[1]), strict=True):
        np.testing.assert_allclose(p.numpy(), q.numpy(), rtol=1e-9, atol=1e-11)


def test_turns_are_called_in_one_piece_or_in_several(rng, monkeypatch):
    """By machine code, where all that they work on lies in arrays; forwards, backwards, with new numbers."""
    w = cr.from_numpy(rng.uniform(-1, 1, (10, 10)))
    f = lambda w, xs: cr.func.scan(lambda h, x: ((h @ w + x).tanh(),) * 2, xs[0], xs)[1].square().sum()  # noqa: E731
    both = cr.func.grad(f, argnums=(0, 1))
    fast, called, many = cr.compile(both), [], turns._many
    monkeypatch.setattr(turns, "_many", lambda: called.append(1) or many())
    for pieces in (1, 7, 1):
        xs = cr.from_numpy(rng.standard_normal((7, 9, 10)))
        monkeypatch.setattr(turns, "AT_ONCE", 10**9 if pieces == 1 else 0)
        called.clear()
        for p, q in zip(fast(w, xs), both(w, xs), strict=True):
            np.testing.assert_allclose(p.numpy(), q.numpy(), rtol=1e-10, atol=1e-12)
        assert len(called) == (2 if pieces == 1 else 14)


def test_small_values_that_all_turns_share_are_there_in_each(rng):
    """Unrolled code writes over small values that it needs no more: not over those of the next turn."""
    w, b = cr.from_numpy(rng.standard_normal((10, 10))), cr.from_numpy(rng.standard_normal(3))
    xs, start = cr.from_numpy(rng.standard_normal((6, 9, 10))), cr.from_numpy(rng.standard_normal((9, 10)))

    def turn(c, x):
        h, small, other = c
        small, other = (b + small).sin() * 2 + b, (other - b).cos() * small + small
        return ((h @ w + x + small.sum()).tanh(), small, other), (small * other).exp()

    def f(start, xs):
        (h, small, other), kept = cr.func.scan(turn, (start, start[0, :3] * 1, start[1, :3] * 1), xs)
        return h, small, other, kept

    fast = cr.compile(f)
    for _ in range(2):
        for p, q in zip(fast(start, xs), f(start, xs), strict=True):
            np.testing.assert_allclose(p.numpy(), q.numpy(), rtol=1e-10, atol=1e-12)


_CHAINS = {  # functions of what functions gave, and what else is needed of it
    "fraction": lambda x: (-(x * x - x + 1) / x.log().cos() ** 2).exp(),
    "powers of one base": lambda x: ((x**2.5 + x**0.3).log() * x**1.5).sin(),
    "a long way": lambda x: (lambda u: u.exp().log1p().tanh() * u)(1 / (x * x * x + x / (x + 3) + 2)),
    "many": lambda x: x.log().sin().exp().tanh().cos() + x.sin().exp(),
}


@pytest.mark.parametrize("name, dtype, n", [*zip(_CHAINS, [cr.float32, cr.float64] * 2, [1025, 1024, 5000, 1031])])
def test_chains_of_functions(name, dtype, n, rng, monkeypatch):
    """They go block by block through loops of their own: values, sums and gradients, with a block that is not whole."""
    loops: list[Any] = []
    monkeypatch.setattr(fused, "ahead", lambda *args: loops.append(fission.ahead(*args)) or loops[-1])
    f, x = _CHAINS[name], cr.from_numpy(rng.uniform(0.5, 1.5, n)).to(dtype)
    rtol = 1e-12 if dtype is cr.float64 else 1e-4
    fast = cr.compile(f)
    np.testing.assert_allclose(fast(x).numpy(), f(x).numpy(), rtol=rtol, atol=rtol)
    both = cr.value_and_grad(lambda x: f(x).sum())
    for got, want in zip(cr.compile(both)(x), both(x), strict=True):
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=rtol, atol=rtol)
    assert loops[0]


def test_what_numpy_made_is_given_out_as_it_is_and_only_that(rng):
    """A kernel's array is not copied; an input that a kernel hands on, and an array that is given out twice, are."""
    x, w = cr.from_numpy(rng.standard_normal((40, 60))), cr.from_numpy(rng.standard_normal((60, 50)))

    def f(x, w):
        y = x @ w
        return y, y.T, y, x.to(cr.float64), y[1:], cr.linalg.solve_triangular(x[:40, :40], y, upper=True)

    fast = cr.compile(f)
    first, second, want = (([a.numpy() for a in g(x, w)]) for g in (fast, fast, f))
    for a, b in zip(second, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
    for i, a in enumerate(second):
        assert not any(np.shares_memory(a, b) for j, b in enumerate([*first, w.numpy()]) if (i, j) != (3, 3))
        assert np.shares_memory(a, x.numpy()) <= (i == 3)
