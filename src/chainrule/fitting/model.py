"""What is fitted: a model with its data, or residuals, as a problem for the solver.

A model is a function, a text or a module; all of them become one function of named parameters that returns residuals.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np

from chainrule.api.backward import no_grad
from chainrule.api.creation import tensor
from chainrule.autograd import grad
from chainrule.base.dtypes import NAMES
from chainrule.compiler.function import compile
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor, wrap
from chainrule.fitting.parameters import Parameters
from chainrule.func.batching import vmap
from chainrule.func.derivatives import jvp
from chainrule.func.expression import Expression, parse
from chainrule.func.modules import functional_call

Array = Any
AT_ONCE = 2**20  # numbers of a Jacobian that are computed at once


# ------------------------------------------------------------------------------------------------------------ the data


def finite(a: Any, name: str) -> Array:
    """Data as an array of float64; refused where a number is missing, masked or infinite."""
    if np.ma.is_masked(a):
        at = np.argwhere(np.ma.getmaskarray(a))[0]
        raise ValueError(
            f"{name}[{', '.join(map(str, at))}] is masked, and a fit knows no masks: leave such points out before "
            "fitting, as x[ok], y[ok] with ok = ~np.ma.getmaskarray(y)"
        )
    try:
        raw = np.asarray(a.detach().numpy() if isinstance(a, Tensor) else a)
        if raw.dtype.kind == "c":
            raise TypeError("complex numbers are fitted as two columns, .real and .imag")
        found = np.array(raw, dtype=np.float64)  # a copy: what the user changes later is nothing to the fit
    except (TypeError, ValueError) as e:
        raise TypeError(f"{name} must hold real numbers, but got {type(a).__name__}: {e}") from None
    bad = np.argwhere(~np.isfinite(found))
    if len(bad):
        at = tuple(int(i) for i in bad[0])
        more = f", and {len(bad) - 1} more such" if len(bad) > 1 else ""
        where = f"{name}[{', '.join(map(str, at))}]" if at else name
        if name.startswith("start"):
            raise ValueError(f"{where} is {found[at]}{more}: give a finite number to begin with")
        raise ValueError(
            f"{where} is {found[at]}{more}: leave such points out before fitting, as x[ok], y[ok] with "
            "ok = np.isfinite(y)"
        )
    return found


def _is_frame(x: Any) -> bool:
    return hasattr(x, "columns") and hasattr(x, "to_numpy")


def columns(x: Any, name: str = "x") -> Any:
    """x as tensors of float64: one, a tuple of several, or a dict of columns by name."""
    if _is_frame(x):
        x = {str(column): x[column].to_numpy() for column in x.columns}
    if isinstance(x, Mapping):
        return {key: _tensor(finite(column, f"{name}[{key!r}]")) for key, column in x.items()}
    if isinstance(x, tuple):
        return tuple(_tensor(finite(column, f"{name}[{i}]")) for i, column in enumerate(x))
    return _tensor(finite(x, name))


def _tensor(a: Array) -> Tensor:
    return tensor(a, dtype=NAMES["float64"])


# ----------------------------------------------------------------------------------------------------------- the model


class Model:
    """A function of x and named parameters, however it was written.

    names: of the parameters, in order; of those, `optional` have a default, and are constants where no start is given.
    """

    def __init__(self, model: Any, x: Any, start: Any) -> None:
        self.model: Any = model
        self.text = model if isinstance(model, str) else None
        self.optional: tuple[str, ...] = ()
        self.by_position = False
        self.module = hasattr(model, "named_parameters") and callable(model)
        if isinstance(model, str):
            self.model = parse(model)
        if isinstance(self.model, Expression):
            self.text = self.model.text
            self._of_text(x, start)
        elif self.module:
            self.names = [name for name, p in model.named_parameters() if p.requires_grad]
        elif callable(model):
            self._of_function(model, x, start)
        else:
            raise TypeError(
                "the model must be a function model(x, *parameters), a text such as 'a*exp(-k*x) + c' or a module, but "
                f"got {type(model).__name__}"
            )

    def _of_text(self, x: Any, start: Any) -> None:
        variables = self.model.variables
        given = list(start) if isinstance(start, Mapping) else []
        if isinstance(x, Mapping):
            self.takes = [name for name in x if name in variables]
        elif "x" in variables and "x" not in given:
            self.takes = ["x"]
        else:
            self.takes = [name for name in variables if name not in given]
        if not self.takes or (len(self.takes) > 1 and not isinstance(x, Mapping)):
            raise ValueError(
                f"which variable of {self.text!r} is x? Its variables are {', '.join(variables)}, and a start is given "
                f"for {', '.join(given) or 'none by name'}: call it x, or pass x as a dict, {{'t': array}}"
            )
        self.names = [name for name in variables if name not in self.takes]

    def _of_function(self, f: Callable[..., Any], x: Any, start: Any) -> None:
        self.names, self.optional, self.takes, self.by_position = _signature(f, start, 1)
        if isinstance(x, Mapping) and any(name in x for name in self.names):
            first = self.takes
            self.takes = [name for name in (*first, *self.names) if name in x]
            self.names = [name for name in (*first, *self.names) if name not in x]
        else:
            self.takes = []

    def __call__(self, x: Any, parameters: dict[str, Tensor]) -> Any:
        if self.module:
            # copies, which a layer may change (statistics of batches)
            held = {n: b.double() if b.is_floating_point() else b for n, b in self.model.named_buffers()}
            held = {n: b.clone() for n, b in held.items()}
            return functional_call(self.model, {**parameters, **held}, (x,))
        if self.takes:
            return self.model(**({n: x[n] for n in self.takes} if isinstance(x, Mapping) else {self.takes[0]: x}),
                              **parameters)  # fmt: skip
        return self.model(x, *parameters.values()) if self.by_position else self.model(x, **parameters)


def _signature(f: Callable[..., Any], start: Any, skip: int) -> tuple[list[str], tuple[str, ...], list[str], bool]:
    """The parameters' names after `skip` others, those with a default, the others, and whether to call by position."""
    try:
        found = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        found = []
    kinds = [p.kind for p in found]
    if not found or inspect.Parameter.VAR_POSITIONAL in kinds:
        names = list(start) if isinstance(start, Mapping) else [f"p{i}" for i in range(len(list(start)))]
        return names, (), [], True
    named = [p for p in found if p.kind != inspect.Parameter.VAR_KEYWORD]
    first, rest = named[:skip], named[skip:]
    names = [p.name for p in rest]
    if len(named) < len(found) and isinstance(start, Mapping):  # **parameters
        names += [name for name in start if name not in names]
    default = tuple(p.name for p in rest if p.default is not inspect.Parameter.empty)
    return names, default, [p.name for p in first], inspect.Parameter.POSITIONAL_ONLY in [p.kind for p in rest]


