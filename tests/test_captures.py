"""What a compiled function reads of Python's state, and changes in it: as the same function without."""

from __future__ import annotations

import collections
import copy
import dataclasses
import datetime
import enum
import functools
import gc
import itertools
import os
import random
import sys
import time
import types
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.compiler import function
from chainrule.compiler.captures import Captures
from chainrule.compiler.function import CompileWarning
from chainrule.compiler.interp import Interpreter
from chainrule.core.graph import TraceError

Change = Callable[[int], Any]


@pytest.fixture(autouse=True)
def interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function, "runner", Interpreter)


class Box:
    __slots__ = ("held",)


class Base:
    k = 1.0


class Settings(Base):
    def __init__(self) -> None:
        self.rate = 1.0
        self._hidden = 1.0

    @property
    def hidden(self) -> float:
        return self._hidden

    def __call__(self, x: Any) -> Any:
        return x * self.rate


@dataclasses.dataclass
class Data:
    rate: float = 1.0


class Kind(enum.Enum):
    A = 1.0
    B = 2.0


SCALE = 1.0


def scaled(x: Any) -> Any:
    return x * SCALE


def by_default(x: Any, k: list[float] = [1.0]) -> Any:  # noqa: B006
    return x * k[0]


def _attribute(o: Any, name: str) -> Change:
    return lambda i: setattr(o, name, float(i))


def _read() -> dict[str, tuple[Callable[[Any], Any], Change]]:
    """Functions of x, and what changes between two calls."""
    s, d, data, box, deque = Settings(), {"a": {"b": [1.0]}}, Data(), Box(), collections.deque([1.0])
    module, a, large, group = types.ModuleType("a_module"), np.ones(2), np.ones(100_000), {1}
    box.held, module.rate = 1.0, 1.0  # type: ignore[attr-defined]
    sys.modules["a_module"] = module
    table = {"f": lambda x: x}
    part = functools.partial(lambda x, k: x * k, k=1.0)
    layer, net, norm = nn.LeakyReLU(0.1), nn.Sequential(nn.LeakyReLU(0.1), nn.ELU()), nn.LayerNorm(2)
    buffers = nn.Module()
    buffers.register_buffer("b", cr.ones(2))
    opt = optim.SGD([cr.ones(1, requires_grad=True)], lr=0.1)
    normal = cr.distributions.Normal(cr.zeros(2), cr.ones(2), validate_args=False)
    inner, name, n = cr.compile(s), "rate", 0.0

    def outer(i: int) -> None:
        nonlocal n
        n = float(i)

    def imported(x: Any) -> Any:
        from a_module import rate

        return x * rate

    return {
        "attribute": (lambda x: x * s.rate, _attribute(s, "rate")),
        "attribute of a class": (lambda x: x * s.k, _attribute(Base, "k")),
        "attribute over a class": (lambda x: x * s.k, lambda i: i == 2 and setattr(s, "k", 7.0)),
        "property": (lambda x: x * s.hidden, _attribute(s, "_hidden")),
        "slot": (lambda x: x * box.held, _attribute(box, "held")),
        "dataclass": (lambda x: x * data.rate, _attribute(data, "rate")),
        "enum": (lambda x: x * data.rate.value, lambda i: setattr(data, "rate", list(Kind)[i % 2])),  # type: ignore[attr-defined]
        "by name": (lambda x: x * getattr(s, name), _attribute(s, "rate")),
        "by its dict": (lambda x: x * vars(s)["rate"], _attribute(s, "rate")),
        "callable": (s, _attribute(s, "rate")),
        "method": (s.__call__, _attribute(s, "rate")),
        "gradient of one": (cr.func.grad(lambda x: s(x).sum()), _attribute(s, "rate")),
        "batch of one": (cr.func.vmap(s), _attribute(s, "rate")),
        "compiled": (lambda x: inner(x), _attribute(s, "rate")),
        "partial": (part, lambda i: part.keywords.update(k=float(i))),
        "variable around": (lambda x: x * n, outer),
        "global of a helper": (lambda x: scaled(x), lambda i: globals().update(SCALE=float(i))),
        "default": (lambda x: by_default(x), lambda i: by_default.__defaults__[0].__setitem__(0, float(i))),  # type: ignore[index]
        "module": (lambda x: x * module.rate, _attribute(module, "rate")),
        "imported": (imported, _attribute(module, "rate")),
        "deep in containers": (lambda x: x * d["a"]["b"][0], lambda i: d["a"]["b"].__setitem__(0, float(i))),
        "length": (lambda x: x * sum(d["a"]["b"]), lambda i: d["a"]["b"].append(float(i))),
        "replaced container": (lambda x: x * d["a"]["b"][0], lambda i: d.update(a={"b": [float(i)]})),
        "deque": (lambda x: x * deque[0], lambda i: deque.__setitem__(0, float(i))),
        "set": (lambda x: x * len(group), lambda i: group.add(i)),
        "function in a dict": (lambda x: table["f"](x), lambda i: table.update(f=lambda x: x * i)),
        "kind of number": (lambda x: x.long() * s.rate, lambda i: setattr(s, "rate", [1, 1.0, True, -0.0][i])),
        "array": (lambda x: x * cr.tensor(a), lambda i: a.fill(i)),
        "array as a tensor": (lambda x: x * cr.from_numpy(a), lambda i: a.fill(i)),
        "large array": (lambda x: x * float(large[7]), lambda i: large.__setitem__(7, i)),
        "layer": (lambda x: layer(-x), _attribute(layer, "negative_slope")),
        "layer in a row": (lambda x: net(-x), _attribute(net[0], "negative_slope")),
        "layer replaced": (lambda x: net(-x), lambda i: net.__setitem__(0, [nn.ReLU(), nn.ELU()][i % 2])),
        "layer added": (lambda x: net(x), lambda i: net.append(nn.ELU())),
        "hook added": (lambda x: net(x), lambda i: net.register_forward_hook(lambda m, x, y: y * i)),
        "eps": (lambda x: norm(x), lambda i: setattr(norm, "eps", 0.1 * i + 0.1)),
        "buffer": (lambda x: x * buffers.b, lambda i: setattr(buffers, "b", cr.full((2,), float(i)))),
        "learning rate": (lambda x: x * opt.param_groups[0]["lr"], lambda i: opt.param_groups[0].update(lr=0.1 * i)),
        "distribution": (normal.log_prob, lambda i: setattr(normal, "loc", cr.full((2,), float(i)))),
        "default dtype": (lambda x: cr.ones(2) * x, lambda i: cr.set_default_dtype([cr.float32, cr.float64][i % 2])),
    }  # fmt: skip


