"""What a compiled function changes in place is written where it lives at once: as eager code leaves it, or not at all.

`make soak` runs many more of the random programs than the suite does.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

import chainrule as cr

pytest.importorskip("llvmlite", reason='llvmlite is not installed: pip install "chainrule[compile]"')

from chainrule.compiler.native import frame

PROGRAMS = max(25, int(os.environ.get("CHAINRULE_PROGRAMS", "0")) // 2)
N = 18  # of rows and columns: too many elements for registers

READ = {  # new values from some of what there is: a, b matrices, r a row
    "sum": lambda a, b, r: a * 0.5 + b,
    "curved": lambda a, b, r: (a - b).tanh(),
    "row": lambda a, b, r: a * r + 0.1,
    "rows": lambda a, b, r: a / (1 + (a * a).sum(1, keepdim=True)),
    "columns": lambda a, b, r: a - b.mean(0),
    "whole": lambda a, b, r: a * (b * b).mean(),
    "turned": lambda a, b, r: a + b.T,
    "flipped": lambda a, b, r: (a * 0.5).flip(0) - b,
    "product": lambda a, b, r: (a @ b / N).tanh(),
    "by NumPy": lambda a, b, r: a.cumsum(0) / N + b,
    "sorted": lambda a, b, r: a.sort(0)[0] - b * 0.1,
    "rolled": lambda a, b, r: a + b[[*range(1, N), 0]],
    "view by NumPy": lambda a, b, r: a.diagonal() + b * 0.5,
    "copy": lambda a, b, r: a.clone(),
    "kept": lambda a, b, r: (a * 0.1).tanh().exp().sin(),
}
CHANGE = {
    "add": lambda a, b, r: a.add_(b * 0.1),
    "over": lambda a, b, r: a.copy_(b),
    "times": lambda a, b, r: a.mul_(0.5),
    "mix": lambda a, b, r: a.lerp_(b, 0.3),
    "row": lambda a, b, r: a.sub_(r),
    "far": lambda a, b, r: a.copy_(b * 2 - 0.5),
    "curved": lambda a, b, r: a.addcmul_(b, b.tanh(), value=-0.5),
    "own turned": lambda a, b, r: a.mul_(a.T * 0.5 + b),
    "part": lambda a, b, r: a[2:9].mul_(0.7),
    "turned": lambda a, b, r: a.T.add_(b * 0.1),
    "set": lambda a, b, r: a.__setitem__(3, r),
    "zero": lambda a, b, r: a.zero_(),
    "clamp": lambda a, b, r: a.clamp_(-0.8, 0.8),
}


def _program(rng: Any) -> Any:
    """A random function of two matrices that reads and changes them, and matrices and a row outside."""
    ways = [(False, do) for do in READ.values()] * 2 + [(True, do) for do in CHANGE.values()] * 3
    steps = [(*ways[rng.integers(len(ways))], *rng.integers(0, 2**31, 3)) for _ in range(rng.integers(3, 10))]
    gives = rng.integers(0, 2**31, 2)

    def f(state: list[Any], row: Any, *arguments: Any) -> Any:
        old, pool = [*state, *arguments], [*state, *arguments]
        for changes, do, i, j, k in steps:
            a, b = (old if changes else pool)[i % (5 if changes else len(pool))], pool[j % len(pool)]
            got = do(a, a * 0.9 if a is b else b, row * 1 if k % 2 else pool[k % len(pool)][k % N] * 1)
            pool += [] if changes else [got]
        one, two = (pool[i % len(pool)] for i in gives)
        return one * 1, two.T.clone(), (pool[-1] * pool[-1]).sum(), old[0].T.clone()

    return f


def _world(f: Any, seed: int) -> tuple[Any, list[Any], list[Any]]:
    rng = np.random.default_rng(seed)
    state, arguments = ([cr.from_numpy(rng.uniform(-1, 1, (N, N))) for _ in range(n)] for n in (3, 2))
    row = cr.from_numpy(rng.uniform(-1, 1, N))
    return lambda *xs: f(state, row, *xs), state, arguments


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Fills the memory that runs work in with NaN when it is called."""
    frames, plain = [], frame.Frame.__init__

    def init(self: Any, *args: Any) -> None:
        plain(self, *args)
        frames.append(self.between)

    monkeypatch.setattr(frame.Frame, "__init__", init)

    def poison() -> None:
        for between in frames:
            between[:] = 255

    return poison


