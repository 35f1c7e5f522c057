"""A fit on a page: χ² over the parameters that move, the data and the curve beside it, all of it to be dragged."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chainrule.core.tensor import Tensor

if TYPE_CHECKING:
    from chainrule.fitting.result import Fit


def shown(found: Fit, options: dict[str, Any]) -> Any:
    """The page of a fit: `options` are those of `page`."""
    from chainrule.see.page import page

    problem, _ = found._there()
    of, y = problem.parameters, problem.y
    x = problem.x if isinstance(problem.x, Tensor) else None
    if isinstance(problem.x, dict) and len(problem.x) == 1:
        (x,) = problem.x.values()
    if y is None or x is None or y.ndim != 1:
        raise ValueError("a page shows a fit of y over one x: of others, page a function of the parameters")
    if any(of.values[name].ndim for name in of.free):
        raise ValueError("a page shows a fit whose parameters are numbers, not arrays")

    def curve(at: Any, *values: Any) -> Any:
        return problem.model({next(iter(problem.x)): at} if isinstance(problem.x, dict) else at,
                             of.completed(dict(zip(of.free, values))))  # fmt: skip

    def chi2(*values: Any) -> Any:
        r = curve(x, *values) - y
        r = r if problem.sigma is None else r / problem.sigma
        return (r * r).sum()

    named = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in of.free]
    at = inspect.Parameter("x" if "x" not in of.free else "x_", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    start = {name: found.params[name] for name in of.free}
    title = problem.model.text or getattr(problem.model.model, "__name__", "").replace("<lambda>", "") or "χ²"
    return page(_signed(chi2, named), data=(x.numpy(), y.numpy()), model=_signed(curve, [at, *named]),
                **{"start": start, "title": title, **options})  # fmt: skip


def _signed(f: Callable[..., Any], parameters: list[inspect.Parameter]) -> Callable[..., Any]:
    """The function under the names that its arguments have for the user."""
    names = [p.name for p in parameters]

    def named(*args: Any, **given: Any) -> Any:
        return f(*args, *[given[n] for n in names[len(args) :]])

    named.__name__ = f.__name__
    named.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return named
