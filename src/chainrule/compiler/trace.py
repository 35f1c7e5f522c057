"""Tracing: run a function on values that have shapes but no numbers, and write down every operation.

The engine itself does the work: with a trace in the mode, ops are written into the graph instead of computed
(core/graph), and the trace stands between tensors and their memory:

    read(x)   the graph's value for a tensor: what was computed for it, or an input if it comes from outside
    write(x)  an in-place change: the memory gets a new value, which whoever shares it will read

A tensor from outside (a parameter, a buffer, optimiser state) is found by the memory it lies in, so that `p`, `p.data`
and `p.detach()` are one. Nothing outside is changed while tracing: changes are `effects`, applied after each run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple
from weakref import ref

import numpy as np

from chainrule.base import errors
from chainrule.compiler.outside import Outside, place
from chainrule.compiler.reads import Unreadable
from chainrule.core.engine import gradients
from chainrule.core.graph import Foreign, TraceError, Var, constant
from chainrule.core.number import decided
from chainrule.core.op import REGISTRY, Op
from chainrule.core.state import MODE, changed, current
from chainrule.core.tape import Node, store
from chainrule.core.tensor import LEAF, Tensor, bump, shareable, version, wrap
from chainrule.func.trees import flatten, unflatten

HISTORY = (
    "a compiled function changed {what} in place to values that have a history (requires_grad). Under a trace that "
    "history would be lost: change it under `with torch.no_grad():`, or by the detach() of the values."
)

LAYOUT = (
    "an in-place change of a value that was transposed and then reshaped: whether the two share memory depends on the "
    "layout in memory, which a trace does not know. Change the value before it is transposed, or clone it."
)


class Input(NamedTuple):
    """A value that each run fetches anew: `get()` gives an array of the shape and dtype of `var`."""

    var: Var
    get: Callable[[], Any]
    tensor: Tensor | None = None
    drawn: bool = False  # a random number: each run draws anew, in this order


class Effect(NamedTuple):
    """What a run does to the world besides returning: `apply(array)`; `var` is None for a plain action.

    Where it puts a value into the memory of a tensor from outside, `input` is the graph's value for what lay there.
    """

    var: Var | None
    apply: Callable[[Any], None]
    input: Var | None = None
    tensor: Tensor | None = None
    times: int = 1  # how often eager code would have changed it
    check: bool = False  # it may raise, and changes nothing: a run does it before it changes anything


class Guard(NamedTuple):
    """A fact that the graph rests on: `get()` must still give `value`."""

    what: str
    get: Callable[[], Any]
    value: Any


class Values:
    """The contents of a small array, to compare."""

    def __init__(self, a: np.ndarray[Any, Any]) -> None:
        self.key = a.shape, a.dtype.str, a.tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Values) and self.key == other.key

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{self.key[1]}{list(self.key[0])} of other values"


class Trace:
    """One recording in progress."""

    def __init__(self, structured: Any = None) -> None:
        self.structured = structured  # what makes ops of scan, cond and while_loop; None: they are written out
        self.inputs: list[Input] = []
        self.guards: list[Guard] = []
        self.effects: list[Effect] = []
        self.outside = Outside()
        self._memory: dict[Any, Var] = {}  # what lies now in each piece of outside memory
        self._first: dict[Any, Var] = {}
        self._born: dict[Any, np.ndarray[Any, Any]] = {}  # memory made inside: constants
        self._grads: dict[Any, Tensor] = {}  # by the memory of a .grad, the leaf it belongs to
        self._guarded: set[int] = set()  # tensors that share memory with others, known by that
        self._looked: set[int] = set()  # leaves whose .grad at the start is asked for
        self._forgotten: set[int] = set()  # leaves whose .grad is set to None before that
        self._numbers: dict[Any, Var] = {}
        self._puts: dict[Any, Callable[[Any], None]] = {}
        self.undo: list[Callable[[], Any]] = []  # what to do if the trace fails
        self._doubtful: dict[int, Tensor] = {}  # reshaped, without knowing whether the result shares their memory
        self._alive: list[Any] = []  # keeps memory addresses from being used again
        self.arguments: list[Tensor] = []
        self._start = Var((), np.dtype("bool")).id

    # ---- between tensors and memory

    def born(self, t: Tensor) -> None:
        """A tensor made inside the function: its first contents are a constant of the graph."""
        if isinstance(t._a, Var):  # drawn
            return
        a = shareable(t)
        self._alive.append(a)
        self._born[place(a)] = a.copy()

    def foreign(self, name: str) -> Foreign:
        """The op of code that is not the package's own."""
        return Foreign(name)

    def read(self, x: Tensor) -> Var:
        """The value that x holds at this point."""
        history = x._g
        while x._same is not None:
            x = x._same
        base = _base(x)
        if base is not None:
            value = self.read(base)
            self._together(x, base)
            for op, attrs, _ in x._path:
                value = op(value, **attrs)
            return value
        if isinstance(x._a, Var):
            if x._a.id < self._start:
                raise TraceError("a tensor that another trace made is used in this one: return it there instead")
            return x._a
        if not isinstance(x._a, (np.ndarray, np.generic)):
            return x._a  # a batch of the graph's values
        a = shareable(x)
        key = place(a)
        if key not in self._memory:
            self._memory[key] = self._first[key] = self._fetch(x, a, key)
            self._alive.append(a)
        self._together(x, self.outside.tensors.get(key, x))
        if history is LEAF:
            self._leaf(x)
        elif isinstance(history, Node) and current().grad and history.id < self.outside.start:
            raise TraceError(
                "a compiled function refers to a tensor that was computed outside and has a history (grad_fn="
                f"<{history.name()}>). Pass it as an argument, or refer to its detach()."
            )
        return self._memory[key]

    def _fetch(self, x: Tensor, a: np.ndarray[Any, Any], key: Any) -> Var:
        if key in self._born:
            return constant(self._born[key])
        leaf = self._grads.get(key)
        if leaf is not None:
            self.meet(leaf)
        self.outside.found(key, x)
        var = Var(a.shape, a.dtype)
        var.moved = not a.flags.c_contiguous
        if leaf is None:
            self.inputs.append(Input(var, lambda: x._a, x))
        else:
            self.inputs.append(Input(var, lambda: leaf._grad._a))  # type: ignore[union-attr]
        return var

    def _together(self, x: Tensor, y: Tensor) -> None:
        """Two tensors from outside are known by one piece of memory, until one is given another (`x.data = y`)."""
        if x is y or id(x) in self._guarded or not all(isinstance(t._a, np.ndarray) for t in (x, y)):
            return
        self._guarded.add(id(x))
        a, b = ref(x._a), ref(y._a)  # type: ignore[type-var]
        self.guards.append(Guard("that two tensors share memory", lambda: a() is x._a and b() is y._a, True))

    def _leaf(self, x: Tensor) -> bool:
        """Whether x is a leaf from outside; its `.grad` will be put back."""
        if not isinstance(x._a, Var) and id(x) not in self.outside.leaves:
            held = self.outside.leaf(x)
            if held is not None:
                self._grads[place(shareable(held))] = x
        return not isinstance(x._a, Var)

    def meet(self, x: Tensor) -> None:
        """The `.grad` of a leaf is looked at, or gathered into: what follows rests on whether there was one."""
        if self._leaf(x) and id(x) not in self._forgotten:
            self._looked.add(id(x))

    def forget(self, x: Tensor) -> None:
        """The `.grad` of a leaf is set to None: from here on nothing rests on the one that was there."""
        if self._leaf(x) and id(x) not in self._looked:
            gathered = x._grad is not self.outside.leaves[id(x)][1] and id(x) not in self._forgotten
            (self._looked if gathered else self._forgotten).add(id(x))

    def write(self, x: Tensor, value: Any) -> None:
        """Change what x's memory holds from here on."""
        while x._same is not None:
            x = x._same
        if hasattr(x._a, "write"):
            x._a.write(value)
            return
        if not isinstance(value, Var):
            value = constant(value)
        if value.dtype != x._a.dtype or value.weak:
            value = REGISTRY["cast"](value, dtype=x._a.dtype)
        if value.shape != tuple(x._a.shape):
            value = REGISTRY["expand"](value, shape=tuple(x._a.shape))
        if not value.packed:
            value = REGISTRY["clone"](value)  # as it lies in x's memory: products and sums may round by that
        if not isinstance(x._a, Var):
            self.outside.written(x)
        base = _base(x)
        if base is not None:
            path = tuple((op, attrs) for op, attrs, _ in x._path)
            if any(op.name == "expand" for op, _ in path):
                raise RuntimeError(errors.SINGLE_MEMORY)
            self.write(base, REGISTRY["view_scatter"](self.read(base), value, path=path))
        elif isinstance(x._a, Var):
            if id(x) in self._doubtful:
                raise TraceError(LAYOUT)
            x._a = value
        else:
            self.read(x)
            self._memory[place(shareable(x))] = value

    def shares(self, x: Tensor, op: Op, attrs: dict[str, Any]) -> bool:
        """Whether this view of x lies in its memory, as all do but some reshapes. Where that is not known, it is taken
        to, and `write` refuses to change that memory."""
        if hasattr(x._a, "write"):
            return False
        if op is not REGISTRY["reshape"]:
            return True
        a = self.layout(x)
        if a is None:
            root = x
            while root._same is not None or root._base is not None:
                root = root._base if root._same is None else root._same  # type: ignore[assignment]
            self._doubtful[id(root)] = root
            return True
        return bool(np.may_share_memory(a, op.kernel(a, **attrs)))

    def layout(self, x: Tensor) -> Any:
        """An array laid out in memory as x is in eager mode; None if that is not known."""
        if x._same is not None:
            return self.layout(x._same)
        base = _base(x)
        if base is not None:
            a = self.layout(base)
            for op, attrs, _ in x._path if a is not None else ():
                a = op.kernel(a, **attrs)
            return a
        if isinstance(x._a, Var):
            return np.empty(x._a.shape, x._a.dtype) if x._a.packed else None
        order = shareable(x).flags.c_contiguous
        self.guards.append(Guard("a captured tensor's layout", lambda: x._a.flags.c_contiguous, order))
        return x._a

    def reshaped(self, x: Tensor, what: str, shared: bool = True) -> None:
        """A tensor's shape is about to be changed in place: of what is made inside (a view of itself), it may be."""
        inside = isinstance(x._a, Var) or place(shareable(x)) in self._born
        if not inside or not shared or any(x is s for s in self.arguments):
            raise Unreadable(f"gives a tensor another shape in place: {what} in {errors.line()}")

    # ---- what code that decides by values may know

    def positions(self, x: Tensor) -> Any:
        """The integers of an index tensor: an array where they are constant, else the graph's value."""
        value = self.read(x)
        return value if not isinstance(value, Var) or value.data is None else value.data

    def numbers(self, x: Tensor) -> np.ndarray[Any, Any]:
        """The values of a tensor that is constant or, guarded, of one from outside that was not changed."""
        value = self.read(x)
        if value.data is not None:
            return value.data  # type: ignore[no-any-return]
        root = x
        while (under := root._same if root._same is not None else _base(root)) is not None:
            root = under
        path = x._path if root is not x else ()
        if isinstance(root._a, Var) or self._memory[place(shareable(root))] is not self._first[place(shareable(root))]:
            value._unknown()

        def now() -> Any:
            a = root._a
            for op, attrs, _ in path:
                a = op.kernel(a, **attrs)
            return np.asarray(a)

        self.guards.append(Guard("the values that a choice rests on", lambda: Values(now()), Values(now())))
        return now().copy()  # type: ignore[no-any-return]

    def demand(self, condition: Any, error: Callable[[], Exception]) -> None:
        """Every run raises the error unless the condition holds everywhere; nothing outside is changed then."""

        def check(a: Any) -> None:
            if not np.all(a):
                raise error()

        self.effects.insert(0, Effect(condition, check, check=True))

    def drawn(self, draw: Callable[[], Any], like: np.ndarray[Any, Any]) -> Var:
        """Random numbers, of the shape and dtype of `like`: each run draws its own."""
        var = Var(like.shape, like.dtype)
        self.inputs.append(Input(var, draw, drawn=True))
        return var

    def number(self, key: Any, get: Callable[[], float]) -> Var:
        """A Python number that may differ from run to run (a learning rate, a count of steps), by a key of its own."""
        if key not in self._numbers:
            var = Var((), np.dtype("float64"))
            var.weak = True
            self.inputs.append(Input(var, get))
            self._numbers[key] = var
        return self._numbers[key]

    def set_number(self, key: Any, value: Var, apply: Callable[[Any], None]) -> None:
        """Such a number gets a new value, which `apply` puts away after each run."""
        self._numbers[key] = value
        self._puts[key] = apply

    def later(self, value: Var, apply: Callable[[Any], None]) -> None:
        """After each run, `apply` is given this value's array."""
        self.effects.append(Effect(value, apply))

    def guard(self, what: str, get: Callable[[], Any]) -> Any:
        """A fact that the function decides by: noted, and returned."""
        value = get()
        self.guards.append(Guard(what, get, value))
        return value

    # ---- at the end

    def finish(self) -> None:
        """Turn what was written into effects."""
        for key, value in self._memory.items():
            x = self.outside.tensors.get(key)
            if x is not None and value is not self._first[key]:
                self.outside.alone(key)
                leaf, times = self._grads.get(key), self.outside.changes(x)
                if leaf is None:
                    self.effects.append(Effect(value, _writer(x, times), self._first[key], x, times))
                else:
                    self.effects.append(Effect(value, _grad_writer(leaf, times)))
        self.effects.extend(Effect(self._numbers[key], apply) for key, apply in self._puts.items())
        for i, (x, held) in list(self.outside.leaves.items()):
            now, forgotten = x._grad, i in self._forgotten
            if i in self._looked or (now is not held and not forgotten):
                self.guards.append(Guard("whether a .grad is None", partial(_has_none, x), held is None))
            if now is not held or forgotten:
                self.effects.append(Effect(None if now is None else self.read(now), _grad_setter(x)))
        if self.outside.with_history():
            raise TraceError(HISTORY.format(what="a tensor from outside"))

    @property
    def written(self) -> list[Tensor]:
        """The outside tensors that a run changes."""
        return [x for key, x in self.outside.tensors.items() if self._memory[key] is not self._first[key]]


