"""Fits of one model to many data sets: the same descent in every lane, on residuals and Jacobians of all at once.

Levenberg and Marquardt's damping, lane by lane, on the normal equations; a lane that has arrived, by the same relative
offset as a single fit (`levenberg`), is left alone. Whatever is not plain is not decided here: lanes that meet a bound,
do not arrive, are not determined or may stand on a saddle are fitted by themselves, as `fit` would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.api.backward import no_grad
from chainrule.compiler.function import compile
from chainrule.core.tensor import Tensor, wrap
from chainrule.descend.loop import Bar
from chainrule.fitting.levenberg import End, solve
from chainrule.fitting.model import Problem, residuals
from chainrule.func.batching import vmap
from chainrule.func.derivatives import jacfwd

Array = Any
AT_ONCE = 2**22  # numbers of all Jacobians that are computed at once
UNFIT = (RuntimeError, TypeError, ValueError, NotImplementedError)  # of models that cannot be batched or compiled
ROUNDS = 60  # steps in step; a lane that takes more goes on alone
SPREAD = 1e-10  # of curvatures in scaled parameters: a lane beyond is looked at alone


@dataclass(repr=False)
class Fits:
    """Fits of one model to many data sets, as `fit` returns them for y of shape (n, points).

    params, errors: by name, arrays with a fit in each row; covariance: (n, k, k), of the numbers that move, `labels`.
    chi2, reasons, success: one for each. `fits[i]` is the whole `Fit` of a row, with its report.
    """

    params: dict[str, Array]
    errors: dict[str, Array]
    labels: list[str]
    covariance: Array
    chi2: Array
    dof: int
    reasons: list[str]
    one: Callable[[int], Any] | None = field(default=None, repr=False)

    @property
    def success(self) -> Array:
        """Which fits have arrived."""
        return np.array([reason == "converged" for reason in self.reasons])

    def __len__(self) -> int:
        return len(self.reasons)

    def __getitem__(self, i: int) -> Any:
        if not -len(self) <= i < len(self):
            raise IndexError(f"there are {len(self)} fits, so none is number {i}")
        if self.one is None:
            raise ValueError("these fits were pickled without their model and data")
        return self.one(range(len(self))[i])

    def __repr__(self) -> str:
        counts = {reason: self.reasons.count(reason) for reason in dict.fromkeys(self.reasons)}
        lines = [f"{len(self)} fits: " + ", ".join(f"{n} {reason}" for reason, n in counts.items())]
        for name, value in self.params.items():
            if value.ndim == 1 and self.success.any():
                middle, error = np.median(value[self.success]), np.median(self.errors[name][self.success])
                lines.append(f"  {name}: median {middle:.6g}, median error {error:.3g}")
        return "\n".join(lines)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "one": None}


class Together:
    """Residuals and Jacobians of many lanes, by programs for two numbers of lanes: all of them, and few.

    As lanes arrive, fewer are left in each round; a program for each number would cost more than the fits.
    """

    def __init__(self, problem: Problem, ys: Array, sigma: Array | None) -> None:
        model, of, x = problem.model, problem.parameters, problem.x
        self.ys, self.sigma = ys, sigma

        own = None if sigma is None else sigma.ndim == ys.ndim  # whether each lane has its own sigma

        def alone(at: Tensor, x: Any, y: Tensor, s: Tensor) -> Tensor:
            return residuals(model, of, at, x, y, None if own is None else s)

        def both(at: Tensor, x: Any, y: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
            def twice(t: Tensor) -> tuple[Tensor, Tensor]:
                r = residuals(model, of, t, x, y, None if own is None else s)
                return r, r

            table, r = jacfwd(twice, has_aux=True)(at)
            return r, table

        self.x, self.own = x, own
        self.all = min(len(ys), _most(problem, ys))
        self.few = max(self.all // 16, min(self.all, 8))
        kept = problem.made.lanes
        self.made = kept.get(own) or [_lanes(f, 0 if own else None) for f in (alone, both)]
        kept[own] = self.made

    def __call__(self, xs: Array, lanes: Array, slopes: bool) -> Any:
        """The residuals of these lanes, or they and their Jacobians."""
        size = self.all if len(lanes) > 4 * self.few else self.few
        parts = [self._some(xs[i : i + size], lanes[i : i + size], size, slopes) for i in range(0, len(lanes), size)]
        if len(parts) == 1:
            return parts[0]
        return tuple(map(np.concatenate, zip(*parts))) if slopes else np.concatenate(parts)

    def _some(self, xs: Array, lanes: Array, size: int, slopes: bool) -> Any:
        n = len(lanes)
        if n < size:  # the last one is repeated
            at = np.minimum(np.arange(size), n - 1)
            xs, lanes = xs[at], lanes[at]
        whole = n == len(self.ys)
        y = self.ys if whole else self.ys[lanes]
        s = np.ones(1) if self.sigma is None else self.sigma if not self.own or whole else self.sigma[lanes]
        with no_grad():
            got = self.made[slopes](wrap(np.ascontiguousarray(xs)), self.x, wrap(y), wrap(s))
        return tuple([np.asarray(a._a)[:n] for a in got]) if slopes else np.asarray(got._a)[:n]


def _lanes(f: Callable[..., Any], sigmas: int | None) -> Callable[..., Any]:
    over = vmap(f, in_dims=(0, None, 0, sigmas))
    state: list[Callable[..., Any]] = [compile(over, fullgraph=True)]

    def run(*given: Any) -> Any:
        try:
            return state[0](*given)
        except UNFIT:
            if state[0] is over:
                raise
            state[0] = over
            return over(*given)

    return run


def _most(problem: Problem, ys: Array) -> int:
    """How many lanes to compute at once, for their Jacobians."""
    return max(1, AT_ONCE // (ys[0].size * (len(problem.parameters.start) + 1)))


def _portions(lanes: Array, size: int) -> Iterator[Array]:
    return (lanes[begin : begin + size] for begin in range(0, len(lanes), size))


def descend(
    together: Together, start: Array, low: Array, high: Array, steps: int, tol: float, told: Callable[[int], Any]
) -> tuple[Array, Array]:
    """All lanes from their starts; the points, and which of them have arrived inside the bounds."""
    n = len(start)
    x, arrived = start.copy(), np.zeros(n, bool)
    for lanes in _portions(np.arange(n), together.all):
        x[lanes], arrived[lanes] = _descend(together, x[lanes], lanes, low, high, steps, tol)
        told(int(lanes[-1]) + 1)
    return x, arrived


def _descend(
    together: Together, x: Array, lanes: Array, low: Array, high: Array, steps: int, tol: float
) -> tuple[Array, Array]:
    n, k = x.shape
    squares, slopes, cost, going = _normal(*together(x, lanes, True))
    dof = max(together.ys[0].size - k, 1)
    damping, growth, scale = np.full(n, 1e-3), np.full(n, 2.0), np.zeros((n, k))
    arrived, best, one = np.zeros(n, bool), np.full(n, np.inf), np.eye(k)
    for _ in range(min(steps, ROUNDS) + 1):
        i = np.flatnonzero(going)
        if not len(i):
            break
        lengths = np.sqrt(np.einsum("nii->ni", squares[i]))
        scale[i] = np.maximum(scale[i], lengths)
        unit = np.where(lengths > 0, lengths, 1.0)
        square, slope = squares[i] / (unit[:, :, None] * unit[:, None, :]), slopes[i] / unit
        full = np.linalg.solve(square + 1e-14 * one, slope[:, :, None])[:, :, 0]
        left = np.sqrt(np.maximum(np.einsum("ni,ni->n", full, slope), 0.0) / k)
        noise = np.sqrt(cost[i] / dof)
        offset = np.divide(left, noise, out=np.where(left > 0, np.inf, 0.0), where=noise > 0)
        there, stuck = offset <= tol, damping[i] > 1e12
        if there.any():
            curves = np.linalg.eigvalsh(square[there])
            inside = (x[i[there]] > low).all(axis=1) & (x[i[there]] < high).all(axis=1)
            arrived[i[there]] = inside & (curves[:, 0] > SPREAD * curves[:, -1])
        on = ~(there | stuck)
        going[i[~on]] = False
        i, offset, slope, square, unit = i[on], offset[on], slope[on], square[on], unit[on]
        if not len(i):
            break
        weight = damping[i, None] * (scale[i] / unit) ** 2
        step = -np.linalg.solve(square + (weight[:, :, None] + 1e-14) * one, slope[:, :, None])[:, :, 0]
        new = np.clip(x[i] + step / unit, low, high)
        gain = -np.einsum("nj,nj->n", step, 2 * slope + (square @ step[:, :, None])[:, :, 0])
        square, slope, value, ok = _normal(*together(new, lanes[i], True))
        with np.errstate(all="ignore"):
            ratio = np.where(ok, (cost[i] - value) / gain, -1.0)
            rounding = gain <= 1e-10 * cost[i]
            blind = ok & rounding & (value <= cost[i] * (1 + 1e-10)) & (offset < best[i])
        best[i] = np.where(rounding, np.minimum(best[i], offset), np.inf)
        took = (ratio > 1e-4) | blind
        j = i[took]
        x[j], squares[j], slopes[j], cost[j] = new[took], square[took], slope[took], value[took]
        better = np.clip(1 - (2 * ratio - 1) ** 3, 1 / 10, 1.0)  # Nielsen's rule (1999)
        damping[i] = np.where(took, damping[i] * np.where(blind, 0.1, better), damping[i] * growth[i])
        growth[i] = np.where(took, 2.0, 2 * growth[i])
    return x, arrived


def _normal(r: Array, jacobian: Array) -> tuple[Array, Array, Array, Array]:
    """The normal equations JᵀJ and Jᵀr of each lane, its cost, and whether all that is finite."""
    with np.errstate(all="ignore"):
        turned = np.swapaxes(jacobian, 1, 2)
        square, slope = turned @ jacobian, (turned @ r[:, :, None])[:, :, 0]
        cost = np.einsum("ij,ij->i", r, r)
    return (
        square,
        slope,
        cost,
        np.isfinite(cost) & np.isfinite(slope).all(axis=1) & np.isfinite(square).all(axis=(1, 2)),
    )


def falls(together: Together, x: Array, lanes: Array, k: int) -> Array:
    """Which lanes fall to the side of a place without slope: along the axes of their quadratic model."""
    found = np.zeros(len(lanes), bool)
    square, _, cost, _ = _normal(*together(x, lanes, True))
    curves, axes = np.linalg.eigh(square)
    for a in range(k):
        h = np.sqrt(1e-4 * cost / max(together.ys[0].size - k, 1) / np.maximum(curves[:, a], np.finfo(float).tiny))
        step = h[:, None] * axes[:, :, a]
        sides = [together(x + sign * step, lanes, False) for sign in (1.0, -1.0)]
        rise = sum(np.einsum("ij,ij->i", s, s) - cost for s in sides)
        found |= rise < -np.maximum(1e-3 * h**2 * np.maximum(curves[:, a], 0), 1e-12 * cost)
    return found


def at_once(
    problem: Problem, ys: Array, sigma: Array | None, start: Array, loss: Any, steps: int, tol: float,
    told: Callable[[int], Any] = lambda n: None,
) -> tuple[Together | None, Array, Array]:  # fmt: skip
    """Fits to the rows of ys in lanes: what computes them, the points, and which have arrived.

    There are none (None) for a robust loss or a model that cannot be batched: then all are for single fits.
    """
    none = None, start, np.zeros(len(ys), bool)
    if loss.rho is not None or problem.model.module:
        return none
    try:
        lanes = Together(problem, ys, sigma)
        return lanes, *descend(lanes, start, problem.parameters.low, problem.parameters.high, steps, tol, told)
    except UNFIT:
        return none


def together(problem: Problem, ys: Array, x: Array, solver: dict[str, Any]) -> tuple[Array, Array]:
    """Fits to the rows of ys, all from x: the points, and which have arrived; the others are for a single fit."""
    sigma = None if problem.sigma is None else problem.sigma.numpy()
    start = np.tile(x, (len(ys), 1))
    return at_once(problem, ys, sigma, start, solver["loss"], solver["steps"], 1e-6)[1:]


def fit_many(
    problem: Problem, ys: Array, sigma: Array | None, steps: int, tol: float, loss: Any, absolute: bool,
    made: Callable[[Problem, End], Any], progress: bool | None,
) -> Fits:  # fmt: skip
    """Fits to the rows of ys from the problem's start. made: what `fit` makes of an end."""
    bar = Bar(progress, len(ys), 0)

    def single(i: int) -> Problem:
        other = problem.with_data(ys[i])
        if sigma is not None:
            other.sigma = wrap(np.array(sigma if sigma.ndim < ys.ndim else sigma[i]))
        return other

    try:
        start = np.tile(problem.parameters.start, (len(ys), 1))
        lanes, xs, arrived = at_once(problem, ys, sigma, start, loss, steps, tol, bar.reached)
        at = np.flatnonzero(arrived)
        if lanes is not None and len(at):
            arrived[at] = ~falls(lanes, xs[at], at, xs.shape[1])
        return _gathered(problem, single, xs, arrived, ys, sigma, loss, steps, tol, absolute, made)
    finally:
        bar.close()


