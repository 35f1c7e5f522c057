"""`fit`: parameters with their uncertainties, by least squares with exact derivatives."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from chainrule.core.op import REGISTRY
from chainrule.core.tape import store
from chainrule.core.tensor import Tensor, wrap
from chainrule.descend.loop import Bar
from chainrule.fitting.explain import freedoms, null_space
from chainrule.fitting.levenberg import End, solve
from chainrule.fitting.losses import LOSSES, Loss
from chainrule.fitting.model import Model, Problem, Residual, columns, finite, forward, in_order, unread
from chainrule.fitting.parameters import Parameters, labels
from chainrule.fitting.result import Fit

Array = Any
WORTH_A_PIECE = 4096  # numbers of data that are worth a worker, who makes machine code of the model anew


def fit(
    model: Any = None,
    x: Any = None,
    y: Any = None,
    start: Any = None,
    *,
    residuals: Callable[..., Any] | None = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    bounds: Any = None,
    fixed: str | Sequence[str] = (),
    tied: Mapping[str, Any] | None = None,
    loss: str = "linear",
    f_scale: float = 1.0,
    method: str = "lm",
    steps: int = 1000,
    tol: float = 1e-8,
    callback: Callable[[int, dict[str, Any], float], Any] | None = None,
    progress: bool | None = None,
    executor: Any = None,
) -> Any:
    """Fit a model to data by least squares: the parameters, their errors, and what the data do not tell.

    model: a function `model(x, *parameters)` in torch's style; or a text such as "a*exp(-k*x) + c" (parsed, never
        evaluated); or a module, whose parameters end at the minimum if the fit succeeds.
    x: one array; a tuple of arrays; or a dict or DataFrame, whose columns the model takes by name (where its parameters
        have these names; else it gets the dict). Of a text, "x" is the variable x, or the one without a start.
    y: the data, real numbers of the shape that the model returns.
    start: a dict by the parameters' names, or a sequence in their order; a parameter may be an array. A parameter that
        has a default in the function's signature and no start is a constant. May be left out for a module.
    residuals: in the place of model, x and y: a function of the parameters that returns residuals, a tensor of any
        shape or a tuple of them (several data sets with shared parameters).
    sigma: standard deviations of y, one or of y's shape. Residuals are (model - y) / sigma; χ² sums their squares.
    absolute_sigma: whether sigma is in the units of y. If not, only its ratios count, and the covariance is scaled so
        that χ²/dof is 1: (JᵀJ)⁻¹ · χ²/dof, so errors are scaled by √(χ²/dof), where dof is points less parameters. If
        so, it is (JᵀJ)⁻¹. This is the convention, and the default, of SciPy's `curve_fit`; lmfit's `scale_covar` is
        the opposite of it.
    bounds: {"k": (0, None)} by name, or a pair for all or for each in order, or SciPy's `Bounds`; None is an open side.
        An error at a bound is that of the model without bounds, and the result says which bounds were met.
    fixed: names of parameters that keep their start; they have no error.
    tied: {"k2": "2*k1"}, a text or a function of other parameters by their names; its error is propagated.
    loss: "linear", "huber", "soft_l1" or "cauchy", and `f_scale`, the residual from which it counts as an outlier: as
        SciPy's `least_squares` has them. Errors are those of its quadratic model, as `curve_fit`'s.
    method: "lm", Levenberg and Marquardt's as a trust region, inside bounds by an active set.
    steps: how many steps to make at most; one that is made shorter until it lowers χ² counts once.
    tol: the relative offset at which it has arrived: the step that is left, in standard errors.
    callback: called as `callback(step, params, chi2)` before each step, with arrays by name; True stops.
    progress: a progress bar; by default on a terminal or in a notebook, for fits of more than two seconds.
    executor: for many data sets, any `concurrent.futures.Executor` or Dask's `Client`, which is handed pieces of them.

    Where y has one dimension more than the model returns, (n, points), each row is a data set of its own, fitted from
    the same start; sigma may be one number, one a point, or like y. They are fitted together, in lanes, and the result
    is `Fits`: `params` and `errors` with a row for each, `fits[i]` the whole `Fit` of one.

    Returns a `Fit`; printed, it is a report. In it are `params`, `errors`, `covariance`, `correlation`, `chi2`, `dof`,
    `reduced_chi2`, `residuals`, `r_squared`, `aic`, `bic`; `predict(x)`, the curve, and `band(x)`, where it lies with
    95%; `interval(name)`, by profile; `bootstrap()`; `derivatives`, the formula of each; `plot()`, `to_frame()`, and
    `page(fit)` to drag it all. `success` is whether a minimum was reached that determines all parameters; `message`
    says what was measured, and what to do: a combination that the data leave free is named, as are bounds that were
    met, correlations above 0.99, and where it stopped if it did not arrive (a flat place, a saddle, a model that is not
    finite, all steps done).

    Everything is computed in float64, unless the model's own tensors are of another dtype. The Jacobian is exact, by
    forward mode, all columns at once; large fits, and models that are fitted often, run in machine code where llvmlite
    is installed.

    Raises ValueError for data that are not finite, fewer points than parameters, a parameter that the model does not
    read, a start outside its bounds, a sigma that is not positive, a model that is not finite at the start; TypeError
    for what is no model or no data. A fit that failed has changed nothing.

    Conventions are those of SciPy's `curve_fit` and `least_squares`: `sigma`, `absolute_sigma`, the covariance, the
    losses and their scale. An error is the square root of the covariance's diagonal, one standard deviation in the
    linear model; it leaves out the curvature of the model, as MINUIT's HESSE does not.

    Sources: J. J. Moré, "The Levenberg-Marquardt algorithm: implementation and theory", Lecture Notes in Mathematics
    630 (1978), the scaling and the trust region; M. K. Transtrum and J. P. Sethna, "Improvements to the
    Levenberg-Marquardt algorithm for nonlinear least-squares minimization", arXiv:1201.5885 (2012), on models whose
    parameters run away; D. M. Bates and D. G. Watts, "A relative offset orthogonality convergence criterion for
    nonlinear least squares", Technometrics 23 (1981), what an arrival is, and their Nonlinear Regression Analysis and
    Its Applications (1988), bands and intervals; B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap
    (1993); B. Triggs et al., "Bundle adjustment: a modern synthesis" (2000), robust losses; NIST's Statistical
    Reference Datasets (itl.nist.gov/div898/strd), whose 27 nonlinear problems are solved from both starts to the
    certified digits (`bench/nist.py` and the tests).

    >>> import chainrule as cr
    >>> x = cr.tensor([0.0, 1.0, 2.0, 3.0, 4.0])
    >>> y = cr.tensor([3.1, 2.2, 1.6, 1.4, 1.2])
    >>> found = cr.fit(lambda x, a, k, c: a * (-k * x).exp() + c, x, y, {"a": 1.0, "k": 0.5, "c": 0.0})
    >>> found.success, {name: round(value, 3) for name, value in found.params.items()}
    (True, {'a': 2.095, 'k': 0.592, 'c': 1.011})
    >>> round(cr.fit("a*exp(-k*x) + c", x, y, {"a": 1, "k": 0.5, "c": 0}).errors["k"], 3)
    0.068
    """
    _check(method, loss, f_scale, steps, tol, callback)
    options = {"absolute_sigma": absolute_sigma, "bounds": bounds, "fixed": fixed, "tied": tied, "loss": loss,
               "f_scale": f_scale, "steps": steps, "tol": tol}  # fmt: skip
    rows = None if residuals is not None or y is None else _rows(model, x, y, start, fixed, tied)
    if rows is not None:
        if callback is not None:
            raise ValueError("callback= is for one fit; for many data sets at once there is progress=")
        return _many(model, x, rows, start, sigma, options, progress, executor)
    if executor is not None:
        raise ValueError("executor= is for many data sets: y of shape (n, points), a data set in each row")
    problem = _problem(model, x, y, start, residuals, sigma, fixed, tied, bounds)
    of = problem.parameters
    begun = _begun(problem)
    how = Loss(loss, float(f_scale))
    bar = Bar(progress, steps, 0)

    def told(n: int, at: Array, cost: float) -> Any:
        bar.reached(n)
        return None if callback is None else callback(n, _values(of, at), cost)

    try:
        end = solve(problem, of.start.copy(), of.low, of.high, how, steps, float(tol), told, begun)
    finally:
        bar.close()
    found = _result(problem, end, how, bool(absolute_sigma), steps, float(tol))
    found.like_tensor = isinstance(y, Tensor)
    if problem.model.module and found.success:
        for name, p in problem.model.model.named_parameters():
            if name in found.params:
                store(p, np.asarray(found.params[name], dtype=p._a.dtype).reshape(p._a.shape))
    return found


def _begun(problem: Problem) -> tuple[Array, Array]:
    """Residuals and Jacobian at the start, looked at."""
    of = problem.parameters
    problem.rows = problem.y._a.size if problem.y is not None else len(problem.residuals(of.start))
    if problem.rows < len(of.start):
        raise ValueError(
            f"{problem.rows} points cannot determine {len(of.start)} parameters ({', '.join(of.labels)}): give more "
            "data, or fix some (fixed=)"
        )
    first, slopes = problem.jacobian(of.start)
    unused = unread(problem) if not slopes.any(axis=0).all() else []
    if unused:
        raise ValueError(
            f"the model does not read {', '.join(unused)}: leave it out of start, or fix it (fixed=({unused[0]!r},))"
        )
    bad = np.flatnonzero(~np.isfinite(first))
    if len(bad):
        raise ValueError(
            f"the model is not finite at the start: residual {bad[0]} is {first[bad[0]]} ({len(bad)} of {len(first)} "
            f"are not). Start elsewhere than {', '.join(f'{n}={v:g}' for n, v in zip(of.labels, of.start))}"
        )
    return first, slopes


def _rows(model: Any, x: Any, y: Any, start: Any, fixed: Any, tied: Any) -> Array | None:
    """y as many data sets, if it has one dimension more than the model returns; else None."""
    given = y._a if isinstance(y, Tensor) else y
    if np.ndim(given) < 2:
        return None
    data, named = finite(y, "y"), columns(x) if x is not None else None
    modelled = Model(model, named, start)
    of = Parameters(_started(modelled, start, tied), fixed, tied, None)
    got = modelled(named, of.by_name(wrap(of.start.copy())))
    if not isinstance(got, Tensor) or got._a.ndim != data.ndim - 1 or got._a.shape != data.shape[1:]:
        return None
    return data


def _many(
    model: Any, x: Any, ys: Array, start: Any, sigma: Any, options: dict[str, Any], progress: bool | None, executor: Any
) -> Any:
    """Fits to the rows of ys, here or by an executor."""
    from chainrule.descend.executors import executor_of, handed_out, workers
    from chainrule.fitting.many import Fits, fit_many

    weights = None if sigma is None else finite(sigma, "sigma")
    if weights is not None and weights.shape not in ((), ys.shape[1:], ys.shape):
        raise ValueError(f"sigma has shape {list(weights.shape)}: give one number, one a point, or one for each of y")
    if weights is not None:
        _weights(weights, weights.shape)
    o = options
    if executor is None:
        first = None if weights is None else weights[0] if weights.shape == ys.shape else weights
        problem = _problem(model, x, ys[0], start, None, first, o["fixed"], o["tied"], o["bounds"])
        how = Loss(o["loss"], float(o["f_scale"]))
        _begun(problem)
        absolute, steps, tol = bool(o["absolute_sigma"]), o["steps"], float(o["tol"])
        made = lambda one, end: _result(one, end, how, absolute, steps, tol)  # noqa: E731
        return fit_many(problem, ys, weights, steps, tol, how, absolute, made, progress)
    pool = executor_of("fit", executor)
    works = []
    most = -(-ys.size // WORTH_A_PIECE)
    for part in np.array_split(np.arange(len(ys)), min(len(ys), most, 4 * workers(pool))):
        mine = weights[part] if weights is not None and weights.shape == ys.shape else weights
        works.append((x, ys[part], start, mine, options))
    pieces: list[Fits] = handed_out(pool, model, _piece, works)
    joined = {name: {k: np.concatenate([getattr(p, name)[k] for p in pieces]) for k in pieces[0].params}
              for name in ("params", "errors")}  # fmt: skip

    def whole(i: int) -> Any:
        mine = weights[i] if weights is not None and weights.shape == ys.shape else weights
        return fit(model, x, ys[i], start, sigma=mine, **options)

    return Fits(
        joined["params"], joined["errors"], pieces[0].labels, np.concatenate([p.covariance for p in pieces]),
        np.concatenate([p.chi2 for p in pieces]), pieces[0].dof, [r for p in pieces for r in p.reasons], whole,
    )  # fmt: skip


def _piece(model: Any, x: Any, ys: Array, start: Any, sigma: Any, options: dict[str, Any]) -> Any:
    """Some of the data sets, in a worker."""
    return _many(model, x, ys, start, sigma, options, False, None)


def _check(method: str, loss: str, f_scale: Any, steps: Any, tol: Any, callback: Any) -> None:
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be a function of step, params and chi2; got {callback!r}")
    if method != "lm":
        raise ValueError(f"method must be 'lm', which takes bounds too; got {method!r}")
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {', '.join(LOSSES)}; got {loss!r}")
    for name, value in (("f_scale", f_scale), ("tol", tol)):
        if not isinstance(value, numbers.Real) or not 0 < float(value) < math.inf:
            raise ValueError(f"{name} must be a positive number; got {value!r}")
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 0:
        raise ValueError(f"steps must be a whole number, not negative; got {steps!r}")


def _problem(
    model: Any, x: Any, y: Any, start: Any, residuals: Any, sigma: Any, fixed: Any, tied: Any, bounds: Any
) -> Problem:
    """All that was given, looked at."""
    if residuals is not None:
        given = [n for n, v in {"model": model, "x": x, "y": y, "sigma": sigma}.items() if v is not None]
        if given:
            raise TypeError(
                f"residuals= stands for {', '.join(given)} too: the function has its data and weights itself"
            )
        what = Residual(residuals, start)
        return Problem(what, None, None, None, Parameters(_started(what, start, tied), fixed, tied, bounds))
    if model is None or y is None:
        raise TypeError("fit takes a model, x, y and a start, or residuals= and start=")
    named = columns(x) if x is not None else None
    data = finite(y, "y")
    modelled = Model(model, named, start)
    weights = None if sigma is None else _weights(sigma, data.shape)
    of = Parameters(_started(modelled, start, tied), fixed, tied, bounds)
    return Problem(modelled, named, data, weights, of)


def _weights(sigma: Any, shape: tuple[int, ...]) -> Array:
    found = finite(sigma, "sigma")
    if found.shape not in ((), shape):
        raise ValueError(
            f"sigma has shape {list(found.shape)}, but y has {list(shape)}: give one number, or one a point"
        )
    bad = np.argwhere(found <= 0)
    if len(bad):
        at = tuple(int(i) for i in bad[0])
        where = f"sigma[{', '.join(map(str, at))}]" if at else "sigma"
        raise ValueError(
            f"{where} is {found[at]:g}: a standard deviation is positive (leave a point of unknown weight out; of "
            "equal weights, give none)"
        )
    return found


def _started(model: Model | Residual, start: Any, tied: Mapping[str, Any] | None) -> dict[str, Array]:
    """The values at the start by name, in the model's order."""
    names = model.names
    if isinstance(model, Residual) and model.whole == "vector":
        return {names[0]: finite(start, names[0])}
    if model.module:
        now = dict(model.model.named_parameters())
        given = {**{name: now[name] for name in names}, **in_order(start if start is not None else {}, names)}
    elif start is None:
        raise ValueError(f"start is missing: give a value to begin with for {', '.join(names)}, as start={{...}}")
    else:
        given = in_order(start, names)
    for name in given:
        if name not in names:
            raise ValueError(f"the model does not read {name!r}: its parameters are {', '.join(names)}")
    lacking = [n for n in names if n not in given and n not in model.optional and n not in (tied or {})]
    if lacking:
        raise ValueError(f"start has no value for {', '.join(lacking)}: the parameters are {', '.join(names)}")
    order = [n for n in names if n in given or n in (tied or {})]
    return {name: finite(given.get(name, 0.0), f"start[{name!r}]") for name in order}


