"""What a fit gives back: parameters with errors, what the data say of them, and how it ended."""

from __future__ import annotations

import html
import math
import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.base.columns import aligned
from chainrule.base.extras import extra
from chainrule.base.language import say
from chainrule.core.tensor import Tensor, wrap
from chainrule.fitting.explain import Freedom, together
from chainrule.fitting.levenberg import End
from chainrule.fitting.model import Problem, columns, forward
from chainrule.fitting.statistics import normal_quantile, student_quantile
from chainrule.fitting.words import ENDINGS, REASONS, at_bound, correlated, freedom, no_errors

if TYPE_CHECKING:
    from chainrule.fitting.bootstrap import Bootstrap

Array = Any


@dataclass(repr=False)
class Fit:
    """A fit, as `fit` returns it.

    params, errors: by name, floats (arrays for parameters that are arrays). The error of a fixed parameter is 0; of a
        tied one it is propagated; of one that the data do not determine, inf.
    covariance, correlation: between the numbers that vary, `labels` (fixed ones are left out).
    chi2: Σ residuals² (with a robust loss, twice SciPy's cost); dof: points less parameters; reduced_chi2: their ratio.
    residuals: (model - y) / sigma, in the shape of y; of `residuals=`, what the function returned, flat.
    r_squared: the share of the variance of y (weighted by 1/sigma²) that the model explains; aic, bic: n·log(χ²/n) plus
        2 or log(n) for each parameter.
    reason: "converged", "undetermined", "flat", "saddle", "short" (no lower point found), "non-finite", "steps done" or
        "stopped"; `message` says more, in the language that is chosen. success: whether it is "converged".
    notes: what is to be known besides: parameters that are not determined, at a bound, or correlated above 0.99.
    nfev, njev, steps: residuals and Jacobians computed, and steps made.
    """

    params: dict[str, Any]
    errors: dict[str, Any]
    labels: list[str]
    covariance: Array
    chi2: float
    dof: int
    residuals: Array
    reason: str
    steps: int
    nfev: int
    njev: int
    offset: float
    r_squared: float
    absolute_sigma: bool
    fixed: tuple[str, ...] = ()
    tied: dict[str, str] = field(default_factory=dict)
    freedoms: list[Freedom] = field(default_factory=list)
    bounds_met: list[tuple[str, float, bool]] = field(default_factory=list)
    near: str = ""  # a parameter to bound where the model is not finite
    limit: int = 0
    problem: Problem | None = None
    end: End | None = None
    solver: dict[str, Any] = field(default_factory=dict)
    like_tensor: bool = False

    @property
    def success(self) -> bool:
        """Whether the fit arrived at a minimum that determines all parameters."""
        return self.reason == "converged"

    @property
    def message(self) -> str:
        """How it ended, what was measured there, and what to do."""
        said = ENDINGS[self.reason](offset=self.offset, name=self.near, steps=self.steps)
        return "; ".join([said, *self.notes])

    @property
    def notes(self) -> list[str]:
        """What is to be known besides the numbers."""
        notes = [freedom(found) for found in self.freedoms]
        notes += [at_bound(*met) for met in self.bounds_met]
        if self.dof == 0 and not self.absolute_sigma:
            notes.append(no_errors())
        mine = [label for label in self.labels if label.partition("[")[0] not in self.tied]
        at = [self.labels.index(label) for label in mine]
        return notes + [correlated(*pair) for pair in together(self.correlation[np.ix_(at, at)], mine)]

    @property
    def reduced_chi2(self) -> float:
        """χ² for each degree of freedom; nan if there is none."""
        return self.chi2 / self.dof if self.dof else math.nan

    @property
    def correlation(self) -> Array:
        """The correlation matrix of `labels`."""
        size = np.sqrt(np.diag(self.covariance))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(np.eye(len(size), dtype=bool), 1.0, self.covariance / np.outer(size, size))

    @property
    def aic(self) -> float:
        """Akaike's criterion, n·log(χ²/n) + 2k, as lmfit has it."""
        return self._criterion(2.0)

    @property
    def bic(self) -> float:
        """The Bayesian criterion, n·log(χ²/n) + k·log(n)."""
        return self._criterion(math.log(np.size(self.residuals)))

    def _criterion(self, price: float) -> float:
        n = np.size(self.residuals)
        return (n * math.log(self.chi2 / n) if self.chi2 > 0 else -math.inf) + price * (n - self.dof)

    # ------------------------------------------------------------------------------------------------- the curve

    def _there(self) -> tuple[Problem, End]:
        if self.problem is None or self.end is None:
            raise ValueError(
                "this fit was pickled without its model, which is a function that cannot be pickled: fit a text, or a "
                "function at the top of a module"
            )
        return self.problem, self.end

    def _given(self, x: Any) -> tuple[Problem, End, Any]:
        problem, end = self._there()
        if problem.y is None:
            raise ValueError("a fit of residuals= has no model of x: compute the curve from fit.params")
        return problem, end, problem.x if x is None else columns(x)

    def predict(self, x: Any = None) -> Any:
        """The model at x (at the data's own if None): an array, or a tensor if y was one."""
        problem, end, at = self._given(x)
        got = problem.model(at, problem.parameters.by_name(wrap(end.x.copy()))).detach()
        return got if self.like_tensor else got.numpy()

    def band(self, x: Any = None, level: float = 0.95, prediction: bool = False) -> tuple[Array, Array]:
        """The band (low, high) in which the curve lies with probability `level`, by the linear model of it at x.

        prediction: the band in which a new point of the data lies: wider by the noise of one, which is
            √reduced_chi2 times sigma (sigma itself with absolute_sigma), so sigma must be one number there.
        """
        problem, end, at = self._given(x)

        def curve(t: Tensor) -> Tensor:
            got: Tensor = problem.model(at, problem.parameters.by_name(t))
            return got.reshape(-1)

        y, slopes = forward(curve, end.x)
        variance = np.einsum("ij,jk,ik->i", slopes, self._free_covariance(), slopes)
        if prediction:
            sigma = np.unique(1.0 if problem.sigma is None else problem.sigma.numpy())
            if len(sigma) > 1:
                raise ValueError("the noise of a new point is not known where sigma differs from point to point")
            variance = variance + float(sigma[0]) ** 2 * (1.0 if self.absolute_sigma else self.reduced_chi2)
        shape = np.shape(problem.model(at, problem.parameters.by_name(wrap(end.x.copy()))).detach().numpy())
        half = self._quantile(level) * np.sqrt(variance)
        return (y - half).reshape(shape), (y + half).reshape(shape)

    def _free_covariance(self) -> Array:
        problem, _ = self._there()
        at = [self.labels.index(label) for label in problem.parameters.labels]
        return self.covariance[np.ix_(at, at)]

    def _quantile(self, level: float) -> float:
        """How many errors belong to a level: Student's t, or the normal's if sigma is absolute."""
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, as 0.95; got {level!r}")
        if self.absolute_sigma:
            return normal_quantile((1 + level) / 2)
        return student_quantile(level, self.dof) if self.dof else math.inf

    def interval(self, name: str, level: float = 0.95, method: str = "profile") -> tuple[float, float]:
        """The interval (low, high) in which a parameter lies with probability `level`.

        method: "linear", parameter ± t · error; or "profile": all values at which χ², least by the other parameters,
            stays below χ²(1 + t²/dof) (χ² + z² with absolute_sigma). The profile may be lopsided, and inf or a bound
            where χ² does not rise as far; the linear one is its picture near the minimum.
        Source: Bates and Watts, Nonlinear Regression Analysis and Its Applications (1988), chapter 6.
        """
        from chainrule.fitting.profile import profile

        if name not in self.labels:
            raise ValueError(f"there is no {name!r} that varies; there are {', '.join(self.labels)}")
        if method not in ("profile", "linear"):
            raise ValueError(f"method must be 'profile' or 'linear', but got {method!r}")
        if not self.success:
            raise ValueError(f"an interval is that of a minimum, but the fit ended so: {self.message}")
        i = self.labels.index(name)
        error, t = math.sqrt(self.covariance[i, i]), self._quantile(level)
        if method == "linear":
            value = dict(self._rows())[name][0]
            return value - t * error, value + t * error
        problem, end = self._there()
        if name not in problem.parameters.labels:
            raise ValueError(f"{name} follows from others: its interval is method='linear', or tie the others to it")
        if not (math.isfinite(error) and math.isfinite(t)):
            return -math.inf, math.inf
        unit = 1.0 if self.absolute_sigma else self.reduced_chi2
        return profile(problem, end, problem.parameters.labels.index(name), t, error, unit, **self.solver)

    @property
    def derivatives(self) -> dict[str, Any]:
        """The model's derivative by each parameter as a formula (SymPy's), as `derive` finds it.

        Raises ValueError for parameters that are arrays, and what `derive` raises for a model that is no formula.
        """
        from chainrule.see.derive.formula import derive

        problem, _ = self._there()
        arrays = [name for name, value in self.params.items() if np.ndim(value)]
        if arrays:
            raise ValueError(
                f"a formula is of numbers, and {', '.join(arrays)} holds several: write a model whose parameters are "
                "numbers, a name for each"
            )
        found = derive(problem.model.text or problem.model.model).derivatives
        return {str(name): formula for name, formula in found.items() if str(name) in self.params}

    def bootstrap(self, n: int = 1000, seed: int = 0) -> Bootstrap:
        """Errors without the linear model: n fits to the curve with residuals drawn from this fit's own.

        seed: of the draws; the same seed gives the same samples. Where sigma differs, residuals are drawn in its units.
        Returns a `Bootstrap`: `samples`, `errors` and `interval(name)`.
        Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 9.
        """
        from chainrule.fitting.bootstrap import bootstrap

        return bootstrap(self, n, seed)

    def plot(self, ax: Any = None, level: float = 0.95, theme: str | None = None) -> Any:
        """Draw the data with error bars, the curve with its band, and the residuals below.

        ax: where to draw data and curve alone; else a figure is made, and an array of its two axes is returned.
        level: of the band. theme: "light" or "dark"; else as matplotlib is set.
        Raises ValueError where y does not stand over one x.
        """
        from chainrule.fitting.plot import draw

        return draw(self, level, ax, theme)

    def _page(self, **options: Any) -> Any:
        """What `page` shows of a fit: χ² over its parameters, with the data, the curve and what is left beside it."""
        from chainrule.fitting.page import shown

        return shown(self, options)

    # ------------------------------------------------------------------------------------------------- the report

    def _rows(self) -> list[tuple[str, tuple[float, float, str]]]:
        """(label, (value, error, kind)) of each number."""
        from chainrule.fitting.parameters import labels

        rows = []
        for name, value in self.params.items():
            kind = say("fixed") if name in self.fixed else f"= {self.tied[name]}" if name in self.tied else ""
            each = zip(labels(name, np.shape(value)), np.ravel(value), np.ravel(self.errors[name]))
            rows += [(label, (float(v), float(e), kind)) for label, v, e in each]
        return rows

    def _facts(self) -> list[tuple[str, str]]:
        facts = [
            ("χ²", f"{self.chi2:.6g}"), (say("degrees of freedom"), str(self.dof)),
            ("χ²/dof", f"{self.reduced_chi2:.6g}"), ("AIC", f"{self.aic:.6g}"), ("BIC", f"{self.bic:.6g}"),
        ]  # fmt: skip
        return facts if math.isnan(self.r_squared) else [*facts, ("R²", f"{self.r_squared:.6g}")]

    def _head(self) -> str:
        return say("{reason} after {steps} steps ({nfev} residuals, {njev} Jacobians)", reason=REASONS[self.reason](),
                   steps=self.steps, nfev=self.nfev, njev=self.njev)  # fmt: skip

    def _scaled(self) -> str:
        if self.absolute_sigma:
            return say("errors by sigma as it is given")
        return say("errors scaled by √(χ²/dof)")

    def __repr__(self) -> str:
        lines = [f"{self._head()}: {ENDINGS[self.reason](offset=self.offset, name=self.near, steps=self.steps)}"]
        table = [[label, f"= {v:.8g}", *_error(v, e, kind)] for label, (v, e, kind) in self._rows()]
        lines += ["  " + line for line in aligned(table)]
        lines += ["", *("  " + line for line in aligned([[a, f"= {b}"] for a, b in self._facts()]))]
        lines.append(f"  {self._scaled()}")
        if len(self.labels) > 1:
            small = [[a, b, f"{self.correlation[i, j]:+.3f}"] for i, a in enumerate(self.labels)
                     for j, b in enumerate(self.labels) if i < j and abs(self.correlation[i, j]) > 0.1]  # fmt: skip
            if small:
                lines += ["", "  " + say("correlation (above 0.1)"), *("  " + line for line in aligned(small))]
        return "\n".join([*lines, *("! " + note for note in self.notes)])

    def _repr_html_(self) -> str:
        def cells(row: Any, tag: str = "td") -> str:
            return "<tr>" + "".join(f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in row) + "</tr>"

        rows = [cells([label, f"{v:.8g}", " ".join(_error(v, e, kind))]) for label, (v, e, kind) in self._rows()]
        facts = [cells(fact) for fact in self._facts()]
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        head = html.escape(
            f"{self._head()}: {ENDINGS[self.reason](offset=self.offset, name=self.near, steps=self.steps)}"
        )
        return f"<p>{head}</p><table>{''.join(rows)}</table><table>{''.join(facts)}</table><ul>{notes}</ul>"

    def to_frame(self) -> Any:
        """The parameters as a pandas DataFrame: a row for each number, with value, error, low and high (of 95%)."""
        pandas = extra("pandas", "see", "to_frame()")
        t = self._quantile(0.95)
        rows = self._rows()
        table = {
            "value": [v for _, (v, _, _) in rows], "error": [e for _, (_, e, _) in rows],
            "low": [v - t * e if e else v for _, (v, e, _) in rows],
            "high": [v + t * e if e else v for _, (v, e, _) in rows],
        }  # fmt: skip
        return pandas.DataFrame(table, index=[label for label, _ in rows])

    def __getstate__(self) -> dict[str, Any]:
        state = dict(vars(self))
        try:
            pickle.dumps(self.problem)
        except Exception:  # what a function of the user's raises when it is pickled is not to be known
            state["problem"] = None
        return state


def _error(value: float, error: float, kind: str) -> list[str]:
    if not error and kind:
        return [f"({kind})", ""]
    share = f"({abs(error / value):.2%})" if value and math.isfinite(error) else ""
    return [f"± {error:.3g}", " ".join(filter(None, [share, kind]))]