def _base(x: Tensor) -> Tensor | None:
    """What a tensor is a view of, if it has not been given other memory than that since (`x.data = y`)."""
    a, b = x._a, None if x._base is None else x._base._a
    apart = isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.size and not np.may_share_memory(a, b)
    return None if apart else x._base


def _has_none(x: Tensor) -> bool:
    return x._grad is None


only = itemgetter(0)  # of a list of one
CULPRIT = ("a compiled function", None)


def _writer(x: Tensor, times: int) -> Callable[[Any], None]:
    def apply(a: Any) -> None:
        overwrite(x, a, times)

    return apply


def overwrite(x: Tensor, a: Any, times: int) -> None:
    """Put an array into x's memory, if it is not that itself; eager code would have changed it so many times."""
    if a is not x._a:
        store(x, a)
    v = version(x)
    bump(v, *CULPRIT)
    v.count += times - 1


def _grad_writer(leaf: Tensor, times: int) -> Callable[[Any], None]:
    return lambda a: overwrite(leaf._grad, a, times)  # type: ignore[arg-type]


def _grad_setter(x: Tensor) -> Callable[[Any], None]:
    def apply(a: Any) -> None:
        x._grad = None if a is None else wrap(a)

    return apply


class Argument(NamedTuple):
    """A tensor argument: its value, its `.grad` if it has one, and what both have become (None: as they were)."""

    var: Var
    grad: Var | None
    after: Var | None
    times: int  # how often it was changed
    grad_after: Var | None
    grad_kept: bool  # whether that went into the `.grad` that was there


