"""The same work as others do it, for `compiled.py`: JAX, PyTorch's inductor, NumPy on its BLAS, the bare machine.

Each function returns something to call, or raises `Missing` with the reason why it cannot be had here.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np


class Missing(Exception):
    """Why there is nothing to compare with."""


def jax():
    try:
        import jax
    except ImportError:
        raise Missing("JAX is not installed") from None
    return jax


def jax_gradient(f, x):
    j = jax()
    fast, x = j.jit(j.value_and_grad(f)), j.numpy.asarray(x)
    return lambda: j.block_until_ready(fast(x))


def jax_fraction(x):
    t = jax().numpy
    return jax_gradient(lambda x: t.exp(-(x**2 - x + 1) / t.cos(t.log(x)) ** 2).sum(), x)


def jax_scan(turn, p, steps):
    j = jax()

    def f(p):
        begin = 0.99 + 0 * p[0], 0.01 + 0 * p[0], 0 * p[0]
        return j.lax.scan(lambda c, _: (turn(p, *c), None), begin, None, length=steps)[0][2]

    with j.enable_x64(True):
        x = j.numpy.asarray(p)
        fast = j.jit(j.grad(f)).lower(x).compile()  # which stays one of doubles outside
    return lambda: j.block_until_ready(fast(x))


def jax_descent(f, x, lr, steps, many=False):
    j = jax()
    slope = j.grad(f)
    run = lambda x: j.lax.fori_loop(0, steps, lambda i, x: x - lr * slope(x), x)  # noqa: E731
    fast, x = j.jit(j.vmap(run) if many else run), j.numpy.asarray(x)
    return lambda: j.block_until_ready(fast(x))


def jax_jacobian(name, a, x):
    j = jax()
    a, x = j.numpy.asarray(a), j.numpy.asarray(x)
    fast = j.jit(getattr(j, name)(lambda x: j.numpy.tanh(a @ x)))
    return lambda: j.block_until_ready(fast(x))


def jax_hessian(f, x):
    j = jax()
    fast, x = j.jit(j.hessian(f)), j.numpy.asarray(x)
    return lambda: j.block_until_ready(fast(x))


def jax_network():
    """One Adam step on the network of `compiled.adam_step`, and the bytes that XLA takes between."""
    j = jax()
    t, tree = j.numpy, j.tree.map
    key = j.random.PRNGKey(0)
    sizes = (2, 16), (16, 16), (16, 1)
    start = [(0.3 * j.random.normal(key, s), t.zeros(s[1])) for s in sizes]
    x, y = j.random.normal(key, (100, 2)), j.random.normal(key, (100, 1))

    def loss(p, x, y):
        for w, b in p[:-1]:
            x = t.tanh(x @ w + b)
        return ((x @ p[-1][0] + p[-1][1] - y) ** 2).mean()

    def step(state, x, y):
        p, m, v, n = state
        value, g = j.value_and_grad(loss)(p, x, y)
        n = n + 1
        m = tree(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = tree(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        scale = lambda v: t.sqrt(v / (1 - 0.999**n)) + 1e-8  # noqa: E731
        p = tree(lambda p, m, v: p - 0.01 * (m / (1 - 0.9**n)) / scale(v), p, m, v)
        return (p, m, v, n), value

    fast = j.jit(step, donate_argnums=0)
    held = [(start, tree(t.zeros_like, start), tree(t.zeros_like, start), t.zeros(()))]
    between = fast.lower(held[0], x, y).compile().memory_analysis().temp_size_in_bytes

    def run():
        held[0], value = fast(held[0], x, y)
        return j.block_until_ready(value)

    return run, between


def inductor(f, x):
    """torch.compile of value and gradient; it needs a C++ compiler."""
    import torch

    if not shutil.which("g++") and not shutil.which("clang++"):
        raise Missing("inductor needs a C++ compiler")
    if " " in torch.__path__[0]:
        raise Missing("inductor links nothing in a folder whose name has a space")
    fast = torch.compile(f)

    def run():
        y = x.detach().requires_grad_()
        value = fast(y)
        value.backward()
        return value, y.grad

    return run


def least_squares(x, w, y):
    def run():
        r = x @ w - y
        return np.dot(r, r) / len(r), 2 * (x.T @ r) / len(r)

    return run


def copy(x, threads=4):
    """A copy of x's memory, by threads."""
    to, pool = np.empty_like(x), ThreadPoolExecutor(threads)
    cuts = [slice(i * len(x) // threads, (i + 1) * len(x) // threads) for i in range(threads)]
    return lambda: list(pool.map(lambda s: np.copyto(to[s], x[s]), cuts))


_PEAK = """
typedef float lane __attribute__((vector_size(64)));
void run(long n, float *out) {
    lane x[12], a = {}, b = {};
    for (int i = 0; i < 12; i++) for (int j = 0; j < 16; j++) x[i][j] = i;
    for (long k = 0; k < n; k++)
        for (int i = 0; i < 12; i++) x[i] = x[i] * a + b;
    for (int i = 1; i < 12; i++) x[0] += x[i];
    *out = x[0][0];
}
"""


def peak(multiply_adds, threads=4):
    """So many multiply-adds of float32, as fast as a C loop does them on all cores."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise Missing("the peak is measured by a C loop, and there is no C compiler")
    folder = Path(tempfile.mkdtemp())
    (folder / "peak.c").write_text(_PEAK)
    flags = ["-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, str(folder / "peak.c"), "-o", str(folder / "peak.so")], check=True)
    call = ctypes.CDLL(str(folder / "peak.so")).run
    call.argtypes = ctypes.c_long, ctypes.c_void_p
    pool, out = ThreadPoolExecutor(threads), np.zeros(threads, np.float32)
    rounds = max(1, int(multiply_adds / threads / (12 * 16)))
    return lambda: list(pool.map(lambda i: call(rounds, out[i:].ctypes.data), range(threads)))
