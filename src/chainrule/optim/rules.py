"""Optimiser rules: pure functions (parameter, gradient, state, options) -> (parameter, state), as plain arithmetic.

A rule does not know who is calling: `Optimizer.step` runs it on raw arrays, a compiled descent runs the same lines on
graph nodes, `differentiable=True` runs them on tensors. So a rule uses operators and ops alone. The state is a tuple in
the order of `Rule.start`, which says what each optimiser remembers and how it begins:

    a Python number   kept as a number (the step count), and handed to the rule as one
    Fill(value)       a tensor like the parameter, filled with the value
    None              nothing yet: the rule makes it in the first step, or, by the parameter's shape, never

The hyper-parameters follow under the names that a parameter group has for them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from chainrule.core.op import REGISTRY

State = tuple[Any, ...]
Start = Callable[[dict[str, Any]], dict[str, Any]]
sqrt, absolute, sign = REGISTRY["sqrt"], REGISTRY["abs"], REGISTRY["sign"]
maximum, where, clamp = REGISTRY["maximum"], REGISTRY["where"], REGISTRY["clamp"]
mean, total, matmul, transpose = REGISTRY["mean"], REGISTRY["sum"], REGISTRY["matmul"], REGISTRY["permute"]

CARRIES = ("momentum_buffer", "exp_avg", "prev")  # states that carry a parameter on the way that it went


class Fill(NamedTuple):
    """The start of a state that has the parameter's shape: this value everywhere."""

    value: float


class Rule:
    """An update and the start of its state, a function of the parameter group."""

    def __init__(self, update: Callable[..., tuple[Any, State]], start: Start) -> None:
        self.update = update
        self.start = start
        self.names = tuple(inspect.signature(update).parameters)[3:]
        self.hyper: Callable[[dict[str, Any]], tuple[Any, ...]] = itemgetter(*self.names)

    def __call__(self, p: Any, g: Any, state: State, *hyper: Any) -> tuple[Any, State]:
        """The new parameter and state."""
        return self.update(p, g, state, *hyper)


def _rule(start: Start) -> Callable[[Callable[..., Any]], Rule]:
    return lambda update: Rule(update, start)


def _moments(second: str) -> Start:
    return lambda group: {"step": 0.0, "exp_avg": Fill(0.0), second: Fill(0.0)}


def _choose(condition: Any, x: Any, y: Any) -> Any:
    """x or y by a condition on numbers: Python's choice, or an op where the numbers are being traced."""
    return (x if condition else y) if isinstance(condition, bool) else where(condition, x, y)


def _decayed(p: Any, g: Any, weight_decay: Any, maximize: bool) -> Any:
    """The gradient to descend: turned round to maximise, with the slope of weight_decay/2 |p|^2 added."""
    if maximize:
        g = -g
    return g + weight_decay * p if weight_decay != 0 else g


@_rule(lambda group: {"momentum_buffer": None} if group["momentum"] != 0 else {})
def sgd(
    p: Any, g: Any, state: State, lr: Any, momentum: Any, dampening: Any, weight_decay: Any, nesterov: bool,
    maximize: bool,
) -> Any:  # fmt: skip
    """Gradient descent with momentum (Sutskever et al., 2013)."""
    if maximize or weight_decay != 0:
        g = _decayed(p, g, weight_decay, maximize)
    if momentum != 0:
        held = state[0]
        buf = g if held is None else momentum * held + (1 - dampening) * g
        return p - lr * (g + momentum * buf if nesterov else buf), (buf,)
    return p - lr * g, state


def _adam_start(group: dict[str, Any]) -> dict[str, Any]:
    start = {"step": 0.0, "exp_avg": Fill(0.0), "exp_avg_sq": Fill(0.0)}
    return start | {"max_exp_avg_sq": Fill(0.0)} if group["amsgrad"] else start