def _values(of: Parameters, x: Array) -> dict[str, Any]:
    """All parameters by name, as floats and arrays."""
    found = {name: value.detach().numpy() for name, value in of.by_name(wrap(np.array(x))).items()}
    return {name: float(v) if np.ndim(v) == 0 else np.array(v) for name, v in found.items()}


def _result(problem: Problem, end: End, loss: Loss, absolute: bool, steps: int, tol: float) -> Fit:
    of = problem.parameters
    params = _values(of, end.x)
    k = len(end.x)
    known = np.isfinite(end.square).all() and np.isfinite(end.jacobian).all()
    null, s, vt, lengths = null_space(*((end.jacobian, end.square) if known else (np.zeros((1, k)), np.zeros((k, k)))))
    dof = len(end.residuals) - len(s)  # what is free of the parameters explains nothing
    factor = 1.0 if absolute else end.cost / dof if dof else math.inf
    reason, free = end.reason, []
    if reason == "converged" and null.shape[1]:
        reason, free = "undetermined", freedoms(null, lengths, end.x, of.labels, _still(problem, end, lengths))
    elif reason == "converged" and _falls(problem, end, loss, vt / lengths, s, dof):
        reason = "saddle"

    half = (vt.T / s) / lengths[:, None]  # JᵀJ⁻¹ = half · halfᵀ, of what is determined
    moving = [name for name in params if name not in of.fixed]

    def everything(t: Tensor) -> Tensor:
        named = of.by_name(t)
        return REGISTRY["cat"](*[REGISTRY["reshape"](named[n], shape=(named[n]._a.size,)) for n in moving], dim=0)

    spread = forward(everything, end.x)[1] if of.ties else np.eye(len(end.x))  # how the tied follow the others
    root = spread @ half
    covariance = root @ root.T * factor if dof or absolute else np.full((len(spread),) * 2, math.inf)
    moved = np.abs(spread / lengths) @ np.abs(null)  # how far what is free could move a parameter, were it all one way
    loose = (np.abs(spread / lengths @ null) > 1e-7 * moved).any(axis=1)
    covariance[loose, :] = covariance[:, loose] = math.nan
    covariance[loose, loose] = math.inf
    names = [label for name in moving for label in labels(name, np.shape(params[name]))]
    sizes = dict(zip(names, np.sqrt(np.diag(covariance))))
    errors = {}
    for name, value in params.items():
        each = [float(sizes.get(label, 0.0)) for label in labels(name, np.shape(value))]
        errors[name] = each[0] if np.ndim(value) == 0 else np.array(each).reshape(np.shape(value))
    near = of.labels[int(np.abs(np.where(np.isfinite(end.x), end.x, 0)).argmin())].partition("[")[0]
    return Fit(
        params=params, errors=errors, labels=names, covariance=covariance, chi2=end.cost, dof=dof,
        residuals=end.residuals if problem.y is None else end.residuals.reshape(tuple(problem.y.shape)),
        reason=reason, steps=end.steps, nfev=end.nfev, njev=end.njev, offset=end.offset,
        r_squared=_r_squared(problem, end), absolute_sigma=absolute, fixed=of.fixed,
        tied={name: tie.text for name, tie in of.ties.items()}, freedoms=free,
        bounds_met=[(label, v, bool(end.held[of.labels.index(label)])) for label, v in of.at_bound(end.x)],
        near=near, limit=steps, problem=problem, end=end, solver={"loss": loss, "steps": steps, "tol": tol},
    )  # fmt: skip


