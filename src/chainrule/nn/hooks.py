"""Hooks of modules: functions called before and after `forward`, and in backward."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chainrule.core.op import REGISTRY
from chainrule.core.tape import Removable
from chainrule.core.tensor import Tensor

if TYPE_CHECKING:
    from chainrule.nn.module import Module

Hook = Callable[..., Any]


class Hooks:
    """The hooks of one module."""

    def __init__(self) -> None:
        self.before, self.after, self.backward, self.backward_before = (OrderedDict[int, Any]() for _ in range(4))
        self.saving, self.saved, self.loading, self.loaded = (dict[int, Hook]() for _ in range(4))
        self.with_kwargs: set[int] = set()

    def add(self, hooks: OrderedDict[int, Hook], hook: Hook, with_kwargs: bool = False, prepend: bool = False) -> Any:
        """Add a hook, after or before the others; returns the handle that removes it."""
        handle = Removable(hooks, hook)
        if with_kwargs:
            self.with_kwargs.add(handle.id)
        if prepend:
            hooks.move_to_end(handle.id, last=False)
        return handle

    def run(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """`module.forward` with its hooks."""
        for key, hook in list(self.before.items()):
            with_kwargs = key in self.with_kwargs
            got = hook(module, args, kwargs) if with_kwargs else hook(module, args)
            if got is not None and with_kwargs:
                args, kwargs = got
            elif got is not None:
                args = got if isinstance(got, tuple) else (got,)
        watch = None
        if self.backward or self.backward_before:
            watch = _Backward(module, list(self.backward.values()), list(self.backward_before.values()))
        if watch is not None:
            args = watch.inputs(args)
        out = module.forward(*args, **kwargs)
        for key, hook in list(self.after.items()):
            got = hook(module, args, kwargs, out) if key in self.with_kwargs else hook(module, args, out)
            out = out if got is None else got
        return out if watch is None else watch.outputs(out)


class _Backward:
    """One call's backward hooks. The input passes through an identity, whose gradient is its own through the module."""

    def __init__(self, module: Module, hooks: list[Hook], before: list[Hook]) -> None:
        self.module, self.hooks, self.before = module, hooks, before
        self.grad_output: list[Tensor | None] = []
        self.grad_input: list[Tensor | None] = []

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, with the first that wants a gradient watched."""
        self.grad_input = [None] * len(args)
        wanting = [i for i, x in enumerate(args) if isinstance(x, Tensor) and x._g is not None]
        if len(wanting) > 1:
            raise NotImplementedError("full backward hooks are for modules of a single input that requires grad")
        self.place = wanting[0] if wanting else None
        if self.place is None:
            return args
        passed = REGISTRY["alias"](args[self.place])
        passed.register_hook(self._arrived)
        return (*args[: self.place], passed, *args[self.place + 1 :])

    def outputs(self, out: Any) -> Any:
        """The result, watched."""
        outs = out if isinstance(out, tuple) else (out,)
        self.grad_output = [None] * len(outs)
        if self.before and len(outs) > 1:
            raise NotImplementedError("full backward pre-hooks are for modules of a single output")
        for i, t in enumerate(outs):
            if isinstance(t, Tensor) and t._g is not None:
                t.register_hook(lambda g, i=i: self._left(i, g))
        return out

    def _left(self, i: int, g: Tensor) -> Tensor:
        for hook in self.before:
            got = hook(self.module, (g,))
            if got is not None:
                g = got[0] if isinstance(got, tuple) else got
        self.grad_output[i] = g
        if self.place is None and self.hooks:
            self._call()
        return g

    def _arrived(self, g: Tensor) -> Tensor | None:
        place: Any = self.place
        self.grad_input[place] = g
        return self._call()[place]

    def _call(self) -> Any:
        grads: Any = tuple(self.grad_input)
        for hook in self.hooks:
            got = hook(self.module, grads, tuple(self.grad_output))
            if got is not None:
                grads = got if isinstance(got, tuple) else (got,)
        return grads