@_rule(_adam_start)
def adam(
    p: Any, g: Any, state: State, lr: Any, betas: Any, eps: float, weight_decay: Any, amsgrad: bool, maximize: bool,
    decoupled_weight_decay: bool,
) -> Any:  # fmt: skip
    """Adam (Kingma and Ba, 2015); AMSGrad (Reddi et al., 2018); decoupled, AdamW (Loshchilov and Hutter, 2019)."""
    t, m, v, *greatest = state
    (b1, b2), t = betas, t + 1
    if decoupled_weight_decay:
        p, g = p * (1 - lr * weight_decay), -g if maximize else g
    else:
        g = _decayed(p, g, weight_decay, maximize)
    m = m + (1 - b1) * (g - m)
    v = b2 * v + (1 - b2) * (g * g)
    if amsgrad:
        greatest = [maximum(greatest[0], v)]
    scale = sqrt(greatest[0] if amsgrad else v) / (1 - b2**t) ** 0.5 + eps
    return p - lr / (1 - b1**t) * m / scale, (t, m, v, *greatest)


@_rule(_moments("exp_inf"))
def adamax(p: Any, g: Any, state: State, lr: Any, betas: Any, eps: float, weight_decay: Any, maximize: bool) -> Any:
    """Adam in the infinity norm (Kingma and Ba, 2015)."""
    t, m, u = state
    (b1, b2), t = betas, t + 1
    g = _decayed(p, g, weight_decay, maximize)
    m = m + (1 - b1) * (g - m)
    u = maximum(b2 * u, absolute(g) + eps)
    return p - lr / (1 - b1**t) * m / u, (t, m, u)


@_rule(lambda group: {"step": 0.0, "mu_product": 1.0, "exp_avg": Fill(0.0), "exp_avg_sq": Fill(0.0)})
def nadam(
    p: Any, g: Any, state: State, lr: Any, betas: Any, eps: float, weight_decay: Any, momentum_decay: float,
    decoupled_weight_decay: bool, maximize: bool,
) -> Any:  # fmt: skip
    """Adam with Nesterov's momentum (Dozat, 2016)."""
    t, product, m, v = state
    (b1, b2), t = betas, t + 1
    if decoupled_weight_decay:
        p, g = p * (1 - lr * weight_decay), -g if maximize else g
    else:
        g = _decayed(p, g, weight_decay, maximize)
    mu = b1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
    following = b1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
    product = product * mu
    m = m + (1 - b1) * (g - m)
    v = b2 * v + (1 - b2) * (g * g)
    scale = sqrt(v / (1 - b2**t)) + eps
    p = p - lr * (1 - mu) / (1 - product) * g / scale - lr * following / (1 - product * following) * m / scale
    return p, (t, product, m, v)


@_rule(_moments("exp_avg_sq"))
def radam(
    p: Any, g: Any, state: State, lr: Any, betas: Any, eps: float, weight_decay: Any, decoupled_weight_decay: bool,
    maximize: bool,
) -> Any:  # fmt: skip
    """Adam, rectified while the second moment rests on few gradients (Liu et al., 2020)."""
    t, m, v = state
    (b1, b2), t = betas, t + 1
    if decoupled_weight_decay:
        p, g = p * (1 - lr * weight_decay), -g if maximize else g
    else:
        g = _decayed(p, g, weight_decay, maximize)
    m = m + (1 - b1) * (g - m)
    v = b2 * v + (1 - b2) * (g * g)
    longest = 2 / (1 - b2) - 1
    length = longest - 2 * t * b2**t / (1 - b2**t)
    long_enough = length > 5.0
    n = _choose(long_enough, length, 5.0)  # keeps the root below real where it is not used
    rectifier = ((n - 4) * (n - 2) * longest / ((longest - 4) * (longest - 2) * n)) ** 0.5
    step = lr / (1 - b1**t) * m
    return p - _choose(long_enough, step * rectifier * (1 - b2**t) ** 0.5 / (sqrt(v) + eps), step), (t, m, v)