def _still(problem: Problem, end: End, lengths: Array) -> Callable[[Array], bool]:
    """Whether residuals elsewhere are those at the end, beside how far the step would move them by itself."""

    def still(x: Array) -> bool:
        with np.errstate(all="ignore"):
            moved = np.linalg.norm(problem.residuals(x) - end.residuals)
        return bool(moved <= 1e-6 * np.abs(lengths * (x - end.x)).max())

    return still


def _falls(problem: Problem, end: End, loss: Loss, directions: Array, s: Array, dof: int) -> bool:
    """Whether the cost falls to the side of a place without slope: along the axes of its quadratic model."""
    of = problem.parameters

    @cache
    def blur() -> float:
        """How far rounding alone moves the cost: of residuals near to the last digits of y, farther than a fall."""
        moved = [loss.cost(problem.residuals(end.x * (1 + sign * 4 * problem.eps))) for sign in (1, -1)]
        return max(abs(cost - end.cost) for cost in moved)

    noise = 0.01 * math.sqrt(end.cost / max(dof, 1))
    if not noise or end.held.any() or _straight(problem, end, loss, directions.T / s, noise):
        return False
    for direction, size in zip(directions, s):
        h = noise / size
        both = [end.x + sign * h * direction for sign in (1, -1)]
        if any(((v < of.low) | (v > of.high)).any() for v in both):
            continue
        rise = sum(loss.cost(problem.residuals(v)) - end.cost for v in both)
        if rise < -max(1e-3 * (h * size) ** 2, 1e-12 * end.cost) and rise < -4 * blur():
            return True
    return False


