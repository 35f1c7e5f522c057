"""A fit on a page: χ² over the parameters that move, the data and the curve beside it, all of it to be dragged."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.tensor import wrap

if TYPE_CHECKING:
    from chainrule.fitting.result import Fit


def shown(found: Fit, options: dict[str, Any]) -> Any:
    """The page of a fit: `options` are those of `page`."""
    from chainrule.see.page import page

    problem, _ = found._there()
    of, y, x = problem.parameters, problem.y, problem.x
    if y is None or x is None:
        raise ValueError("a page shows a fit of y over x: of others, page a function of the parameters")
    columns = [*x.values()] if isinstance(x, dict) else list(x) if isinstance(x, tuple) else [x]
    table = np.stack([column.numpy() for column in columns], axis=-1) if len(columns) > 1 else columns[0].numpy()
    if table.shape[1:] not in ((), (1,), (2,)) or y._a.size != len(table):
        raise ValueError(
            f"a page shows a fit of y over one column of x or two, but x has shape {list(table.shape)} and y "
            f"{list(y.shape)}: page a function of the parameters"
        )
    table = table[:, 0] if table.shape[1:] == (1,) else table

    def as_given(at: Any) -> Any:
        """x as the model takes it, from the page's."""
        if len(columns) == 1:
            at = at[:, None] if columns[0].ndim > table.ndim else at
            return dict.fromkeys(x, at) if isinstance(x, dict) else (at,) if isinstance(x, tuple) else at
        parts = [at[:, i] for i in range(len(columns))]
        return dict(zip(x, parts)) if isinstance(x, dict) else tuple(parts)

    def curve(at: Any, *values: Any) -> Any:
        return problem.model(as_given(at), of.completed(dict(zip(of.free, values)))).reshape(-1)

    data, wanted = wrap(table), wrap(y.numpy().reshape(-1))
    sigma = None if problem.sigma is None else problem.sigma.reshape(-1)

    def chi2(*values: Any) -> Any:
        r = curve(data, *values) - wanted
        r = r if sigma is None else r / sigma
        return (r * r).sum()

    named = [inspect.Parameter(name.replace(".", "_"), inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in of.free]
    free = [p.name for p in named]
    at = inspect.Parameter("x" if "x" not in free else "x_", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    shown = _signed(chi2, named)
    shown.letter = "χ²"  # type: ignore[attr-defined]  # by which the page writes its value
    start = {p.name: found.params[name] for p, name in zip(named, of.free)}
    title = problem.model.text or getattr(problem.model.model, "__name__", "").replace("<lambda>", "") or "χ²"
    return page(shown, data=(table, wanted.numpy()), model=_signed(curve, [at, *named]),
                **{"start": start, "title": title, **options})  # fmt: skip


def _signed(f: Callable[..., Any], parameters: list[inspect.Parameter]) -> Callable[..., Any]:
    """The function under the names that its arguments have for the user."""
    names = [p.name for p in parameters]

    def named(*args: Any, **given: Any) -> Any:
        return f(*args, *[given[n] for n in names[len(args) :]])

    named.__name__ = f.__name__
    named.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return named