class Residual:
    """A function that returns residuals itself, of any shape or in a tuple."""

    text, module = None, False

    def __init__(self, f: Callable[..., Any], start: Any) -> None:
        if not callable(f):
            raise TypeError(f"residuals= must be a function, but got {type(f).__name__}")
        if start is None:
            raise ValueError(
                "residuals= needs start=: a dict by the function's parameters, or a sequence in their order"
            )
        self.model: Any = f
        self.names, self.optional, _, self.by_position = _signature(f, start, 0)
        self.whole = ""  # "dict" or "vector": what a function of one argument is given
        if len(self.names) == 1:
            if isinstance(start, Mapping) and self.names[0] not in start:
                self.names, self.whole = list(start), "dict"
            elif not isinstance(start, Mapping) and np.ndim(start[0] if len(start) else 0) == 0 and len(start) > 1:
                self.whole = "vector"

    def __call__(self, x: Any, parameters: dict[str, Tensor]) -> Any:
        if self.whole == "dict":
            return self.model(parameters)
        return self.model(*parameters.values()) if self.by_position else self.model(**parameters)


# --------------------------------------------------------------------------------------------------------- the problem


class Problem:
    """Residuals of a vector, and their Jacobian: columns by forward mode, which are fewer than rows in every fit."""

    def __init__(self, model: Model | Residual, x: Any, y: Array | None, sigma: Array | None, of: Parameters) -> None:
        self.model, self.x, self.parameters = model, x, of
        self.y = None if y is None else _tensor(y)
        self.sigma = None if sigma is None else _tensor(sigma)
        self.batched, self.rows, self.eps = True, 1, float(np.finfo(float).eps)
        self.made = recall(model, of)

    def compute(self, x: Tensor) -> Tensor:
        """The residuals, as a vector, recorded."""
        return residuals(self.model, self.parameters, x, self.x, self.y, self.sigma)

    def residuals(self, x: Array) -> Array:
        """The residuals as an array."""
        got = self.made.run(self, x, False)
        if got is None:
            with no_grad(), np.errstate(all="ignore"):
                got = wrap(np.array(self.compute(wrap(np.array(x)))._a))  # which may be a tensor of the user's
        return self.doubles(got)

    def jacobian(self, x: Array) -> tuple[Array, Array]:
        """Residuals and Jacobian as arrays."""
        got = self.made.run(self, x, True)
        if got is None:
            return forward(self.compute, x, self)
        return self.doubles(got[0]), np.asarray(got[1]._a, dtype=np.float64).T

    def doubles(self, r: Tensor) -> Array:
        """Residuals as doubles; what a model of float32 tensors answers has the eps of float32."""
        self.eps = float(np.finfo(r._a.dtype).eps)
        return np.asarray(r._a, dtype=np.float64)

    def with_data(self, y: Array) -> Problem:
        """The same with other data."""
        other = copy(self)
        other.y = _tensor(y)
        return other

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "made"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.made = recall(self.model, self.parameters)