def _gathered(
    problem: Problem, single: Callable[[int], Problem], xs: Array, arrived: Array, ys: Array, sigma: Array | None,
    loss: Any, steps: int, tol: float, absolute: bool, made: Callable[[Problem, End], Any],
) -> Fits:  # fmt: skip
    """The result of all lanes, of which those that have not arrived are fitted alone."""
    of, n, k = problem.parameters, len(xs), xs.shape[1]
    points = ys[0].size
    dof = points - k
    covariance, chi2 = np.full((n, k, k), np.nan), np.full(n, np.nan)
    reasons = ["converged"] * n
    alone: dict[int, Any] = {}
    at = np.flatnonzero(arrived)
    if len(at):
        together = Together(problem, ys, sigma)
        for some in _portions(at, together.all):
            r, jacobian = together(xs[some], some, True)
            lengths = np.sqrt(np.einsum("nij,nij->nj", jacobian, jacobian))
            _, triangle = np.linalg.qr(jacobian / lengths[:, None, :])
            half = np.linalg.inv(triangle) / lengths[:, :, None]
            chi2[some] = np.einsum("ij,ij->i", r, r)
            factor = np.ones(len(some)) if absolute else chi2[some] / dof if dof else np.full(len(some), np.inf)
            covariance[some] = half @ np.swapaxes(half, 1, 2) * factor[:, None, None]
    for i in np.flatnonzero(~arrived):
        one = single(int(i))
        end = solve(one, of.start.copy(), of.low, of.high, loss, steps, tol, None)
        alone[int(i)] = found = made(one, end)
        xs[i], chi2[i], reasons[i] = end.x, found.chi2, found.reason
        where = [found.labels.index(label) for label in of.labels]
        covariance[i] = found.covariance[np.ix_(where, where)]
    params, errors = _named(problem, xs, covariance, alone)

    def whole(i: int) -> Any:
        if i not in alone:
            one = single(i)
            alone[i] = made(one, solve(one, xs[i].copy(), of.low, of.high, loss, steps, tol, None))
        return alone[i]

    return Fits(params, errors, list(of.labels), covariance, chi2, dof, reasons, whole)


