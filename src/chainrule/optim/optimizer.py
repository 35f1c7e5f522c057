"""What all optimisers share: parameter groups, state, saving and loading; and how a rule is run, a step at a time.

`RuleOptimizer.step` runs its rule on the raw payloads, without tensors, and writes the result into the parameter's
memory: the parameter keeps its identity, its version rises, and a graph that still needs the old value will say so.
"""

from __future__ import annotations

import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

import numpy as np

from chainrule.base.language import say
from chainrule.core.conjugate import PARAMETER
from chainrule.core.inplace import modify
from chainrule.core.state import MODE, mode
from chainrule.core.tape import Node, Removable, forget_gradients, store
from chainrule.core.tensor import Tensor, bump, version, wrap
from chainrule.optim.rules import Fill, Rule

Closure = Callable[[], Any]
Params = Iterable[Any]
ndarray = np.ndarray


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


class Optimizer:
    """The base of all optimisers.

    `params`: tensors, (name, tensor) pairs, or dicts of them with options; `defaults`: the options where not given.
    """

    _hooked: tuple[dict[int, Any], dict[int, Any]] | None = None  # hooks before and after a step
    _opt_called = False  # whether step() was called, for the schedules of its rate

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                "torch.Tensor. " + say("Put it in a list: [x].")
            )
        self.defaults = defaults
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append("\n" * (i > 0) + f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters, with options where they differ from the defaults: `{"params": [w], "lr": 0.1}`."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
                "will change between runs. Please use a list instead."
            )
        params = [params] if isinstance(params, Tensor) else list(params)
        named = [x for x in params if isinstance(x, tuple)]
        if named:
            if len(named) != len(params):
                raise ValueError("all optimizer params should be with/without names. Some param names are missing")
            param_group["param_names"] = [name for name, _ in params]
            params = [x for _, x in params]
        if self.param_groups and ("param_names" in self.param_groups[0]) != bool(named):
            raise ValueError("all optimizer param groups should be with/without names. Some groups lack them")
        param_group["params"] = params
        for x in params:
            if not isinstance(x, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(x).__name__}")
            if x._a.dtype.kind == "c":
                raise NotImplementedError(PARAMETER)
            if isinstance(x._g, Node) and not self.defaults.get("differentiable"):
                lead = say("It is computed from others: give those, or a detach() of it with requires_grad_().")
                raise ValueError(f"can't optimize a non-leaf Tensor. {lead}")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        if len({id(x) for x in params}) != len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error",
                stacklevel=3,
            )
        held = {id(x) for group in self.param_groups for x in group["params"]}
        if any(id(x) in held for x in params):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, or, with `set_to_none=False`, fill them with zeros."""
        for group in self.param_groups:
            forget_gradients(group["params"], set_to_none)

    def step(self, closure: Closure | None = None) -> Any:
        """Update the parameters once. `closure`, if given, computes the loss anew; its value is returned."""
        raise NotImplementedError

    # ---- hooks: an optimiser without any pays nothing

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> Removable:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return a new (args, kwargs)."""
        return Removable(self._hooks()[0], hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> Removable:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return Removable(self._hooks()[1], hook)

    def _hooks(self) -> tuple[dict[int, Any], dict[int, Any]]:
        if self._hooked is None:
            self._hooked = ({}, {})
            plain = self.step

            def step(*args: Any, **kwargs: Any) -> Any:
                before, after = self._hooked or ({}, {})
                for hook in list(before.values()):
                    args, kwargs = hook(self, args, kwargs) or (args, kwargs)
                result = plain(*args, **kwargs)
                for hook in list(after.values()):
                    hook(self, args, kwargs)
                return result

            self.__dict__["step"] = step
        return self._hooked

    # ---- saving and loading

    def state_dict(self) -> dict[str, Any]:
        """The state and the options, with parameters numbered in order: what `load_state_dict` takes."""
        number: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for p in group["params"]:
                number.setdefault(id(p), len(number))
            options = {k: v for k, v in group.items() if k != "params"}
            groups.append({**options, "params": [number[id(p)] for p in group["params"]]})
        state = {number[id(k)] if isinstance(k, Tensor) else k: v for k, v in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned. The groups must be of the same sizes; their parameters are kept."""
        saved = deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(a["params"]) != len(b["params"]) for a, b in zip(self.param_groups, saved)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        ours = chain.from_iterable(g["params"] for g in self.param_groups)
        by_number = dict(zip(chain.from_iterable(g["params"] for g in saved), ours))
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for key, held in state_dict["state"].items():
            p = by_number.get(key)
            if p is None:
                state[key] = held
            else:
                self._check_state(held, p)
                state[p] = {k: _like_parameter(k, deepcopy(v), p) for k, v in held.items()}
        for theirs, mine in zip(saved, self.param_groups):
            theirs["params"] = mine["params"]
            for option, default in mine.items():  # those that the file is too old to have
                theirs.setdefault(option, default)
            if "param_names" in mine:
                theirs["param_names"] = mine["param_names"]
        self.__setstate__({"state": state, "param_groups": saved})

    def _check_state(self, held: dict[str, Any], p: Tensor) -> None:
        """Raise if the state that was saved for a parameter cannot be this one's."""


def _fits(held: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether a state may be of a parameter of this shape: it has that shape, or sums of a matrix's rows or columns."""
    return held == shape or (len(held) == len(shape) > 1 and all(a in (1, b) for a, b in zip(held, shape)))


def _like_parameter(name: str, value: Any, p: Tensor) -> Any:
    """A loaded state tensor in its parameter's dtype; the step count keeps its own."""
    if isinstance(value, Tensor) and name != "step" and p._a.dtype.kind == "f":
        return wrap(value._a.astype(p._a.dtype))
    return value


class RuleOptimizer(Optimizer):
    """An optimiser that is its rule."""

    rule: Rule

    def _check_state(self, held: dict[str, Any], p: Tensor) -> None:
        for name, value in held.items():
            if isinstance(value, Tensor) and value._a.shape and not _fits(value._a.shape, p._a.shape):
                raise ValueError(
                    f"loaded state dict contains {name} of shape {list(value._a.shape)} for a parameter of shape "
                    f"{list(p._a.shape)}: it was saved by an optimizer of another model"
                )

    def step(self, closure: Closure | None = None) -> Any:
        """Update every parameter that has a gradient. `closure`, if given, computes the loss anew and is returned."""
        self._opt_called = True
        loss = None
        if closure is not None:
            with mode(grad=True):
                loss = closure()
        m = MODE.get()
        if m is not None and m.trace is not None:
            self._traced(m.trace)
            return loss
        frame = sys._getframe(1)
        where = (frame.f_code, frame.f_lasti)
        what = type(self).__name__ + ".step"
        rule = self.rule
        update = rule.update
        for group in self.param_groups:
            start, hyper = rule.start(group), rule.hyper(group)
            if isinstance(group.get("lr"), Tensor):
                hyper = tuple(_number(h._a) if isinstance(h, Tensor) else h for h in hyper)
            for p in group["params"]:
                grad = p._grad
                if grad is None:
                    continue
                if group.get("differentiable"):
                    self._recorded(p, grad, start, hyper)
                    continue
                a = p._a
                before = a[()] if type(a) is ndarray and not a.shape else a  # scalars are faster than 0-d arrays
                if start:
                    held = self._state(p, start)
                    state = tuple([_read(held.get(k), s) for k, s in start.items()])
                    new, after = update(before, grad._a, state, *hyper)
                    _write(held, start, after, grad._a)
                else:
                    new, _ = update(before, grad._a, (), *hyper)
                if type(a) is ndarray:
                    a[...] = new
                elif type(new) is type(a):
                    p._a = new
                else:
                    store(p, new)
                bump(p._v or version(p), what, where)
        return loss

    def _traced(self, trace: Any) -> None:
        """The same rule on the values of a graph: the learning rate and the counts are inputs, the state is updated."""
        trace.guard("how many parameters there are", lambda: [len(g["params"]) for g in self.param_groups])
        for group in self.param_groups:
            start = self.rule.start(group)
            hyper = []
            for name, value in zip(self.rule.names, self.rule.hyper(group)):
                if name == "lr":
                    value = trace.number((id(group), name), lambda group=group: float(group["lr"]))
                else:
                    trace.guard(f"the option {name}", lambda group=group, name=name: group[name])
                hyper.append(value)
            for p in group["params"]:
                trace.meet(p)
                if p._grad is None:
                    continue
                if not self.state.get(p):
                    trace.undo.append(lambda p=p: self.state.pop(p, None))
                held = self._state(p, start)
                trace.guard("the state of an optimiser (its identity)", lambda p=p: id(self.state.get(p)))
                state = [_traced_state(trace, held, k, s) for k, s in start.items()]
                new, after = self.rule.update(trace.read(p), trace.read(p._grad), tuple(state), *hyper)
                trace.write(p, new)
                for (k, s), value in zip(start.items(), after):
                    _put_state(trace, held, k, s, value)

    def _state(self, p: Tensor, start: dict[str, Any]) -> dict[str, Any]:
        """What is remembered of a parameter; at its first step, the start."""
        held = self.state[p]
        if not held:
            for name, s in start.items():
                if s is not None:
                    held[name] = wrap(_full(p._a, float(s.value)) if type(s) is Fill else np.float32(s))
        return held

    def _recorded(self, p: Tensor, grad: Tensor, start: dict[str, Any], hyper: tuple[Any, ...]) -> None:
        """The step as part of the graph: gradients flow through it, to the gradient and to the state before."""
        held = self._state(p, start)
        state = tuple(_number(held[k]._a) if isinstance(s, float) else held.get(k) for k, s in start.items())
        after: list[Any] = []

        def update(before: Tensor) -> Any:
            new, later = self.rule(before, grad, state, *hyper)
            after.extend(later)
            return new

        modify(p, f"{type(self).__name__}.step", update)
        for (name, s), value in zip(start.items(), after):
            held[name] = wrap(np.float32(value)) if isinstance(s, float) else value


def _full(a: Any, value: float) -> Any:
    """A payload like `a`, filled with a value."""
    return np.full(a.shape, value, a.dtype) if type(a) is ndarray else a.dtype.type(value)


def _number(a: Any) -> Any:
    """A payload of one element as a Python number, which does not promote; anything traced as it is."""
    return a.item() if isinstance(a, (np.generic, ndarray)) else a


def _read(held: Tensor | None, start: Any) -> Any:
    """A piece of state as the rule takes it."""
    if held is None:
        return None
    return _number(held._a) if type(start) is float else held._a


def _write(held: dict[str, Any], start: dict[str, Any], after: tuple[Any, ...], grad: Any) -> None:
    """Keep the state that a rule returned."""
    for name, value in zip(start, after):
        if value is grad and type(value) is ndarray:
            value = value.copy()  # or it would follow the gradient's memory
        if value is None:
            continue
        t = held.get(name)
        if type(value) is float:
            value = np.float32(value)
        if t is None:
            held[name] = wrap(value)
        else:
            t._a = value


def _traced_state(trace: Any, held: dict[str, Any], key: str, start: Any) -> Any:
    if type(start) is float:
        return trace.number((id(held), key), lambda: float(held[key]._a))
    if trace.guard(f"whether the state {key} is there", lambda: held.get(key) is None):
        return None
    return trace.read(held[key])


def _put_state(trace: Any, held: dict[str, Any], key: str, start: Any, value: Any) -> None:
    if type(start) is float:
        trace.set_number((id(held), key), value, lambda a: store(held[key], a))
    elif value is None:
        return
    elif held.get(key) is None:
        trace.later(value, lambda a: held.__setitem__(key, wrap(a)))
    else:
        trace.write(held[key], value)