def residuals(model: Model | Residual, of: Parameters, at: Tensor, x: Any, y: Any, sigma: Any) -> Tensor:
    """The residuals of a model, as a vector."""
    got = model(x, of.by_name(at))
    if y is None:
        parts = got if isinstance(got, (tuple, list)) else (got,)
        for part in parts:
            if not isinstance(part, Tensor):
                raise TypeError(f"residuals= must return a tensor or a tuple of them, but got {type(part).__name__}")
        flat = [REGISTRY["reshape"](part, shape=(part._a.size,)) for part in parts]
        return flat[0] if len(flat) == 1 else REGISTRY["cat"](*flat, dim=0)
    if not isinstance(got, Tensor):
        raise TypeError(f"the model must return a tensor, in torch's style, but got {type(got).__name__}")
    shape = tuple(y._a.shape)
    if got._a.shape not in (shape, ()):
        raise ValueError(
            f"the model returns shape {list(got._a.shape)}, but y has shape {list(shape)}: let both be one"
        )
    r = got - y
    r = r if sigma is None else r / sigma
    return REGISTRY["reshape"](r, shape=(r._a.size,))


class Made:
    """The graphs of a model's residuals, and of them with their Jacobian: made where they are worth it.

    They take data and parameters as arguments, so another fit of the same model uses them again. A model that is no
    graph (it decides by values, or changes Python objects) is run as it is.
    """

    def __init__(self, model: Model | Residual, of: Parameters) -> None:
        def alone(at: Tensor, x: Any, y: Any, sigma: Any) -> Tensor:
            return residuals(model, of, at, x, y, sigma)

        def both(at: Tensor, x: Any, y: Any, sigma: Any) -> tuple[Tensor, Tensor]:
            return with_slopes(lambda t: residuals(model, of, t, x, y, sigma), at)

        self.spent: dict[int, int] = {}  # numbers computed without graphs, by how many residuals there are
        self.lanes: dict[Any, Any] = {}  # the same for many data sets at once, by how sigma goes with them
        self.graphs: dict[bool, Any] = {}
        if not model.module:
            self.graphs = {False: compile(alone, fullgraph=True), True: compile(both, fullgraph=True)}

    def run(self, problem: Problem, x: Array, slopes: bool) -> Any:
        """What a graph gives at x, or None where there is none (yet)."""
        spent = self.spent.get(problem.rows, 0)
        if not self.graphs or spent < WORTH:
            self.spent[problem.rows] = spent + 500 + problem.rows * (len(x) if slopes else 1)
            return None
        try:
            with no_grad():
                return self.graphs[slopes](wrap(np.array(x, dtype=np.float64)), problem.x, problem.y, problem.sigma)
        except (RuntimeError, TypeError, ValueError, NotImplementedError):  # if the model is wrong, running it says so
            self.graphs = {}
            return None