def _followed(tie: Callable[[Tensor], Tensor], xs: Array) -> tuple[Array, Array]:
    """A tied parameter in each row, flat, and its slopes by the numbers that move."""

    def both(x: Tensor) -> tuple[Tensor, Tensor]:
        return tie(x).reshape(-1), jacfwd(lambda x: tie(x).reshape(-1))(x)

    try:
        values, slopes = (a.detach().numpy() for a in vmap(both)(wrap(xs.copy())))
    except UNFIT:
        alone = [[a.detach().numpy() for a in both(wrap(x.copy()))] for x in xs]
        values, slopes = (np.stack(each) for each in zip(*alone))
    return values, slopes


def _named(problem: Problem, xs: Array, covariance: Array, alone: dict[int, Any]) -> tuple[dict[str, Array], ...]:
    """Values and errors by name, a row for each fit."""
    of, n = problem.parameters, len(xs)
    sizes = np.sqrt(np.maximum(np.einsum("nii->ni", covariance), 0.0))
    params: dict[str, Array] = {}
    errors: dict[str, Array] = {}
    for name, value in of.values.items():
        if name in of.slices:
            params[name] = xs[:, of.slices[name]].reshape(n, *value.shape)
            errors[name] = sizes[:, of.slices[name]].reshape(n, *value.shape)
        elif name in of.ties:
            values, slopes = _followed(lambda x, name=name: of.by_name(x)[name], xs)
            shape = (n, *of.by_name(wrap(of.start.copy()))[name]._a.shape)
            spread = np.einsum("nij,njk,nik->ni", slopes, covariance, slopes)
            params[name], errors[name] = values.reshape(shape), np.sqrt(np.maximum(spread, 0.0)).reshape(shape)
        else:
            params[name] = np.broadcast_to(value, (n, *value.shape)).copy()
            errors[name] = np.zeros((n, *value.shape))
    for i, found in alone.items():
        for name in params:
            errors[name][i] = found.errors[name]
    return params, errors