def _rmsprop_start(group: dict[str, Any]) -> dict[str, Any]:
    start: dict[str, Any] = {"step": 0.0, "square_avg": Fill(0.0)}
    if group["momentum"] > 0:
        start["momentum_buffer"] = Fill(0.0)
    return start | {"grad_avg": Fill(0.0)} if group["centered"] else start


@_rule(_rmsprop_start)
def rmsprop(
    p: Any, g: Any, state: State, lr: Any, alpha: float, eps: float, weight_decay: Any, momentum: float, centered: bool,
    maximize: bool,
) -> Any:  # fmt: skip
    """Steps divided by a moving root mean square of the gradient (Hinton, 2012; centred: Graves, 2013)."""
    t, v, *rest = state
    g = _decayed(p, g, weight_decay, maximize)
    v = alpha * v + (1 - alpha) * (g * g)
    spread = v
    if centered:
        rest[-1] = rest[-1] + (1 - alpha) * (g - rest[-1])
        spread = v - rest[-1] * rest[-1]
    step = g / (sqrt(spread) + eps)
    if momentum > 0:
        rest[0] = step = momentum * rest[0] + step
    return p - lr * step, (t + 1, v, *rest)


@_rule(lambda group: {"step": 0.0, "prev": Fill(0.0), "step_size": Fill(group["lr"])})
def rprop(p: Any, g: Any, state: State, etas: Any, step_sizes: Any, maximize: bool) -> Any:
    """Step sizes that grow while the gradient keeps its sign and shrink where it turns (Riedmiller and Braun, 1993)."""
    t, before, size = state
    if maximize:
        g = -g
    (shrink, grow), (least, most) = etas, step_sizes
    agreement = g * before
    size = where(agreement > 0, size * grow, where(agreement < 0, size * shrink, size))
    size = clamp(size, least, most)
    g = where(agreement < 0, 0.0, g)
    return p - sign(g) * size, (t + 1, g, size)


@_rule(lambda group: {"step": 0.0, "sum": Fill(group["initial_accumulator_value"])})
def adagrad(
    p: Any, g: Any, state: State, lr: Any, lr_decay: float, weight_decay: Any, eps: float, maximize: bool
) -> Any:
    """Steps divided by the root of the sum of all squared gradients (Duchi et al., 2011)."""
    t, total = state
    g = _decayed(p, g, weight_decay, maximize)
    total = total + g * g
    return p - lr / (1 + t * lr_decay) * g / (sqrt(total) + eps), (t + 1, total)


@_rule(lambda group: {"step": 0.0, "square_avg": Fill(0.0), "acc_delta": Fill(0.0)})
def adadelta(p: Any, g: Any, state: State, lr: Any, rho: float, eps: float, weight_decay: Any, maximize: bool) -> Any:
    """Steps in the parameter's own units: a ratio of moving root mean squares (Zeiler, 2012)."""
    t, v, d = state
    g = _decayed(p, g, weight_decay, maximize)
    v = rho * v + (1 - rho) * (g * g)
    delta = sqrt(d + eps) / sqrt(v + eps) * g
    return p - lr * delta, (t + 1, v, rho * d + (1 - rho) * (delta * delta))


@_rule(lambda group: {"step": 0.0, "eta": float(group["lr"]), "mu": 1.0, "ax": Fill(0.0)})
def asgd(
    p: Any, g: Any, state: State, lr: Any, lambd: float, alpha: float, t0: float, weight_decay: Any, maximize: bool
) -> Any:
    """Gradient descent that also averages the parameters passed through, in `ax` (Polyak and Juditsky, 1992)."""
    t, eta, mu, ax = state
    t, g = t + 1, _decayed(p, g, weight_decay, maximize)
    p = p * (1 - lambd * eta) - eta * g
    ax = ax + mu * (p - ax)
    since = t - t0
    return p, (t, lr / (1 + lambd * lr * t) ** alpha, 1 / _choose(since > 1, since, 1.0), ax)