class Pullback(NamedTuple):
    """How gradients come back: from seeds, one for each result in `outs`, to `wanted`; or why they cannot."""

    outs: list[int]
    seeds: list[Var]
    wanted: list[Any]  # the number of an argument, or a tensor from outside
    grads: list[Var | None]
    error: str | None


class Traced(NamedTuple):
    """A finished trace: the inputs in order, the results wanted, and what to do with them."""

    arguments: list[Argument]
    captured: list[Input]
    guards: list[Guard]
    effects: list[Effect]
    written: list[Tensor]
    results: list[Var]
    pullback: Pullback | None
    build: Callable[[Sequence[Any]], Any]  # from the results' tensors to what the function returns


def trace(
    f: Callable[..., Any],
    rebuild: Callable[[list[Tensor]], tuple[Any, Any]],
    tensors: list[Tensor],
    structured: Any = None,
) -> Traced:
    """Run `f` on traced stand-ins for its tensor arguments.

    rebuild: from stand-ins in the order of `tensors` to f's (args, kwargs). structured: the module `control`, where
    scan, cond and while_loop may become ops with bodies.
    """
    t = Trace(structured)
    token = MODE.set(changed(trace=t))
    try:
        stand_ins = [_stand_in(x) for x in tensors]
        t.arguments = stand_ins
        before = [(s._a, s._grad, None if s._grad is None else s._grad._a) for s in stand_ins]
        positional, named = rebuild(stand_ins)
        leaves, spec = flatten(f(*positional, **named))
        spots: list[int] = []
        returned: list[Tensor] = []
        for leaf in leaves:
            spots.append(-1)
            decided(leaf)
            if isinstance(leaf, Tensor):
                spots[-1] = len(returned)
                returned.append(leaf)
        results = [t.read(y) for y in returned]
        pullback = _pullback(t, returned, stand_ins) if current().grad else None
        arguments = [_argument(t, s, x, *b) for s, x, b in zip(stand_ins, tensors, before)]
        t.finish()
    except BaseException:
        for action in t.undo:
            action()
        raise
    finally:
        MODE.reset(token)
        t.outside.restore()

    def build(tensors: Sequence[Any]) -> Any:
        return unflatten(spec, [leaf if at < 0 else tensors[at] for leaf, at in zip(leaves, spots)])

    if spots == list(range(len(spots))):  # tensors alone, as most functions return them
        build = only if spec is None else tuple if spec == (tuple, None, (None,) * len(spots)) else build  # type: ignore[assignment]
    return Traced(arguments, t.inputs, t.guards, t.effects, t.written, results, pullback, build)