def _over(fast: Any) -> int:
    """How many changes are written to where they belong at once."""
    return sum(len(p.run.made.over) for ps in fast.programs.values() for p in ps)


def _swapped(s: Any, q: Any) -> None:
    old = s.clone()
    s.copy_(q)
    q.copy_(old)


def _twice(s: Any, q: Any, x: Any) -> Any:
    v = s * 0.5 + x
    s.copy_(v)
    q.copy_(v)
    return v


TELLING = {  # two matrices outside, an argument: what is read of the old, by whom and when
    "the old one": lambda s, q, x: (s.clone(), s.add_(x))[0],
    "the old one, turned": lambda s, q, x: (s.T.clone(), s.add_(x))[0],
    "a sum of the old one": lambda s, q, x: (s.sum(), s.mul_(x), q.add_(s.sum()))[0],
    "each other": lambda s, q, x: _swapped(s, q),
    "one after the other": lambda s, q, x: (s.add_(q), q.sub_(s * 0.1))[1].sum(),
    "an average": lambda s, q, x: q.lerp_(s.sub_(x * 0.1), 0.1).mean(),
    "the same in two places": _twice,
    "what NumPy makes of the new one": lambda s, q, x: s.add_(x).cumsum(0) + q.mul_(0.5).cumsum(1),
    "a product": lambda s, q, x: s.sub_((s @ q) * 0.1) @ q.T,
    "itself, turned": lambda s, q, x: s.mul_(s.T) * 1,
}


@pytest.mark.parametrize("name", TELLING)
@pytest.mark.parametrize("stride", [1, 2])
def test_who_reads_the_old_value_gets_it(name: str, stride: int, rng: Any, poisoned: Any) -> None:
    s, q, x = (rng.uniform(-1, 1, (N, stride * N)) for _ in range(3))
    ours, theirs = ([cr.from_numpy(a.copy()[:, ::stride]) for a in (s, q)] for _ in range(2))
    x = cr.from_numpy(x[:, ::stride])
    fast = cr.compile(lambda x: TELLING[name](*ours, x))
    for _ in range(3):
        got, want = fast(x), TELLING[name](*theirs, x)
        poisoned()
        pairs = [*zip(ours, theirs, strict=True), *([] if want is None else [(got, want)])]
        for a, b in pairs:
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12, atol=1e-12)
        assert [a._version for a in ours] == [a._version for a in theirs]


def test_what_numpy_sees_of_the_old_value_stays_as_it_was(rng: Any) -> None:
    s, q, x = (cr.from_numpy(rng.uniform(-1, 1, (N, N))) for _ in range(3))

    def f(x: Any, s: Any, q: Any) -> Any:
        rows = s.as_strided((5, N), (N, 1), N).clone()
        s.mul_(x.cumsum(0))
        q.add_(s)
        return (rows * s.mean()).cos().sum(0)

    t, r = s.clone(), q.clone()
    fast = cr.compile(lambda x: f(x, t, r))
    for _ in range(3):
        for a, b in ((fast(x), f(x, s, q)), (t, s), (r, q)):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12, atol=1e-12)