@_rule(lambda group: {"step": 0.0, "row_var": None, "col_var": None, "variance": None})
def adafactor(
    p: Any, g: Any, state: State, lr: Any, beta2_decay: float, eps: Any, d: float, weight_decay: Any, maximize: bool
) -> Any:
    """Adam's second moment of a matrix by its rows and columns alone (Shazeer and Stern, 2018)."""
    t, rows, columns, v = state
    t, g, square = t + 1, -g if maximize else g, g * g
    tiny = np.finfo(g.dtype).eps.item() if eps[0] is None else eps[0]
    new = t**beta2_decay  # how much the newest square counts

    def lerp(held: Any, value: Any) -> Any:
        return (0.0 if held is None else held) + new * (value - (0.0 if held is None else held))

    if len(g.shape) > 1:
        rows, columns = lerp(rows, _mean(square, -1)), lerp(columns, _mean(square, -2))
        estimate = rows * columns / clamp(_mean(rows, -2), tiny, None)
    else:
        v = estimate = lerp(v, square)
    size = maximum(_norm(p), eps[1]) * _choose(lr < 1 / t**0.5, lr, 1 / t**0.5)
    if weight_decay != 0:
        p = p * (1 - lr * weight_decay)
    update = g / sqrt(clamp(estimate, tiny * tiny, None))
    return p - size * update / maximum(_norm(update) / d, 1.0), (t, rows, columns, v)


def _mean(x: Any, dim: int) -> Any:
    return mean(x, dim=(len(x.shape) + dim,), keepdim=True)


def _norm(x: Any) -> Any:
    """The root of the mean square."""
    return sqrt(mean(x * x, dim=tuple(range(len(x.shape))), keepdim=False))


@_rule(lambda group: {"momentum_buffer": Fill(0.0)})
def muon(
    p: Any, g: Any, state: State, lr: Any, weight_decay: Any, momentum: float, nesterov: bool, ns_coefficients: Any,
    eps: float, ns_steps: int, adjust_lr_fn: str | None,
) -> Any:  # fmt: skip
    """Momentum, with all singular values brought near 1 by Newton and Schulz's iteration (Jordan et al., 2024).

    PyTorch iterates in bfloat16; here it is done in the parameter's own precision, so steps differ by about a percent.
    """
    rows, columns = p.shape
    m = state[0] + (1 - momentum) * (g - state[0])
    x = g + momentum * (m - g) if nesterov else m
    if rows > columns:
        x = transpose(x, dims=(1, 0))
    x = x / clamp(sqrt(total(x * x, dim=(0, 1), keepdim=False)), eps, None)
    a, b, c = ns_coefficients
    for _ in range(ns_steps):
        gram = matmul(x, transpose(x, dims=(1, 0)))
        x = a * x + matmul(b * gram + c * matmul(gram, gram), x)
    if rows > columns:
        x = transpose(x, dims=(1, 0))
    ratio = 0.2 * max(rows, columns) ** 0.5 if adjust_lr_fn == "match_rms_adamw" else max(1, rows / columns) ** 0.5
    return p * (1 - lr * weight_decay) - lr * ratio * x, (m,)


@_rule(_moments("exp_avg_sq"))
def sparse_adam(p: Any, g: Any, state: State, lr: Any, betas: Any, eps: float, maximize: bool) -> Any:
    """Adam for the rows that have a gradient; the others, and what is remembered of them, stay as they are."""
    t, m, v = state
    (b1, b2), t, g = betas, t + 1, -g if maximize else g
    rest = tuple(range(1, len(g.shape)))
    met = (total(absolute(g), dim=rest, keepdim=True) if rest else absolute(g)) != 0
    m = where(met, m + (1 - b1) * (g - m), m)
    v = where(met, v + (1 - b2) * (g * g - v), v)
    step = lr * (1 - b2**t) ** 0.5 / (1 - b1**t) * m / (sqrt(v) + eps)
    return where(met, p - step, p), (t, m, v)