def _stand_in(x: Tensor) -> Tensor:
    s = wrap(Var(tuple(x._a.shape), x._a.dtype), LEAF if x._g is not None else None)
    s._a.moved = not x._a.flags.c_contiguous
    if x._grad is not None and x._g is LEAF:
        s._grad = wrap(Var(tuple(x._grad._a.shape), x._grad._a.dtype))
    return s


def _argument(t: Trace, s: Tensor, x: Tensor, var: Var, held: Tensor | None, grad: Var | None) -> Argument:
    """What the function has done to one of its arguments."""
    if (s._g is not None and s._g is not LEAF) or (s._g is LEAF) != (x._g is not None):
        raise TraceError(HISTORY.format(what="an argument"))
    if s._grad is not None and x._g is not LEAF:
        raise TraceError(
            "a compiled function left a gradient in an argument that is not a leaf: its history lies outside. Pass its "
            "detach().requires_grad_(), or call backward() on what the function returns."
        )
    if s._grad is None and held is not None:
        raise TraceError("a compiled function set the .grad of an argument to None: do that outside")
    now = t.read(s)
    grad_now = None if s._grad is None else t.read(s._grad)
    times = 0 if s._v is None else s._v.count
    return Argument(
        var, grad, None if now is var else now, times, None if grad_now is grad else grad_now, s._grad is held
    )


def _pullback(t: Trace, returned: list[Tensor], stand_ins: list[Tensor]) -> Pullback | None:
    """The gradients of the results that have a history, written down for seeds that come later."""
    outs = [i for i, y in enumerate(returned) if y._g is not None and y._a.dtype.kind == "f"]
    if not outs:
        return None
    wanted: list[Any] = [i for i, s in enumerate(stand_ins) if s._g is LEAF]
    wanted += [x for x, _ in t.outside.leaves.values() if x._g is LEAF]
    sources = [stand_ins[w] if isinstance(w, int) else w for w in wanted]
    seeds = [Var(tuple(returned[i]._a.shape), returned[i]._a.dtype) for i in outs]
    try:
        got = gradients(
            [returned[i] for i in outs], sources, [wrap(v) for v in seeds], retain=True, allow_unused=True
        ) if sources else []  # fmt: skip
    except RuntimeError as e:  # freed, or changed in place: eager code learns it when it calls backward, and so here
        return Pullback(outs, [], wanted, [], str(e))
    return Pullback(outs, seeds, wanted, [None if g is None else t.read(g) for g in got], None)