@pytest.mark.parametrize("name", _read())
def test_what_is_read_is_looked_at_again(name: str) -> None:
    f, change = _read()[name]
    fast = cr.compile(f, fullgraph=True)
    try:
        for i in range(4):
            change(i)
            x = cr.tensor([1.0, 2.0])
            want, got = f(x), fast(x)
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got.detach().numpy(), want.detach().numpy(), rtol=1e-6)
        known = sum(map(len, fast.programs.values()))
        fast(x)
        assert sum(map(len, fast.programs.values())) == known > 0
    finally:
        cr.set_default_dtype(cr.float32)


def test_what_is_not_read_may_change() -> None:
    class Trainer:
        def __init__(self) -> None:
            self.rate, self.losses, self.epoch = 2.0, [0.0], 0

        def step(self, x: Any) -> Any:
            return x * self.rate

    trainer = Trainer()
    fast = cr.compile(trainer.step)
    for _ in range(3):
        trainer.losses.append(fast(cr.ones(1)).item())
        trainer.epoch += 1
        trainer.rate = float("2")  # an equal number is the same
    assert trainer.losses == [0.0, 2.0, 2.0, 2.0] and sum(map(len, fast.programs.values())) == 1


def _counter(kind: str) -> tuple[Callable[[Any], Any], Callable[[], Any]]:
    """A function of x that changes what it holds, and how to look at that."""
    n, seen, o, a, d, cells = 0, [], Settings(), np.zeros(2), collections.Counter(), {"k": [1.0]}
    rng, old, turn, rest = random.Random(0), np.random.RandomState(0), iter(range(99)), list(range(9))

    class Total:
        n = 0

        @classmethod
        def up(cls) -> int:
            cls.n += 1
            return cls.n

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.calls = 0
            self.register_buffer("mean", cr.zeros(2))

        def forward(self, x: Any) -> Any:
            self.calls += 1
            self.mean = 0.5 * self.mean + 0.5 * x
            return self.mean * self.calls

    layer = Layer()
    p = cr.ones(2, requires_grad=True)
    opt = optim.SGD([p], lr=0.5)

    def nonlocal_(x: Any) -> Any:
        nonlocal n
        n += 1
        return x * n

    def attribute(x: Any) -> Any:
        o.rate += 1
        o.last = x.sum()  # type: ignore[attr-defined]
        return x * o.rate

    def array(x: Any) -> Any:
        a[0] += 1
        return x * float(a[0])

    def counted(x: Any) -> Any:
        d["a"] += 1
        cells["k"][0] *= 2
        return x * d["a"]

    def step(x: Any) -> Any:
        opt.zero_grad()
        (p * x).sum().backward()
        opt.step()
        opt.param_groups[0]["lr"] *= 0.5
        return p.detach().clone()

    def generator() -> Any:
        yield from itertools.count()

    made = generator()
    return {
        "append": (lambda x: (seen.append(1), x * len(seen))[1], lambda: seen),
        "nonlocal": (nonlocal_, lambda: n),
        "attribute": (attribute, lambda: (o.rate, o.last.tolist())),  # type: ignore[attr-defined]
        "class": (lambda x: x * Total.up(), lambda: Total.n),
        "array": (array, a.tolist),
        "dict": (counted, lambda: (d, cells)),
        "pop": (lambda x: x * rest.pop(), lambda: rest),
        "layer": (layer, lambda: (layer.calls, layer.mean.tolist())),
        "learning rate": (step, lambda: opt.param_groups[0]["lr"]),
        "iterator": (lambda x: x * next(turn), lambda: next(turn)),
        "generator": (lambda x: x * next(made), lambda: next(made)),
        "random": (lambda x: x * rng.random(), rng.random),
        "numpy's random": (lambda x: x * old.rand(), old.rand),
    }[kind]  # type: ignore[return-value]