# Numbers of residuals and Jacobians (and 500 for a call) after which machine code is worth the time that it takes to
# make: the sixth Jacobian of a large fit, or the fiftieth small fit of a model.
WORTH = 300_000
KEPT = 16
_kept: dict[Any, Made] = {}


def recall(model: Model | Residual, of: Parameters) -> Made:
    """The graphs of a model with these parameters, that were made before or are new; the last KEPT are held."""
    held = [(name, of.values[name].tobytes()) for name in of.fixed]
    shapes = [(name, of.values[name].shape) for name in of.values]
    ties = [(name, tie.text if isinstance(tie.rule, Expression) else tie.rule) for name, tie in of.ties.items()]
    try:
        key = (type(model), model.text or model.model, *shapes, *held, *ties, tuple(getattr(model, "takes", ())))
        made = _kept.pop(key, None) or Made(model, of)
    except TypeError:  # not hashable
        return Made(model, of)
    _kept[key] = made
    while len(_kept) > KEPT:
        del _kept[next(iter(_kept))]
    return made


def with_slopes(f: Callable[[Tensor], Tensor], at: Tensor, chunk_size: int | None = None) -> tuple[Tensor, Tensor]:
    """f, a vector of a vector, and its slopes along each number of `at`, a row each: the Jacobian, turned.

    Rows, as each is computed whole: a Jacobian as `jacfwd` lays it out would be a copy more.
    """
    seen: list[Tensor] = []

    def along(v: Tensor) -> Tensor:
        y, slope = jvp(f, (at,), (v,))
        seen[:] = [y]  # which is the same along all
        return slope  # type: ignore[no-any-return]

    rows = vmap(along, randomness="same", chunk_size=chunk_size)(wrap(np.eye(at._a.size)))
    return seen[0], rows


def forward(f: Callable[[Tensor], Tensor], x: Array, how: Problem | None = None) -> tuple[Array, Array]:
    """f, a vector of a vector, and its Jacobian; where columns cannot go together (f decides by values), one by one."""
    at = wrap(np.array(x, dtype=np.float64))
    size, doubles = (how.rows, how.doubles) if how is not None else (1, lambda r: np.asarray(r._a, dtype=np.float64))
    with no_grad(), np.errstate(all="ignore"):  # what is not finite is found, and said
        if how is None or how.batched:
            try:
                y, rows = with_slopes(f, at, max(1, AT_ONCE // size))
                return doubles(y), np.asarray(rows._a, dtype=np.float64).T
            except RuntimeError:  # if f itself is wrong, the next lines say so
                if how is not None:
                    how.batched = False
        found = [jvp(f, (at,), (wrap(unit),)) for unit in np.eye(len(x))]
    return doubles(found[0][0]), np.stack([np.asarray(t._a, dtype=np.float64) for _, t in found], axis=1)


def unread(problem: Problem) -> list[str]:
    """The free parameters that nothing was computed from; an error if nothing was recorded at all."""
    of = problem.parameters
    pieces = {name: _tensor(of.values[name]).requires_grad_() for name in of.free}
    got = problem.model(problem.x, of.completed(pieces))
    parts = [
        y for y in (got if isinstance(got, (tuple, list)) else (got,)) if isinstance(y, Tensor) and y.requires_grad
    ]
    if not parts:
        raise ValueError(
            "the model does not depend on its parameters by anything that can be differentiated: was it computed by "
            "NumPy, from x.detach(), or from other tensors?"
        )
    total = parts[0].sum()
    for part in parts[1:]:
        total = total + part.sum()
    slopes = grad(total, list(pieces.values()), allow_unused=True)
    return [name for name, slope in zip(pieces, slopes) if slope is None]


def in_order(start: Any, names: Sequence[str]) -> dict[str, Any]:
    """A start by name, from a dict or a sequence in the parameters' order."""
    if isinstance(start, Mapping):
        return dict(start)
    given = [start] if isinstance(start, (int, float)) else list(start)
    if len(given) != len(names):
        raise ValueError(
            f"start has {len(given)} values for {len(names)} parameters ({', '.join(names)}): give one for each, in "
            "this order, or a dict by name"
        )
    return dict(zip(names, given))