def _straight(problem: Problem, end: End, loss: Loss, half: Array, h: float) -> bool:
    """Whether the curvature of the cost is JᵀJ's, which is positive, but for a share that is small in every direction.

    In units in which JᵀJ is 1, the curvature is 1 + M. M is applied twice to a direction at random, by differences of
    the slope: only one that is nearly at right angles to what M does more with could shrink both times.
    """
    of, v = problem.parameters, np.random.default_rng(0).standard_normal(half.shape[1])
    before, _ = loss.quadratic(end.residuals, end.jacobian)
    v, left = v / np.linalg.norm(v), 1.0
    for _ in range(2):
        at = end.x + h * (half @ v)
        if ((at < of.low) | (at > of.high)).any():
            return False
        with np.errstate(all="ignore"):
            r, jacobian = loss.quadratic(*problem.jacobian(at))
            v = half.T @ (r @ jacobian - before @ end.jacobian) / h - v
        size = float(np.linalg.norm(v))
        v, left = v / (size or 1.0), left * size
    return left < 1e-3


def _r_squared(problem: Problem, end: End) -> float:
    if problem.y is None:
        return math.nan
    y = problem.y.numpy().ravel()
    weight = (
        np.ones_like(y)
        if problem.sigma is None
        else np.broadcast_to(problem.sigma.numpy(), tuple(problem.y.shape)).ravel() ** -2.0
    )
    total = float(weight @ (y - (weight @ y) / weight.sum()) ** 2)
    return 1 - float(end.residuals @ end.residuals) / total if total > 0 else math.nan