COUNTERS = [
    *"append nonlocal attribute class array dict pop layer iterator generator random".split(),
    "learning rate", "numpy's random",
]  # fmt: skip


@pytest.mark.parametrize("kind", COUNTERS)
def test_what_is_changed_is_changed_each_time(kind: str) -> None:
    (f, look), (g, see) = _counter(kind), _counter(kind)
    fast = cr.compile(g)
    with pytest.warns(CompileWarning, match=r"run as it is.*test_captures\.py"):
        got = [fast(cr.tensor([1.0, 2.0])).tolist() for _ in range(4)]
    assert got == [f(cr.tensor([1.0, 2.0])).tolist() for _ in range(4)] and look() == see()
    assert "run as it is" in fast.report()


@pytest.mark.parametrize("kind", COUNTERS)
def test_or_refused_and_then_nothing_is_changed(kind: str) -> None:
    (f, look), (_, see) = _counter(kind), _counter(kind)
    with pytest.raises(TraceError, match=r"cannot be run from a graph.*test_captures\.py"):
        cr.compile(f, fullgraph=True)(cr.tensor([1.0, 2.0]))
    if kind != "attribute":
        assert look() == see()


def test_the_line_is_told() -> None:
    seen: list[int] = []

    def f(x: Any) -> Any:
        y = x * 2
        seen.append(1)
        return y

    line = f.__code__.co_firstlineno + 2
    with pytest.raises(TraceError, match=rf'the length of seen: was 0, is 1 \("{__file__}", line {line}\)'):
        cr.compile(f, fullgraph=True)(cr.ones(1))
    assert not seen


def _inside() -> Any:
    import random as r

    return r.random()


@pytest.mark.parametrize("draw", [
    time.perf_counter, lambda: time.time_ns() % 10**9, random.random, lambda: random.gauss(0, 1), np.random.rand,
    lambda: np.random.default_rng().random(), lambda: datetime.datetime.now().timestamp(), _inside,
    lambda: float(int.from_bytes(os.urandom(4), "big")), lambda: scaled(random.uniform(0, 1)),
])  # fmt: skip
def test_another_answer_each_time(draw: Any) -> None:
    fast = cr.compile(lambda x: x * draw())
    with pytest.warns(CompileWarning, match="uses"):
        assert len({fast(cr.ones(1, dtype=cr.float64)).item() for _ in range(4)}) > 1


def test_what_prepares_itself_is_traced_the_next_time() -> None:
    class Lazy:
        @functools.cached_property
        def rate(self) -> float:
            return 3.0

    lazy = Lazy()
    fast = cr.compile(lambda x: x * lazy.rate)
    assert [fast(cr.ones(1)).item() for _ in range(3)] == [3.0] * 3 and len(fast.programs) == 1


# ------------------------------------------------------------------------------------------------------------- numbers