def test_a_run_that_raises_has_changed_nothing(rng: Any) -> None:
    """Whether a check finds something or NumPy does, before the change is written down or after."""
    s, q = (cr.from_numpy(rng.uniform(-1, 1, (N, N))) for _ in range(2))
    fine = cr.eye(N, dtype=cr.float64), cr.zeros(N, dtype=cr.int64)
    loss = cr.nn.functional.nll_loss

    def f(m: Any, labels: Any) -> Any:
        s.add_(1)
        first = cr.linalg.cholesky(m)
        q.mul_(first + 2)
        return loss(q, labels)

    fast = cr.compile(f)
    fast(*fine)
    assert _over(fast) == 1  # of the other one NumPy reads the new values
    for bad in (-fine[0], fine[1]), (fine[0], fine[1] + N):
        before = [(a.clone(), a._version) for a in (s, q)]
        with pytest.raises((RuntimeError, IndexError)):
            fast(*bad)
        assert all(a.equal(b) and a._version == n for a, (b, n) in zip((s, q), before, strict=True))
    fast(*fine)
    assert not s.equal(before[0][0])


def test_memory_that_must_not_be_written_to_is_left_alone(rng: Any) -> None:
    """Also where NumPy has a part in it; and the memory of something else."""
    for of in (lambda w, x: w.copy_(x.cumsum(0)), lambda w, x: w.copy_(x * 2)):
        a = rng.uniform(-1, 1, (N, N))
        w, x, before = cr.from_numpy(a), cr.ones(N, N, dtype=cr.float64), a.copy()
        fast = cr.compile(lambda x, of=of, w=w: of(w, x).sum())
        fast(x), fast(x)
        a[:] = before
        a.flags.writeable = False
        with pytest.raises(RuntimeError, match="written-to"):
            fast(x)
        np.testing.assert_array_equal(a, before)


@pytest.mark.parametrize("shape", [(N, N), (3,)])
@pytest.mark.parametrize("moves", [0, 1])
def test_what_has_come_to_lie_apart_is_traced_anew(shape: tuple[int, ...], moves: int) -> None:
    """Two names of one memory are one value of a graph, until one of them is given other memory."""
    for view in (lambda p: p.detach(), lambda p: p.data[:], lambda p: p[1:], lambda p: cr.from_numpy(p.numpy())):
        results = []
        for make in (cr.compile, lambda f: f):
            p = cr.ones(shape)
            both = p, view(p)
            fast = make(lambda x, p=p, q=both[1]: (p.add_(x).sum() * q).sum())
            fast(cr.ones(shape)), fast(cr.ones(shape))
            both[moves].data = cr.full(both[moves].shape, 5.0)
            results.append([*(fast(cr.ones(shape)) for _ in range(2)), *both])
        for a, b in zip(*results, strict=True):
            assert a.equal(b)


@pytest.mark.parametrize("shape", [(N, N), (3,)])
def test_what_has_come_to_lie_in_one_memory_is_refused(shape: tuple[int, ...]) -> None:
    """Eager code would see a change under both names; a graph that knows them as two must not run."""
    for share in (lambda p, q: p.data, lambda p, q: p.data[:]):
        p, q = cr.ones(shape), cr.ones(shape)
        fast = cr.compile(lambda x, p=p, q=q: (p.add_(x) * q).sum())
        fast(p * 2), fast(p * 2)
        q.data = share(p, q)
        before = p.clone()
        for _ in range(2):
            with pytest.raises(RuntimeError, match="lies in the same memory"):
                fast(before)
        assert p.equal(before)


def test_random_programs_leave_what_eager_code_leaves(poisoned: Any) -> None:
    seen = 0
    for seed in range(PROGRAMS):
        f = _program(np.random.default_rng(seed))
        (eager, s, xs), (traced, t, ys) = _world(f, seed), _world(f, seed)
        fast = cr.compile(traced)
        for _ in range(3):
            want, got = eager(*xs), fast(*ys)
            poisoned()
            for a, b in zip((*got, *t, *ys), (*want, *s, *xs), strict=True):
                np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-9, err_msg=f"seed {seed}")
            assert [a._version for a in (*t, *ys)] == [a._version for a in (*s, *xs)], f"seed {seed}"
        seen += _over(fast)
    assert seen > PROGRAMS / 6, "many programs write something in place"
