"""The same work as others do it, for `compiled.py`: JAX, PyTorch's inductor, NumPy on its BLAS, the bare machine.

Each function returns something to call, or raises `Missing` with the reason why it cannot be had here.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
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


def jax_scan(turn, begin, p, steps):
    j = jax()

    def f(p):
        return j.lax.scan(lambda c, _: (turn(p, *c), None), begin(p), None, length=steps)[0][2]

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


def jax_network(sizes=(2, 16, 16, 1), samples=100, classes=False):
    """One Adam step on a network, and the bytes that XLA takes between.

    classes: relu and cross entropy in the place of tanh and squares.
    """
    j = jax()
    t, tree = j.numpy, j.tree.map
    key = j.random.PRNGKey(0)
    start = [(n**-0.5 * j.random.normal(key, (n, m)), t.zeros(m)) for n, m in pairwise(sizes)]
    x, y = j.random.normal(key, (samples, sizes[0])), j.random.normal(key, (samples, 1))
    y = t.arange(samples) % sizes[-1] if classes else y

    def loss(p, x, y):
        for w, b in p[:-1]:
            x = j.nn.relu(x @ w + b) if classes else t.tanh(x @ w + b)
        z = x @ p[-1][0] + p[-1][1]
        return -j.nn.log_softmax(z)[t.arange(samples), y].mean() if classes else ((z - y) ** 2).mean()

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


def jax_gru(weights, x, target):
    """The gradient of the mean square between the last state of a gated cell, as PyTorch has it, and a target."""
    j = jax()
    t = j.numpy

    def f(weights):
        wi, wh, bi, bh = weights

        def cell(h, x):
            (ir, iz, i), (hr, hz, k) = t.split(x @ wi.T + bi, 3, -1), t.split(h @ wh.T + bh, 3, -1)
            r, z = j.nn.sigmoid(ir + hr), j.nn.sigmoid(iz + hz)
            n = t.tanh(i + r * k)
            return (1 - z) * n + z * h, None

        return ((j.lax.scan(cell, t.zeros(target.shape, "f4"), x)[0] - target) ** 2).mean()

    fast, weights = j.jit(j.grad(f)), [t.asarray(w) for w in weights]
    x, target = t.asarray(x), t.asarray(target)
    return lambda: j.block_until_ready(fast(weights))


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