def test_numbers_among_the_arguments_are_inputs() -> None:
    def f(x: Any, a: float, k: int, *, b: float = 1.0) -> Any:
        return (x * a + k / (1 + b)) ** 2 / a - abs(-b) * k

    fast = cr.compile(f)
    for i in range(20):
        x = cr.tensor([1.0, 2.0], requires_grad=bool(i % 2))
        want, got = f(x, 0.5 + i, i, b=i / 7), fast(x, 0.5 + i, i, b=i / 7)
        np.testing.assert_allclose(got.detach().numpy(), want.detach().numpy(), rtol=1e-6)
        assert got.dtype == want.dtype
    assert len(fast.programs) == 2
    with pytest.raises(ZeroDivisionError):
        cr.compile(lambda x, a: x * (1 / a))(cr.ones(1), 0.0)


@pytest.mark.parametrize("f", [
    lambda x, a: x * 2 if a > 1 else x, lambda x, a: x.reshape(int(a), -1), lambda x, a: x * np.sin(a),
    lambda x, a: (x, a),
    lambda x, a: x * [1.0, 2.0, 3.0][int(a)], lambda x, a: cr.full((2,), a) * x, lambda x, a: x * float(f"{a}"),
    lambda x, a: x.clamp(max=a), lambda x, a: x * (a if isinstance(a, float) else 100), lambda x, a: x ** a,
    lambda x, a: x * cr.tensor(a), lambda x, a: x.long() * a, lambda x, a: x * (a // 2),
    lambda x, a: x * {1.0: 2.0}.get(a, 3),
])  # fmt: skip
def test_or_have_a_graph_of_their_own_where_their_value_decides(f: Any) -> None:
    fast = cr.compile(f, fullgraph=True)
    for a in (1.0, 2.0, 1.0):
        x = cr.tensor([1.0, 2.0])
        for got, want in zip(*[y if isinstance(y, tuple) else (y,) for y in (fast(x, a), f(x, a))], strict=True):
            assert type(got) is type(want)
            if isinstance(want, float):
                assert got == want
            else:
                np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-6)
                assert got.dtype == want.dtype


def test_integers_stay_integers() -> None:
    fast = cr.compile(lambda x, n: (x * n, x.long() * n, x * (2 * n + 1)))
    for n in (1, 2, 2**60, True):
        x = cr.tensor([1.0, 2.0])
        for got, want in zip(fast(x, n), (x * n, x.long() * n, x * (2 * n + 1))):
            assert got.dtype == want.dtype and got.tolist() == want.tolist()


# ------------------------------------------------------------------------------------------------------ copies, memory


def test_copies_and_pickles() -> None:
    cloudpickle = pytest.importorskip("cloudpickle")
    s = Settings()
    fast = cr.compile(lambda x: x * s.rate)
    fast(cr.ones(1))
    for other in (copy.deepcopy(fast), copy.copy(fast), cloudpickle.loads(cloudpickle.dumps(fast))):
        assert other(cr.ones(1)).item() == 1.0 and other.programs is not fast.programs
    layer = cr.compile(nn.Linear(2, 2))
    other = copy.deepcopy(layer)
    assert other.f is not layer.f and other(cr.ones(2)).equal(layer(cr.ones(2)))


def _trained() -> list[weakref.ref[Any]]:
    model = nn.Linear(2, 2)
    opt = optim.SGD(model.parameters(), lr=0.1)

    def step(x: Any, rate: float) -> Any:
        opt.zero_grad()
        loss = (model(x) * rate).sum()
        loss.backward()
        opt.step()
        return loss

    fast = cr.compile(step)
    for _ in range(3):
        fast(cr.ones(2), 0.5)
    return [weakref.ref(x) for x in (model, model.weight, fast, step)]


def test_what_is_gone_leaves_nothing_behind() -> None:
    gone = _trained()
    gc.collect()
    assert not any(r() for r in gone)


def test_kinds_of_calls_are_bounded() -> None:
    fast = cr.compile(lambda x, name: x + len(name))
    for i in range(function.MOST_PROGRAMS + 10):
        fast(cr.ones(1), str(i))
    assert len(fast.programs) == function.MOST_PROGRAMS


def test_looking_again_takes_no_longer_than_the_things_are_many() -> None:
    """Counted in calls of Python functions: there is one, for all that a training step reads."""
    net = nn.Sequential(*[nn.Linear(2, 2) for _ in range(5)])
    captures, calls = Captures([lambda x: net(x)]), 0

    def count(frame: Any, event: str, arg: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    assert captures.same()
    sys.setprofile(None)
    assert calls == 1
